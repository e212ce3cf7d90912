"""fentry, fexit, fmod_ret and tp_btf: arguments and results with the kernel's types."""

from __future__ import annotations

import errno
import os
import re
import time

import pytest
from lacking import skip_without
from observing import observed, observed_errno

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _arguments

pytestmark = pytest.mark.kernel

KEEP_SIZE = 1
BEFORE, AFTER, DECIDED, SWITCHED = 4, 5, 6, 8


needs_types = pytest.mark.skipif(
    not os.path.exists(_arguments.VMLINUX), reason="this kernel has no type information"
)


@pytest.mark.parametrize("by_section", [True, False])
def test_the_arguments_of_a_function(watch, fallocate, by_section: bool):
    skip_without("fentry")
    seen = watch("onFentry")
    link = seen.program.attach() if by_section else seen.program.attach_trace()
    assert link.target == "fentry:vfs_fallocate"
    fallocate(KEEP_SIZE, 1 << 40, 4096)
    calls, (mode, offset, length, flags) = seen[BEFORE]
    assert observed("calls and arguments of vfs_fallocate", (calls, mode, offset, length)) == (
        1,
        KEEP_SIZE,
        1 << 40,
        4096,
    )
    assert flags & os.O_ACCMODE == os.O_RDONLY and flags & os.O_NOFOLLOW
    link.destroy()
    fallocate(KEEP_SIZE, 0, 1)
    assert seen[BEFORE][0] == 1


def test_arguments_and_result(watch, fallocate):
    skip_without("fentry")
    seen = watch("onFexit")
    assert seen.program.attach().target == "fexit:vfs_fallocate"
    assert fallocate(KEEP_SIZE, 3, 5) == -errno.EBADF
    calls, (mode, length, result, flags) = seen[AFTER]
    assert observed("calls, arguments and result of vfs_fallocate", (calls, mode, length, result)) == (
        1,
        KEEP_SIZE,
        5,
        -errno.EBADF,
    )
    assert flags & os.O_ACCMODE == os.O_RDONLY and flags & os.O_NOFOLLOW


@pytest.mark.parametrize("by_section", [True, False])
def test_a_session(build, me: int, fallocate, by_section: bool):
    skip_without("fsession")
    with tinybpf.load(build("fsession"), variables={"target": me}) as obj:
        program = obj.program("onBoth")
        link = program.attach() if by_section else program.attach_trace()
        assert link.target == "fsession:vfs_fallocate"
        fallocate(KEEP_SIZE, 0, 1)
        assert observed("runs for one call, at entry and return", obj.globals["calls"]) == 2
        link.destroy()
        fallocate(KEEP_SIZE, 0, 1)
        assert obj.globals["calls"] == 2


def test_a_kernel_without_sessions(build):
    if not system.older_than("7.0"):
        pytest.skip("this kernel may have fsession")
    with pytest.raises(
        tinybpf.BpfError, match=r"is of section fsession/vfs_fallocate: Linux 7\.0 brought it"
    ):
        tinybpf.load(build("fsession"))


def test_a_result_that_is_changed(watch, tmp_path):
    """security_file_open is one of the few functions whose result programs may change."""
    skip_without("fmod_ret")
    path = tmp_path / "file"
    path.write_text("text")
    seen = watch("onOpen", deny=-errno.EXDEV)
    link = seen.program.attach()
    assert link.target == "fmod_ret:security_file_open"
    assert path.read_text() == "text"
    with pytest.raises(OSError) as caught:
        os.open(path, os.O_WRONLY)
    assert observed_errno("what an open failed with, by the program", caught.value.errno) == errno.EXDEV
    calls, (flags, before, *_) = seen[DECIDED]
    assert calls >= 1 and (flags & os.O_ACCMODE, before) == (os.O_WRONLY, 0)
    link.destroy()
    os.close(os.open(path, os.O_WRONLY))


def test_a_tracepoint(watch, me: int):
    skip_without("tp_btf")
    seen = watch("onSwitch")
    assert seen.program.attach().target == "tp_btf:sched_switch"
    for _ in range(3):
        time.sleep(0.002)
    calls, (previous, following, _, _) = seen[SWITCHED]
    assert (
        calls >= 3
        and previous > 0
        and following >= 0
        and observed("3 switches or more, with both processes", previous != following)
    )


def test_a_link_that_is_pinned(watch, fallocate):
    skip_without("fentry")
    seen = watch("onFentry")
    link = seen.program.attach()
    path = f"/sys/fs/bpf/fentry-{os.getpid()}"
    link.pin(path)
    link.destroy()
    fallocate(KEEP_SIZE, 0, 1)
    assert seen[BEFORE][0] == 1
    os.unlink(path)
    fallocate(KEEP_SIZE, 0, 1)
    assert seen[BEFORE][0] <= 2


def test_programs_of_other_kinds(watch):
    with pytest.raises(tinybpf.BpfError, match=r"is a KPROBE program \(section 'kprobe/vfs_fallocate'\)"):
        watch("onEntry").program.attach_trace()


SOURCE = """
package bpf

import "tinybpf/ebpf"

//bpf:section {section}
func watch({parameters}) int32 {{ return 0 }}
"""


def load(section: str, parameters: str) -> None:
    tinybpf.load_go(SOURCE.format(section=section, parameters=parameters)).close()


@needs_types
@pytest.mark.parametrize(
    ("section", "parameters", "why"),
    [
        (
            "fexit/vfs_fsync",
            "f ebpf.Address, a, b, c int32",
            "parameter 'c' is one more than the",
        ),
        (
            "fexit/vfs_fsync",
            "f ebpf.Address, datasync int32, ret int64",
            "'ret' has the place of what the function returns, which is of type int: of 64 bits only 32",
        ),
        (
            "fentry/vfs_fsync",
            "f uint32, datasync ebpf.Errno",
            "'f' has the place of 'file', which is an address, of which it would have 32 bits",
        ),
        (
            "fmod_ret/vfs_fsync",
            "file, ret ebpf.Address",
            "'ret' has the place of 'datasync', which is no address but of type int",
        ),
    ],
)
def test_parameters_that_the_function_has_not(section: str, parameters: str, why: str):
    with pytest.raises(tinybpf.BpfError) as caught:
        load(section, parameters)
    message = str(caught.value)
    assert message.startswith("load 'watch' of 'source' failed: ") and why in message
    assert message.endswith("hint: in this kernel it is int vfs_fsync(struct file *file, int datasync)")


@needs_types
@pytest.mark.parametrize("kind", ["tp_btf", "raw_tp"])
def test_parameters_that_the_tracepoint_has_not(kind: str):
    with pytest.raises(tinybpf.BpfError) as caught:
        load(f"{kind}/sched_switch", "preempt ebpf.Address, prev ebpf.Address")
    # Newer kernels say the arguments' names.
    words = (
        r"'preempt' has the place of ('preempt'|argument 1), which is no address but of type bool\n  hint: "
    )
    assert re.search(words + r"in this kernel it is void sched_switch\(bool", str(caught.value))


@needs_types
@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("fentry/vfs_fsink", "this kernel has no function 'vfs_fsink'; did you mean .*vfs_fsync"),
        ("lsm/file_opem", "this kernel has no LSM hook 'file_opem'; did you mean file_open"),
        ("tp_btf/sched_swich", "this kernel has no tracepoint 'sched_swich'; did you mean sched_switch"),
        ("iter/tasks", "this kernel has no iterator 'tasks'; did you mean task"),
    ],
)
def test_a_target_that_is_not_there(section: str, words: str):
    with pytest.raises(tinybpf.BpfError, match=words):
        load(section, "ctx ebpf.Context")
