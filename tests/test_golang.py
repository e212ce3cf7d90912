"""``load_go``: from Go source to a program in the kernel, and back to the Go line where that fails."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinybpf

HEAD = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

//go:extern bpf_ktime_get_ns
func ktime() uint64

"""

UNCHECKED = """type xdpMd struct{ Data, DataEnd, DataMeta, Ingress, Queue, Egress uint32 }

//export look
//bpf:section xdp
func look(ctx unsafe.Pointer) int32 {
	x := (*xdpMd)(ctx)
	packet := (*[64]byte)(unsafe.Pointer(uintptr(x.Data)))
	return int32(packet[20])
}
"""

IN_A_FUNCTION = """type xdpMd struct{ Data, DataEnd, DataMeta, Ingress, Queue, Egress uint32 }

//go:noinline
func protocol(x *xdpMd) uint8 {
	return *(*uint8)(unsafe.Pointer(uintptr(x.Data) + 23))
}

//export look
//bpf:section xdp
func look(ctx unsafe.Pointer) int32 {
	if protocol((*xdpMd)(ctx)) == 6 {
		return 1
	}
	return 2
}
"""

ENDLESS = """//export spin
//bpf:section syscall
func spin(ctx unsafe.Pointer) int32 {
	n := int32(0)
	for ktime() != 0 {
		n++
	}
	return n
}
"""

NOT_GPL = """//bpf:license Proprietary

//go:extern bpf_trace_printk
func printk(format unsafe.Pointer, size uint32) int64

//export say
//bpf:section syscall
func say(ctx unsafe.Pointer) int32 {
	format := [3]byte{'h', 'i'}
	printk(unsafe.Pointer(&format), 3)
	return 0
}
"""

WRONG_HELPER = """//go:extern bpf_xdp_adjust_head
func adjustHead(ctx unsafe.Pointer, by int32) int64

//export move
//bpf:section syscall
func move(ctx unsafe.Pointer) int32 {
	return int32(adjustHead(ctx, 4))
}
"""

WRONG_RESULT = """//export allow
//bpf:section cgroup/connect4
func allow(ctx unsafe.Pointer) int32 {
	return 5
}
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("body", "program", "line", "said"),
    [
        (UNCHECKED, "look", "return int32(packet[20])", "invalid access to packet"),
        (IN_A_FUNCTION, "look", "uintptr(x.Data) + 23", "invalid access to packet"),
        (ENDLESS, "spin", "", "infinite loop|too large|too many"),
        (NOT_GPL, "say", "printk(unsafe.Pointer(&format), 3)", "GPL"),
        (WRONG_HELPER, "move", "adjustHead(ctx, 4)", "unknown func|cannot use helper"),
        (WRONG_RESULT, "allow", "return 5", r"\[0, 1\]|\(0x0; 0x1\)"),
    ],
    ids=["packet", "subprogram", "endless", "licence", "helper", "result"],
)
def test_refused_by_the_kernel(tmp_path: Path, body: str, program: str, line: str, said: str) -> None:
    """The error has the Go file, the line and its text, and the verifier's log from end to end."""
    file = tmp_path / "refused.go"
    file.write_text(HEAD + body)
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(file)
    error = caught.value
    assert error.program == program
    assert error.source is not None
    assert Path(error.source.path).name == "refused.go"
    assert line in error.source.text
    assert error.source.text == file.read_text().split("\n")[error.source.line - 1]
    assert error.errno > 0
    assert re.search(said, error.log), error.log
    assert "processed " in error.log.splitlines()[-1], "the verifier's last line"
    assert f"refused.go:{error.source.line}" in str(error)
    assert error.summary and error.summary in str(error)


COUNTER = (
    HEAD
    + """var counts = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 8, MaxEntries: 1}
var events = bpfMapDef{Type: 27, MaxEntries: 4096}
var wanted uint32 = {pid}

type Event struct {
	PID  uint32
	Args [2]int16
	Comm [16]byte
	On   bool
}

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_get_current_pid_tgid
func pidTgid() uint64

//go:extern bpf_get_current_comm
func comm(to unsafe.Pointer, size uint32) int64

//go:extern bpf_ringbuf_output
func output(m, data unsafe.Pointer, size, flags uint64) int64

//export count
//bpf:section tracepoint/syscalls/sys_enter_getpgid
func count(ctx unsafe.Pointer) int32 {
	pid := uint32(pidTgid() >> 32)
	if pid != wanted {
		return 0
	}
	key := uint32(0)
	n := (*uint64)(lookup(unsafe.Pointer(&counts), unsafe.Pointer(&key)))
	if n == nil {
		return 0
	}
	*n++
	e := Event{PID: pid, Args: [2]int16{-1, int16(*n)}, On: *n > 1}
	comm(unsafe.Pointer(&e.Comm), 16)
	output(unsafe.Pointer(&events), unsafe.Pointer(&e), uint64(unsafe.Sizeof(e)), 0)
	return 0
}
"""
)


def counter() -> str:
    """A program that counts this process's calls of ``getpgid`` and reports each."""
    return COUNTER.replace("{pid}", str(os.getpid()))


@pytest.mark.kernel
def test_typed_events() -> None:
    with tinybpf.load_go(counter()) as obj:
        obj.program("count").attach()
        for _ in range(3):
            os.getpgid(0)
        with obj.ring_buffer("events", timeout=2, count=3) as stream:
            found = list(stream)
        assert [(e.PID, list(e.Args), e.On) for e in found] == [
            (os.getpid(), [-1, n], n > 1) for n in (1, 2, 3)
        ]
        name = Path("/proc/self/comm").read_text().strip()
        assert found[0].Comm == name or bytes(found[0].Comm).rstrip(b"\0").decode() == name
        assert obj.map("counts")[0] == 3


@pytest.mark.kernel
def test_what_is_shown() -> None:
    with tinybpf.load_go(counter(), name="counter") as obj:
        link = obj.program("count").attach()
        os.getpgid(0)
        with obj.ring_buffer("events", timeout=2, count=1) as stream:
            (event,) = stream
        assert "count" in repr(obj) and "events" in repr(obj)
        assert "count" in repr(obj.program("count"))
        assert "tracepoint/syscalls/sys_enter_getpgid" in repr(obj.program("count"))
        assert "counts" in repr(obj.map("counts"))
        assert "getpgid" in repr(link)
        assert "Event" in repr(event) and f"PID={os.getpid()}" in repr(event)


@pytest.mark.kernel
def test_discarded_link_stays_attached() -> None:
    """Whatever the garbage collector does, until the object is closed."""
    obj = tinybpf.load_go(counter())
    obj.program("count").attach()
    counts = obj.map("counts")
    gc.collect()
    os.getpgid(0)
    assert counts[0] == 1
    obj.close()
    os.getpgid(0)
    with pytest.raises(tinybpf.BpfError, match="closed"):
        counts[0]


STATEMENT = """
import gc, os, sys
import tinybpf

source = sys.argv[1].replace("{pid}", str(os.getpid()))
tinybpf.load_go(source).program("count").attach()
gc.collect()
print("attached", flush=True)
sys.stdin.readline()
"""


@pytest.mark.kernel
def test_statement_of_its_own_attaches_until_the_process_ends() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STATEMENT, COUNTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "attached\n"
    held = Path(f"/proc/{process.pid}/fdinfo")
    kinds = {os.readlink(f"/proc/{process.pid}/fd/{f.name}") for f in held.iterdir()}
    assert "anon_inode:bpf_link" in kinds or "anon_inode:[perf_event]" in kinds
    process.communicate("\n", timeout=30)
    assert process.returncode == 0


@pytest.mark.kernel
def test_closing_detaches() -> None:
    with tinybpf.load_go(counter()) as observer, tinybpf.load_go(counter()) as obj:
        observer.program("count").attach()
        obj.program("count").attach()
        os.getpgid(0)
        obj.close()
        os.getpgid(0)
        assert observer.map("counts")[0] == 2
    with tinybpf.load_go(counter()) as again:
        os.getpgid(0)
        assert again.map("counts")[0] == 0, "nothing is attached that was not asked for"


@pytest.mark.kernel
def test_package_on_disk(tmp_path: Path) -> None:
    """A directory with two files, the section from the project's file, one program of two."""
    package = tmp_path / "bpf"
    package.mkdir()
    (package / "a.go").write_text(
        HEAD + "//export first\nfunc first(ctx unsafe.Pointer) int32 { return second() }\n"
    )
    (package / "b.go").write_text(
        "package main\n\nfunc second() int32 { return 5 }\n\n"
        "//export other\nfunc other(ctx *int32) int32 { return 1 }\n"
    )
    (tmp_path / "tinybpf.json").write_text('{"build": {"programs": {"first": "syscall"}}}')
    with tinybpf.load_go(package, programs=["first"]) as obj:
        assert list(obj.programs) == ["first"]
        assert obj.program("first").test_run(ctx=bytes(8)).retval == 5
    with tinybpf.load_go(package, sections={"other": "syscall"}) as obj:
        assert sorted(obj.programs) == ["first", "other"]


def test_source_that_is_refused() -> None:
    with pytest.raises(tinybpf.CompileError, match="undefined: nothing"):
        tinybpf.load_go(HEAD + "var x = nothing\n")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(tinybpf.NotFoundError, match="no such file or directory"):
        tinybpf.load_go(tmp_path / "bpf")


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="cpu must be one of v1, v2, v3, v4, not 'v9'"):
        tinybpf.load_go(counter(), cpu="v9")


KNOB = """//export answer
//bpf:section syscall
func answer(ctx unsafe.Pointer) int32 { return limit + 1 }

var limit int32 = 5
"""


@pytest.mark.kernel
def test_variables_are_set_before_the_load():
    with tinybpf.load_go(HEAD + KNOB) as obj:
        assert obj.program("answer").test_run(ctx=bytes(8)).retval == 6
    with tinybpf.load_go(HEAD + KNOB, variables={"limit": 41}) as obj:
        assert obj.program("answer").test_run(ctx=bytes(8)).retval == 42
        assert obj.globals["limit"] == 41
    with pytest.raises(
        tinybpf.MissingError, match=r"has no variable 'limits' \(did you mean 'limit'\?\); there is: 'limit'"
    ):
        tinybpf.load_go(HEAD + KNOB, variables={"limits": 41})


@pytest.mark.kernel
@pytest.mark.parametrize(
    "map_of, said, hint",
    [
        ("Hash[uint32, uint64]{MaxEntries: 1 << 31}", "-E2BIG", "take fewer entries, or smaller values"),
        ("Array[[1 << 20]byte]{MaxEntries: 1 << 31}", "-(E2BIG|ENOMEM)", "take fewer entries"),
    ],
)
def test_maps_that_the_kernel_does_not_make(map_of: str, said: str, hint: str) -> None:
    source = f"""package bpf

import "tinybpf/ebpf"

var big = ebpf.{map_of}

//bpf:section raw_tracepoint/sys_enter
func use(ctx *ebpf.RawTracepoint) int32 {{
	big.Lookup(0)
	return 0
}}
"""
    with pytest.raises(tinybpf.BpfError, match=rf"map 'big': failed to create: {said}\n  hint: .*{hint}"):
        tinybpf.load_go(source)


@pytest.mark.kernel
def test_a_pin_where_no_bpffs_is_mounted() -> None:
    code = """
import ctypes, tinybpf
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x00020000) == 0  # CLONE_NEWNS
assert libc.mount(None, b"/", None, 0x44000, None) == 0  # MS_REC | MS_PRIVATE
assert libc.mount(b"none", b"/sys/fs/bpf", b"tmpfs", 0, None) == 0
try:
    tinybpf.load_go(PACKAGE)
except tinybpf.BpfError as error:
    print(error)
"""
    package = Path(__file__).parents[1] / "go" / "programs" / "options"
    ran = subprocess.run(
        [sys.executable, "-c", code.replace("PACKAGE", repr(str(package)))], capture_output=True, text=True
    )
    if "AssertionError" in ran.stderr:
        pytest.skip("this process may not mount")
    assert "is not on BPF FS" in ran.stdout, ran.stderr
    assert ran.stdout.endswith("  hint: mount -t bpf bpf /sys/fs/bpf\n")
