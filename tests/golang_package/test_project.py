"""A project of a user: Go's own tools work in it offline, and find what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Go, runner

# A module path without a dot cannot come from a network; both forms tell Go where the package is.
BESIDE = {
    "go.mod": "module example\n\ngo 1.22\n\nrequire tinybpf v0.0.0\n\nreplace tinybpf => ./.tinybpf\n",
    ".tinybpf/go.mod": "module tinybpf\n\ngo 1.22\n",
}
VENDORED = {
    "go.mod": "module example\n\ngo 1.22\n\nrequire tinybpf v0.0.0\n",
    "vendor/modules.txt": "# tinybpf v0.0.0\n## explicit; go 1.22\n"
    "tinybpf/ebpf\ntinybpf/ebpf/ebpftest\ntinybpf/ebpf/internal/mem\n",
}


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make(project: Path, directory: Path, form: dict[str, str]) -> Path:
    """A project with the program ``tested`` and its test, the package where the form has it."""
    write(directory, form)
    where = "vendor/tinybpf" if form is VENDORED else ".tinybpf"
    tests_left_out = shutil.ignore_patterns("*_test.go")
    shutil.copytree(project / "go" / "ebpf", directory / where / "ebpf", ignore=tests_left_out)
    for source in (project / "go" / "programs" / "tested").glob("*.go"):
        write(directory, {f"bpf/{source.name}": source.read_text()})
    return directory


@pytest.mark.parametrize("form", [BESIDE, VENDORED], ids=["beside", "vendored"])
def test_tools_work(project: Path, tmp_path: Path, any_go: Path, form: dict[str, str]) -> None:
    go = runner(any_go, make(project, tmp_path / "example", form), tmp_path / "modules")
    for command in ("vet", "build", "test"):
        done = go(command, "./...")
        assert done.returncode == 0, (command, done.stdout)
    assert "ok  \texample/bpf" in go("test", "./...").stdout
    assert not (tmp_path / "example" / "go.sum").exists()


def test_tidy_keeps_the_package_beside(project: Path, tmp_path: Path, any_go: Path) -> None:
    directory = make(project, tmp_path / "example", BESIDE)
    go = runner(any_go, directory, tmp_path / "modules")
    assert go("mod", "tidy").returncode == 0
    assert (directory / "go.mod").read_text() == BESIDE["go.mod"]
    assert go("mod", "vendor").returncode == 0
    assert go("test", "./...").returncode == 0


def test_examples_may_be_one_module(project: Path, tmp_path: Path, any_go: Path) -> None:
    """A module beside ours that replaces tinybpf with it needs neither go.sum nor network."""
    ours = tmp_path / "go"
    shutil.copytree(project / "go" / "ebpf", ours / "ebpf")
    for name in ("go.mod", "go.sum"):
        shutil.copy(project / "go" / name, ours / name)
    version = next(line for line in (ours / "go.mod").read_text().splitlines() if line.startswith("go "))
    examples = tmp_path / "examples"
    text = f"module examples\n\n{version}\n\nrequire tinybpf v0.0.0\n\nreplace tinybpf => ../go\n"
    write(examples, {"go.mod": text})
    for source in (project / "go" / "programs" / "tested").glob("*.go"):
        write(examples, {f"limit/bpf/{source.name}": source.read_text()})
    go = runner(any_go, examples, tmp_path / "modules")
    if "running go" in go("list").stdout:
        pytest.skip(f"go.mod of ours says {version}, which is newer than this go command")
    done = go("test", "./...")
    assert (done.returncode, done.stdout[:3]) == (0, "ok "), done.stdout
    assert not (examples / "go.sum").exists()


HEAD = 'package bpf\n\nimport "tinybpf/ebpf"\n\n'

MISTAKES = {
    "format": (
        'func f() { ebpf.Printk("%d files of %s\\n", 5, 7) }',
        "ebpf.Printk format %s has arg 7 of wrong type int",
    ),
    "count": ('func f() { ebpf.Printk("%d of %d\\n", 5) }', "ebpf.Printk format %d reads arg #2"),
    "verb": ('func f(n uint32) { ebpf.Printk("%u\\n", n) }', "ebpf.Printk format %u has unknown verb u"),
    "copied map": (
        "var m = ebpf.Hash[uint32, uint32]{MaxEntries: 1}\n\nvar n = m",
        "contains tinybpf/ebpf.mapState",
    ),
    "map passed as a value": (
        "func f(m ebpf.RingBuf[uint32]) {}",
        "f passes lock by value: tinybpf/ebpf.RingBuf[uint32] contains tinybpf/ebpf.mapState",
    ),
    "array passed as a value": (
        "func f(m ebpf.Array[uint32]) {}",
        "f passes lock by value: tinybpf/ebpf.Array[uint32]",
    ),
    "copied lock": (
        "type entry struct {\n\tlock ebpf.SpinLock\n\tn    uint32\n}\n\n"
        "func f(e *entry) { c := *e; _ = c.n }",
        "assignment copies lock value to c: example/wrong.entry contains tinybpf/ebpf.SpinLock",
    ),
    "port without its byte order": (
        "func f(h *ebpf.UDP) bool { return h.DstPort == 53 }",
        "mismatched types ebpf.BE16 and untyped int",
    ),
    "value of another type": (
        "var m = ebpf.Hash[uint32, uint64]{MaxEntries: 1}\n\nfunc f(v uint32) { m.Update(1, v) }",
        "cannot use v (variable of type uint32) as uint64 value in argument to m.Update",
    ),
    "header of what has no packet": (
        "func f(ctx *ebpf.SysEnter) { ebpf.Header[ebpf.IPv4](ctx, 0) }",
        "(type *ebpf.SysEnter) does not satisfy ebpf.PacketContext",
    ),
}


@pytest.fixture(scope="session")
def scratch(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(project, tmp_path_factory.mktemp("mistakes"), BESIDE)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_vet_finds(scratch: Path, any_go: Path, mistake: str, tmp_path: Path) -> None:
    source, said = MISTAKES[mistake]
    write(scratch, {"wrong/mistake.go": HEAD + source + "\n"})
    go: Go = runner(any_go, scratch, tmp_path)
    try:
        done = go("vet", "./wrong")
    finally:
        (scratch / "wrong" / "mistake.go").unlink()
    assert done.returncode != 0
    assert said in done.stdout


def test_vet_lets_right_formats_pass(scratch: Path, any_go: Path, tmp_path: Path) -> None:
    text = (
        'var comm ebpf.Comm\n\nfunc f(a ebpf.XDPAction, p ebpf.IPv4Addr) {\n'
        '\tebpf.Printk("%d %x %s %v %t %c\\n", a, uint64(1), &comm, p.Uint32(), true, \'x\')\n}\n'
    )  # fmt: skip
    write(scratch, {"right/right.go": HEAD + text})
    try:
        done = runner(any_go, scratch, tmp_path)("vet", "./right")
    finally:
        (scratch / "right" / "right.go").unlink()
    assert (done.returncode, done.stdout) == (0, "")
