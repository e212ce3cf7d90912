"""kprobe.multi: one program at many functions."""

from __future__ import annotations

import errno
import os
import time

import pytest
from observing import observed

import tinybpf
from tinybpf import system
from tinybpf.libbpf.attach import kprobe

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not os.path.exists(kprobe.PERF_TYPE), reason="this kernel has no kprobes"),
]

KEEP_SIZE = 1
MANY = 9


def has_multi() -> bool:
    return os.path.exists(kprobe.PERF_TYPE) and "register_fprobe_syms" in kprobe.functions()


needs_multi = pytest.mark.skipif(not has_multi(), reason="this kernel has no kprobe.multi")


@needs_multi
@pytest.mark.parametrize("functions", [None, "vfs_fallocat?", ["vfs_fallocate", "vfs_fsync"]])
def test_entries(watch, fallocate, functions):
    seen = watch("onMany")
    link = seen.program.attach() if functions is None else seen.program.attach_kprobe_multi(functions)
    fallocate(KEEP_SIZE, 0, 1)
    assert observed("calls of vfs_fallocate, and its mode", seen[MANY]) == (1, [KEEP_SIZE, 0, 0, 0])
    link.destroy()
    fallocate(KEEP_SIZE, 0, 1)
    assert seen[MANY][0] == 1


@needs_multi
def test_returns(watch, fallocate):
    seen = watch("onManyReturns")
    link = seen.program.attach()
    assert link.target == "kretprobe.multi:vfs_fallocate (1)"
    fallocate(KEEP_SIZE, 0, 1)
    assert observed("calls and result of vfs_fallocate", seen[MANY]) == (1, [0, -errno.EBADF, 0, 0])


@needs_multi
def test_many_at_once(watch):
    seen = watch("onMany")
    link = seen.program.attach_kprobe_multi("vfs_*")
    assert (
        link.target.startswith("kprobe.multi:vfs_* (")
        and observed("functions that vfs_* attached to", int(link.target.split("(")[1][:-1])) > 20
    )
    before = seen[MANY][0]
    os.stat("/")
    assert seen[MANY][0] > before


@needs_multi
def test_names_that_are_not_there(watch):
    seen = watch("onMany")
    with pytest.raises(
        tinybpf.BpfError, match="no function 'vfs_falocate' that can be traced; did you mean vfs_fa"
    ):
        seen.program.attach_kprobe_multi(["vfs_falocate", "vfs_fsync"])
    with pytest.raises(tinybpf.BpfError, match="no function that can be traced has such a name") as caught:
        seen.program.attach_kprobe_multi("no_such_*")
    assert caught.value.errno == errno.ENOENT


@pytest.mark.skipif(has_multi(), reason="this kernel has kprobe.multi")
def test_a_kernel_without(watch):
    words = r"Linux 5\.18 brought kprobe.multi; this kernel is "
    if not system.older_than("5.18"):
        words = "kprobe.multi: this kernel was built without CONFIG_FPROBE"
    with pytest.raises(tinybpf.UnsupportedError, match=words):
        watch("onMany").program.attach()


def test_wrong_arguments(watch):
    with pytest.raises(
        tinybpf.BpfError, match="'onEntry' is in section 'kprobe/vfs_fallocate'\n  hint: those in"
    ):
        watch("onEntry").program.attach_kprobe_multi("vfs_*")
    program = watch("onMany").program
    with pytest.raises(ValueError, match="functions must name at least one"):
        program.attach_kprobe_multi([])
    with pytest.raises(ValueError, match="functions must be a pattern or names, not ''"):
        program.attach_kprobe_multi("")
    with pytest.raises(TypeError, match="functions must be names, not 5"):
        program.attach_kprobe_multi(["a", 5])


@needs_multi
def test_cookies_and_what_the_link_tells(counted, tmp_path):
    seen = counted("onKernels")
    names = ["vfs_read", "vfs_fallocate"]
    link = seen.program.attach_kprobe_multi(names, cookies=[30, 40])
    with open(tmp_path / "file", "w+b", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, 1)
        assert file.read(1) == b"\0"
    assert observed("cookies of two functions", sorted(seen.calls())) == [30, 40]
    info = link.info
    assert isinstance(info, tinybpf.KprobeMultiLinkInfo)
    if not system.older_than("6.9"):
        assert info.count == 2 and not info.returns and sorted(info.cookies) == [30, 40]
    with pytest.raises(ValueError, match="one for each, and none of them twice"):
        seen.program.attach_kprobe_multi([*names, *names], cookies=[1, 2, 3, 4])
    with pytest.raises(ValueError, match="cookies go with functions that are listed"):
        seen.program.attach_kprobe_multi("vfs_*", cookies=[1])


@needs_multi
def test_sessions(build, me: int):
    if system.older_than("6.10"):
        pytest.skip("this kernel has no kprobe.session")
    with tinybpf.load(build("sessions", "onKernelBoth"), variables={"target": me}) as obj:
        program = obj.program("onKernelBoth")
        link = program.attach_kprobe_multi(["do_nanosleep"])
        assert link.target == "kprobe.session:do_nanosleep (1)"
        time.sleep(0.001)
        assert observed("runs for one call, at entry and return", obj.globals["calls"]) == 2
        with pytest.raises(ValueError, match="runs at entry and return anyway"):
            program.attach_kprobe_multi("do_nanosleep", retprobe=True)
