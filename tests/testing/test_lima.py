"""The machine for a Mac, as far as it can be checked without one: its scripts, and what make would call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def template(project: Path) -> str:
    return (project / "vm-tests" / "lima.yaml").read_text()


def scripts(template: str) -> list[str]:
    """The texts of the template's scripts."""
    found = re.findall(r"^  script: \|\n((?:    .*\n|\n)+)", template, re.M)
    return [re.sub(r"^    ", "", text, flags=re.M) for text in found]


def test_the_scripts_of_the_template_are_scripts(template):
    assert len(scripts(template)) == 2
    for script in scripts(template):
        assert script.startswith("#!/bin/sh\n")
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_what_the_tests_begin_with_is_installed(template, project):
    installed = re.search(r"apt-get install .*", scripts(template)[0])[0].split()
    script = (project / "vm-tests" / "lima-test.sh").read_text()
    for program in ("rsync", "make"):
        assert re.search(rf"^(exec )?{program} ", script, re.M)
        assert program in installed
    assert {"git", "python3-venv"} <= set(installed)


def test_what_make_calls(project):
    if shutil.which("make") is None:
        pytest.skip("needs make")
    command = [
        "make",
        "--no-print-directory",
        "--dry-run",
        "lima-create",
        "lima-test",
        'ARGS=-k "a or b"',
        "LIMA=mine",
    ]
    alone = {n: v for n, v in os.environ.items() if not n.startswith("MAKE")}  # perhaps `make test` runs this
    said = subprocess.run(command, cwd=project, text=True, capture_output=True, check=True, env=alone).stdout
    assert said.splitlines() == [
        f'limactl start --tty=false --name=mine --mount="{project}" vm-tests/lima.yaml',
        f'limactl shell --workdir=/ mine sudo "{project}/vm-tests/lima-test.sh" \'-k "a or b"\'',
    ]


def test_the_script_copies_the_checkout_and_runs_its_tests(project, tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("rsync", "make"):
        commands.joinpath(name).write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@"\n')
        commands.joinpath(name).chmod(0o755)
    copy = tmp_path / "copy"
    done = subprocess.run(
        [project / "vm-tests" / "lima-test.sh", '-k "a or b"'],
        env={"PATH": f"{commands}:{os.environ['PATH']}", "COPY": str(copy)},
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    said = done.stdout.splitlines()
    make = said.index("make")
    assert said[make:] == ["make", "-C", str(copy), "test", 'ARGS=-k "a or b"']
    assert said[make - 2 : make] == [f"{project}/", f"{copy}/"]
    excluded = {said[at + 1] for at, word in enumerate(said) if word == "--exclude"}
    # What Linux builds in the copy, and what the Mac may have of it, stay apart.
    ignored = (project / ".gitignore").read_text().split()
    assert {"/.venv", "/build", "/third_party", "*.so"} <= excluded
    assert {line.strip("/") for line in ignored if line.startswith("/")} <= {
        name.strip("/") for name in excluded
    }
    assert copy.is_dir()
