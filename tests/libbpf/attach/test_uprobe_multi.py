"""uprobe.multi: one link at many functions of a library; and a pattern for a program without it."""

from __future__ import annotations

import errno
import os

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _binary

pytestmark = pytest.mark.kernel

needs_multi = pytest.mark.skipif(system.older_than("6.6"), reason="this kernel has no uprobe.multi")


def call_all(marked) -> None:
    marked.add_one(1)
    marked.add_two(1)
    marked.subtract(1)


@needs_multi
def test_a_pattern(counted, marked):
    seen = counted("onFunctions")
    link = seen.program.attach_uprobe_multi(marked.path, "add_*")
    assert link.target == f"uprobe.multi:{marked.path}:add_* (2)"
    call_all(marked)
    assert observed("calls of two functions, by cookie", seen.calls()) == {0: 2}
    link.destroy()
    call_all(marked)
    assert seen.calls() == {0: 2}


@needs_multi
def test_names_with_cookies(counted, marked):
    seen = counted("onFunctions")
    link = seen.program.attach_uprobe_multi(marked.path, ["subtract", "add_one"], cookies=[10, 20])
    call_all(marked)
    marked.subtract(1)
    assert observed("calls by cookie", seen.calls()) == {10: 2, 20: 1}
    if not system.older_than("6.12"):
        info = link.info
        assert info.path == os.path.realpath(marked.path) and info.cookies == (10, 20)
        with _binary.opened(marked.path) as binary:
            functions = binary.functions()
        assert info.offsets == (functions["subtract"], functions["add_one"]) and not info.returns


@needs_multi
def test_offsets(counted, marked):
    with _binary.opened(marked.path) as binary:
        offset = binary.functions()["add_two"]
    seen = counted("onFunctions")
    seen.program.attach_uprobe_multi(marked.path, offsets=[offset], cookies=[1])
    call_all(marked)
    assert seen.calls() == {1: 1}


@needs_multi
def test_returns_by_the_section(counted):
    import ctypes

    seen = counted("onReturns")
    link = seen.program.attach()
    assert link.target == "uretprobe.multi:libc.so.6:labs (1)"
    ctypes.CDLL("libc.so.6").labs(1)
    assert seen.calls() == {0: 1}
    assert system.older_than("6.8") or link.info.returns


@needs_multi
def test_one_process_only(counted, marked):
    seen = counted("onFunctions")
    seen.program.attach_uprobe_multi(marked.path, "add_*", pid=os.getppid())
    call_all(marked)
    assert seen.calls() == {}
    seen.program.attach_uprobe_multi(marked.path, "add_*", pid=0)
    call_all(marked)
    assert seen.calls() == {0: 2}


@needs_multi
def test_a_link_that_is_pinned(counted, marked):
    seen = counted("onFunctions")
    pin = f"/sys/fs/bpf/tinybpf-uprobes-{os.getpid()}"
    link = seen.program.attach_uprobe_multi(marked.path, "add_*")
    link.pin(pin)
    link.destroy()
    try:
        call_all(marked)
        assert seen.calls() == {0: 2}
        with tinybpf.open_pinned_link(pin) as again:
            assert again.info.type is tinybpf.BpfLinkType.UPROBE_MULTI
    finally:
        os.unlink(pin)


def test_sessions(build, marked, me: int):
    if system.older_than("6.13"):
        pytest.skip("this kernel has no uprobe.session")
    with tinybpf.load(build("sessions", "onBoth"), variables={"target": me}) as obj:
        link = obj.program("onBoth").attach_uprobe_multi(marked.path, ["add_one"])
        marked.add_one(1)
        assert observed("runs for one call, at entry and return", obj.globals["calls"]) == 2
        assert link.target == f"uprobe.session:{marked.path}:add_one (1)"
        with pytest.raises(ValueError, match=r"uprobe.session runs at entry and return anyway"):
            obj.program("onBoth").attach_uprobe_multi(marked.path, "add_*", retprobe=True)


def test_a_pattern_for_a_plain_uprobe(counted, marked):
    seen = counted("onFunction")
    before = settled()
    link = seen.program.attach_uprobe(marked.path, symbol="add_*")
    assert link.target == f"uprobe:{marked.path}:add_* (2)"
    call_all(marked)
    assert observed("calls of two functions, by cookie", seen.calls()) == {0: 2}
    with pytest.raises(tinybpf.BpfError, match="it is 2 perf events, one for each CPU or place"):
        link.pin("/sys/fs/bpf/nope")
    link.destroy()
    call_all(marked)
    assert seen.calls() == {0: 2}
    assert descriptors() == before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, ValueError, "say where: functions, or offsets"),
        ({"functions": "add_*", "offsets": [1]}, ValueError, "say where"),
        ({"functions": []}, ValueError, "functions must name at least one"),
        ({"functions": ["add_one", 5]}, TypeError, "functions must be names, not 5"),
        ({"functions": "ad_*"}, tinybpf.BpfError, "no function of '.*libmarked.so' has such a name"),
        ({"functions": ["add_tow"]}, tinybpf.BpfError, "no function 'add_tow'; did you mean add_two"),
        ({"functions": "add_*", "cookies": [1, 2]}, ValueError, "cookies go with functions or offsets that"),
        ({"functions": ["add_one"], "cookies": [1, 2]}, ValueError, "as many of them"),
        ({"functions": ["add_one"], "cookies": [-1]}, ValueError, "cookie must fit 64 bits"),
        ({"offsets": [0]}, ValueError, "offsets must be places in the file in bytes: 0"),
        ({"offsets": []}, ValueError, "offsets must have at least one"),
        ({"functions": "add_*", "pid": -7}, ValueError, "pid must be a process id"),
        ({"functions": "add_*", "binary_path": "/nope"}, tinybpf.NotFoundError, "there is no file '/nope'"),
        ({"functions": "x*", "binary_path": "/etc/passwd"}, tinybpf.BpfError, "cannot be read: it is no ELF"),
        ({"functions": "x*", "binary_path": "libnope.so.7"}, tinybpf.NotFoundError, "was not found among"),
    ],
)
def test_what_cannot_be(counted, marked, arguments: dict[str, object], error: type, words: str):
    program = counted("onFunctions").program  # or the kernel lacks what the program calls
    with pytest.raises(error, match=words):
        program.attach_uprobe_multi(**{"binary_path": marked.path, **arguments})


def test_a_program_of_another_section(counted, marked):
    program = counted("onFunction").program
    with pytest.raises(tinybpf.BpfError, match="is in section 'uprobe'\n  hint: those in sections") as caught:
        program.attach_uprobe_multi(marked.path, "add_*")
    assert caught.value.errno == errno.EINVAL


@pytest.mark.skipif(not system.older_than("6.6"), reason="this kernel has uprobe.multi")
def test_a_kernel_without(counted, marked):
    with pytest.raises(tinybpf.UnsupportedError, match=r"Linux 6\.6 brought uprobe.multi; this kernel is"):
        counted("onFunctions").program.attach_uprobe_multi(marked.path, "add_*")
