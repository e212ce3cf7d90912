"""Running the front end: the real program on real sources, and programs that misbehave."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tinybpf.compiler import frontend, ssa
from tinybpf.errors import BpfError, CompileError, InternalCompilerError, NotFoundError

CONNECT = """\
//go:build tinygo

package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

type connectEvent struct {
	PID  uint32
	Port uint16
	_    [2]byte
	Comm [16]byte
}

var events = bpfMapDef{Type: 27, MaxEntries: 1 << 24}

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_ringbuf_output
func bpfRingbufOutput(m, data unsafe.Pointer, size, flags uint64) int64

// handleConnect reports a connection.
//
//export handle_connect
func handleConnect(ctx unsafe.Pointer) int32 {
	args := (*connectEvent)(ctx)
	if args == nil || args.PID == 0 {
		return 0
	}
	ev := connectEvent{PID: uint32(bpfGetCurrentPidTgid() >> 32)}
	for i := range ev.Comm {
		ev.Comm[i] = args.Comm[i]
	}
	bpfRingbufOutput(unsafe.Pointer(&events), unsafe.Pointer(&ev), uint64(unsafe.Sizeof(ev)), 0)
	return 0
}
"""


Instead = Callable[[str], None]


def ask(text: str) -> ssa.Document:
    return frontend.run(ssa.Request(dir="", sources={"main.go": text}, tags=["linux", "bpf", "tinygo"]))


def program(tmp_path: Path, body: str) -> str:
    """A shell script that stands in for the front end."""
    path = tmp_path / "frontend"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instead:
    """Puts a shell script in the place of the front end."""

    def put(body: str) -> None:
        monkeypatch.setenv("TINYBPF_FRONTEND", program(tmp_path, body))

    return put


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_program_in_the_established_dialect() -> None:
    document = ask(CONNECT)
    assert document.diagnostics == []
    assert document.package == "main"
    assert document.files[0].text == CONNECT
    functions = {f.name: f for f in document.functions}
    assert list(functions) == [
        "events.init", "bpfGetCurrentPidTgid", "bpfRingbufOutput", "handleConnect",
    ]  # fmt: skip
    assert [d.text for d in functions["handleConnect"].directives] == ["//export handle_connect"]
    assert functions["bpfRingbufOutput"].blocks == []
    assert functions["events.init"].initialises == [0]
    event = next(t for t in document.types if isinstance(t, ssa.Named) and t.name == "connectEvent")
    layout = document.types[event.underlying]
    assert isinstance(layout, ssa.Struct)
    assert [(f.name, f.offset) for f in layout.fields] == [("PID", 0), ("Port", 4), ("_", 6), ("Comm", 8)]
    assert (event.size, event.align) == (24, 4)


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example\n\ngo 1.21\n")
    package = tmp_path / "bpf"
    package.mkdir()
    (package / "main.go").write_text(CONNECT)
    (package / "stub.go").write_text("//go:build !tinygo\n\npackage main\n\nfunc main() {}\n")
    (package / "main_test.go").write_text("package main\n\nfunc broken() {\n")
    document = frontend.run(ssa.Request(dir=str(package), display="bpf", tags=["tinygo"]))
    assert document.diagnostics == []
    assert [f.path for f in document.files] == ["bpf/main.go"]
    assert document.go == "go1.21"


def test_all_errors_of_a_run() -> None:
    document = ask("package main\n\nfunc f() int {\n\tx := 1\n\treturn nothing\n}\n")
    assert [(d.pos, d.message, d.kind) for d in document.diagnostics] == [
        (ssa.Pos(0, 4, 2), "declared and not used: x", "error"),
        (ssa.Pos(0, 5, 9), "undefined: nothing", "error"),
    ]
    assert document.functions == []


def test_strings_are_bytes() -> None:
    document = ask('package main\n\nvar s, t = "a\\xff\\x00", "ä"\n')
    values = [v.value for f in document.functions for v in f.values if isinstance(v, ssa.ConstString)]
    assert values == [b"a\xff\x00", "ä".encode()]


def test_integers_are_exact() -> None:
    document = ask("package main\n\nvar a, b = uint64(1<<64 - 1), int64(-1 << 63)\n")
    values = [v.value for f in document.functions for v in f.values if isinstance(v, ssa.ConstInt)]
    assert values == [2**64 - 1, -(2**63)]


def test_a_source_that_no_pipe_holds() -> None:
    filler = "// " + "x" * 97 + "\n"
    document = ask("package main\n" + filler * 20_000 + "func f() {}\n")
    assert document.functions[0].pos == ssa.Pos(0, 20_002, 6)


def test_other_work_meanwhile() -> None:
    running = [
        frontend.start(ssa.Request(dir="", sources={"a.go": CONNECT}, tags=["tinygo"])) for _ in range(3)
    ]
    assert [len(r.result().functions) for r in running] == [4, 4, 4]


def test_a_result_is_taken_once() -> None:
    running = frontend.start(ssa.Request(dir="", sources={"a.go": CONNECT}))
    running.result()
    with pytest.raises(ValueError, match="has been taken"):
        running.result()


def test_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYBPF_FRONTEND", str(tmp_path / "nothing"))
    with pytest.raises(NotFoundError, match=r"TINYBPF_FRONTEND names .*nothing, which does not exist"):
        ask(CONNECT)
    monkeypatch.delenv("TINYBPF_FRONTEND")
    monkeypatch.setattr("tinybpf.compiler.__path__", [str(tmp_path)])
    with pytest.raises(NotFoundError, match=r"front end is not installed: no .*_bin/frontend"):
        ask(CONNECT)


def test_a_program_that_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "frontend"
    path.write_bytes(b"\x7fELF is not enough")
    path.chmod(0o755)
    monkeypatch.setenv("TINYBPF_FRONTEND", str(path))
    before = open_descriptors()
    with pytest.raises(InternalCompilerError, match="does not start: Exec format error"):
        ask(CONNECT)
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo some reason >&2; exit 3", "failed with status 3: some reason\n"),
        ("kill -9 $$", "was killed by SIGKILL\n"),
        ("cat >/dev/null; kill -SEGV $$", "was killed by SIGSEGV\n"),
        ("cat >/dev/null; echo '{\"protocol\": 1'", "answered what is no document: Input data was truncated"),
        ("cat >/dev/null", "answered what is no document"),
        ("cat >/dev/null; echo '{\"protocol\": 99}'", "speaks protocol 99, not 1"),
        ('cat >/dev/null; echo \'{"protocol": 1, "new": 2}\'', "unknown field `new`"),
        ("exec 0<&-; echo '{\"protocol\": 1}'; exit 1", "failed with status 1"),
    ],
)
def test_a_program_that_misbehaves(instead: Instead, body: str, message: str) -> None:
    instead(body)
    before = open_descriptors()
    with pytest.raises(InternalCompilerError, match=message) as caught:
        ask(CONNECT * 500)
    assert isinstance(caught.value, BpfError)
    assert open_descriptors() == before


def test_what_the_program_wrote_is_the_cause(instead: Instead) -> None:
    instead("cat >/dev/null; echo first >&2; echo 'goroutine 1' >&2; exit 2")
    with pytest.raises(InternalCompilerError) as caught:
        ask(CONNECT)
    assert "failed with status 2: first\n    hint: this is a fault of tinybpf" in str(caught.value)
    assert str(caught.value.__cause__) == "first\ngoroutine 1"


def test_a_fault_has_its_place(instead: Instead) -> None:
    instead(
        "cat >/dev/null; echo 'goroutine 1' >&2; cat <<'END'\n"
        '{"protocol": 1, "files": [{"path": "bpf/a.go", "text": "package main\\nvar x int\\n"}],'
        ' "diagnostics": [{"pos": [0, 2, 5], "message": "boom", "kind": "internal"}]}\nEND'
    )
    with pytest.raises(InternalCompilerError) as caught:
        ask(CONNECT)
    (diagnostic,) = caught.value.diagnostics
    assert str(diagnostic) == "bpf/a.go:2:5: internal error: Go front end: boom"
    assert diagnostic.source == "var x int"
    assert "report" in (diagnostic.hint or "")
    assert "goroutine 1" in str(caught.value.__cause__)


@pytest.mark.parametrize("copies", [1, 500])  # the second leaves a part of the request unread
@pytest.mark.parametrize("body", ["exec sleep 60", "exec 1>&- 2>&-; exec sleep 60"])
def test_a_program_that_takes_too_long(instead: Instead, body: str, copies: int) -> None:
    instead(body)
    before = open_descriptors()
    start = time.monotonic()
    running = frontend.start(ssa.Request(dir="", sources={"a.go": CONNECT * copies}), timeout=0.3)
    with pytest.raises(CompileError, match=r"took more than 0\.3 s") as caught:
        running.result()
    assert not isinstance(caught.value, InternalCompilerError)
    assert time.monotonic() - start < 5
    assert open_descriptors() == before


def test_leaving_it_ends_the_program(instead: Instead) -> None:
    instead("exec sleep 60")
    with frontend.start(ssa.Request(dir="")) as running:
        pid = running._pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
