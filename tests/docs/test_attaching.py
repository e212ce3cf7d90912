"""docs/attaching.md: its table is what the methods are, its examples run."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.kernel.sections import definitions
from tinybpf.libbpf.link import BpfLink
from tinybpf.libbpf.map import BpfMap
from tinybpf.libbpf.program import BpfProgram

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "attaching.md").read_text()
KINDS = PAGE.partition("| section | method |")[2]
ROWS = re.findall(r"^\| (.*?) \| (`.*?\(.*?) \| (.*?) ?\| ([\d.]+) \|$", KINDS, re.M)


def test_every_section_is_there():
    named = {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[0])}
    rest = PAGE.partition("Programs of `syscall`")[2].partition("A pattern in")[0]
    others = {"syscall", *re.findall(r"`([^`]+)`", rest)}
    for definition in definitions():
        prefix = definition.prefix
        known = prefix in named or (prefix.startswith("cgroup/") and "cgroup/…" in named)
        assert known or prefix in others or prefix.replace(".frags", "") in others, prefix


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_a_row(row: tuple[str, ...]):
    _, methods, options, version = row
    for owner, name, arguments in re.findall(r"`(?:(\w+)\.)?(\w+)\((.*?)\)`", methods):
        method = getattr({"": BpfProgram, "BpfMap": BpfMap}[owner], name)
        parameters = inspect.signature(method).parameters
        given = [part.strip() for part in arguments.split(",") if part]
        wished = [] if name == "attach_kretprobe" else re.findall(r"`(\w+)`", options)
        assert {*given, *wished} <= parameters.keys(), name
        said = re.search(r"As `(attach_\w+)` in all else", method.__doc__ or "")
        text = getattr(BpfProgram, said[1]).__doc__ if said else method.__doc__
        assert re.search(rf"(?<![\d.]){re.escape(version)}(?![\d])", text or ""), (name, version)


def test_all_methods_are_there():
    there = {name for name in dir(BpfProgram) if name.startswith("attach_")}
    assert there == {name for row in ROWS for name in re.findall(r"`(attach_\w+)\(", row[1])}


def test_what_links_can_do():
    named = set(re.findall(r"^\| `(\w+)[`(]", PAGE.partition("## Links")[2].partition("## Order")[0], re.M))
    assert named and all(hasattr(BpfLink, name) for name in named if name != "tinybpf")


def test_the_program_compiles(blocks_of):
    (code,) = blocks_of(PAGE, "go")
    assert compile_go(code).warnings == ()


@pytest.mark.kernel
def test_the_examples_run(blocks_of, cgroup: Path, tmp_path: Path):
    (tmp_path / "bpf").mkdir()
    (tmp_path / "bpf" / "main.go").write_text(blocks_of(PAGE, "go")[0])
    code = "\n".join(blocks_of(PAGE, "python")).replace("/sys/fs/cgroup/user.slice", str(cgroup))
    pin = f"/sys/fs/bpf/attaching-{tmp_path.name}"
    command = ["unshare", "--net", sys.executable, "-c", code.replace("/sys/fs/bpf/dropping", pin)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    if "brought" in done.stderr:
        pytest.skip(f"this kernel: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("InterfaceLinkInfo(id=") and not Path(pin).exists()
