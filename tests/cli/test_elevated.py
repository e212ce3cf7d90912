"""``tinybpf run-elevated``: the script, its arguments and status; sudo where this is not root."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tinybpf.cli import elevated, main

SCRIPT = """import json, os, sys
print(json.dumps([sys.argv, os.geteuid(), sys.executable, os.environ.get("TINYBPF_DEBUG")]))
sys.exit(7)
"""
SUDO = """#!/bin/sh
echo "sudo $*" >&2
shift
exec "$@"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "a script.py"
    path.write_text(SCRIPT)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="root runs it without sudo")
def test_root_just_runs_it(script, command):
    given = ["-x", "--json", "--help", "--", "a b", ""]
    done = command("run-elevated", str(script), *given)
    assert (done.returncode, done.stderr) == (7, "")
    assert json.loads(done.stdout)[:3] == [[str(script), *given], 0, sys.executable]


def test_under_sudo(script, tmp_path, monkeypatch):
    """With a sudo of our own, which says what it was asked for; the process takes its place."""
    sudo = tmp_path / "sudo"
    sudo.write_text(SUDO)
    sudo.chmod(sudo.stat().st_mode | stat.S_IXUSR)
    code = "import os, sys; os.geteuid = lambda: 1000; from tinybpf.cli import main; sys.exit(main())"
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TINYBPF_DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, "run-elevated", str(script), "--count", "-n"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode == 7
    assert done.stderr.startswith("sudo -- ")
    assert f"{sys.executable} {script} --count -n" in done.stderr
    arguments, _, python, debug = json.loads(done.stdout)
    assert (arguments, python, debug) == ([str(script), "--count", "-n"], sys.executable, "1")


def test_without_sudo(script, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(elevated.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["run-elevated", str(script)]) == 1
    assert "there is no sudo here" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "Missing argument"),
        (("--count", "x.py"), 2, "No such option"),
        (("/nowhere/at/all.py",), 1, "there is no such file"),
        (("/tmp",), 1, "is a directory"),
        (("",), 1, "there is no such file"),
    ],
)
def test_what_is_no_script(run, arguments, status, words):
    outcome = run("run-elevated", *arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert words in outcome.err
