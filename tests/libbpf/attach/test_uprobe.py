"""uprobes on a function of the C library that this process calls, with its argument and result."""

from __future__ import annotations

import ctypes
import errno
import platform
import subprocess
import sys

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        platform.machine() != "x86_64", reason="the test program knows this machine's registers"
    ),
]

LIBC = ctypes.CDLL("libc.so.6")


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("probes"), variables={"target": me}) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def libc() -> str:
    """The path of the C library of this process."""
    with open("/proc/self/maps") as file:
        return next(line.split()[-1] for line in file if "/libc.so.6" in line or "/libc-2" in line)


def offset_of(path: str, symbol: str) -> int:
    """Where a function starts in the file."""
    from elftools.elf.elffile import ELFFile

    with open(path, "rb") as file:
        elf = ELFFile(file)
        (found,) = (s for s in elf.get_section_by_name(".dynsym").iter_symbols() if s.name == symbol)
        for segment in elf.iter_segments("PT_LOAD"):
            if segment["p_vaddr"] <= found["st_value"] < segment["p_vaddr"] + segment["p_memsz"]:
                return found["st_value"] - segment["p_vaddr"] + segment["p_offset"]
    raise AssertionError


@pytest.mark.parametrize("how", ["name", "path", "offset", "this process"])
def test_a_call_and_its_argument(obj, libc: str, how: str):
    program = obj.program("on_entry")
    if how == "offset":
        link = program.attach_uprobe(libc, offset_of(libc, "labs"))
    else:
        path, pid = ("libc.so.6" if how == "name" else libc), (0 if how == "this process" else -1)
        link = program.attach_uprobe(path, symbol="labs", pid=pid)
    assert link.target.startswith("uprobe:") and link.fd > 2
    for number in (5, 6, 77):
        LIBC.labs(number)
    assert observed(
        "calls of labs and the last argument", (obj.globals["entered"], obj.globals["argument"])
    ) == (3, 77)
    link.destroy()
    LIBC.labs(78)
    assert (obj.globals["entered"], obj.globals["argument"]) == (3, 77)


def test_a_return_and_its_result(obj, libc: str):
    with obj.program("on_return").attach_uretprobe(libc, symbol="labs") as link:
        assert link.target == f"uretprobe:{libc}:labs"
        LIBC.labs(-5)
        assert (obj.globals["returned"], obj.globals["result"]) == (1, 5)
    with obj.program("on_return").attach_uprobe(libc, symbol="labs", retprobe=True):
        LIBC.labs(-6)
    assert observed(
        "returns of labs and the last result", (obj.globals["returned"], obj.globals["result"])
    ) == (2, 6)


def test_one_process_only(build, libc: str):
    code = "import ctypes, sys; sys.stdin.readline(); ctypes.CDLL('libc.so.6').labs(1234)"
    with (
        tinybpf.load(build("probes")) as obj,
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, text=True) as other,
    ):
        obj.program("on_entry").attach_uprobe(libc, symbol="labs", pid=other.pid)
        LIBC.labs(1)
        assert obj.globals["entered"] == 0
        other.communicate("\n", timeout=30)
        assert (obj.globals["entered"], obj.globals["argument"]) == (1, 1234)


def test_the_section_alone_does_not_say_where(obj):
    with pytest.raises(tinybpf.BpfError, match=r"attach_uprobe\(…\) does it, or name it in the section"):
        obj.program("on_entry").attach()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"binary_path": "/nope", "symbol": "f"}, tinybpf.NotFoundError, "there is no file '/nope'"),
        ({"symbol": "no_such_function"}, tinybpf.BpfError, "has no function 'no_such_function'"),
        (
            {"binary_path": "libnope.so.9", "symbol": "f"},
            tinybpf.BpfError,
            "'libnope.so.9' was not found among libraries and commands, or has no function 'f'",
        ),
        ({"binary_path": "/etc/passwd", "symbol": "root"}, tinybpf.BpfError, "it is no ELF file"),
        ({"symbol": "a\0b"}, ValueError, r"symbol must be a name, not 'a\\x00b'"),
        ({"binary_path": "libc.so.6\0", "symbol": "labs"}, ValueError, "binary_path must be a path"),
        ({"binary_path": "", "symbol": "labs"}, ValueError, "binary_path must be a name, not ''"),
        ({}, ValueError, "say where: symbol, or offset"),
        ({"offset": -1}, ValueError, "offset must not be negative: -1"),
        ({"offset": "1"}, TypeError, "offset must be a number, not str"),
        ({"symbol": "labs", "pid": -2}, ValueError, "pid must be a process id"),
        ({"symbol": b"labs"}, TypeError, "symbol must be a name, not bytes"),
        ({"symbol": "labs", "pid": (1 << 22) + 1}, tinybpf.BpfError, "there is no process 4194305"),
    ],
)
def test_what_cannot_be(obj, libc: str, arguments: dict[str, object], error: type, words: str):
    with pytest.raises(error, match=words):
        obj.program("on_entry").attach_uprobe(**{"binary_path": libc, **arguments})
    assert obj.links == ()


def test_a_program_of_another_type(obj, libc: str):
    with pytest.raises(
        tinybpf.BpfError, match=r"is a PERF_EVENT program .*, this needs a KPROBE one"
    ) as caught:
        obj.program("on_sample").attach_uprobe(libc, symbol="labs")
    assert caught.value.errno == errno.EINVAL


def test_gone_with_its_object(build, libc: str):
    before = settled()
    with tinybpf.load(build("probes")) as obj:
        obj.program("on_entry").attach_uprobe(libc, symbol="labs")
    assert descriptors() == before
