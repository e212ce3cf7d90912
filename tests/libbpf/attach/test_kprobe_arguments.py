"""Arguments and results of functions and system calls, as kprobes declare them."""

from __future__ import annotations

import errno
import os

import pytest
from observing import observed

import tinybpf
from tinybpf.libbpf.attach import kprobe

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not os.path.exists(kprobe.PERF_TYPE), reason="this kernel has no kprobes"),
]

KEEP_SIZE = 1
ENTERED, RETURNED, BEGAN, ENDED = range(4)


@pytest.mark.parametrize("by_section", [True, False])
def test_the_arguments_of_a_function(watch, fallocate, by_section: bool):
    seen = watch("onEntry")
    link = seen.program.attach() if by_section else seen.program.attach_kprobe("vfs_fallocate")
    fallocate(KEEP_SIZE, 1 << 40, 4096)
    fallocate(-1, -3, 5)
    assert observed("calls and arguments of vfs_fallocate", seen[ENTERED]) == (2, [-1, -3, 5, 1])
    link.destroy()
    fallocate(0, 0, 1)
    assert seen[ENTERED][0] == 2


def test_what_a_function_returns(watch, fallocate):
    seen = watch("onReturn")
    link = seen.program.attach()
    assert link.target == "kretprobe:vfs_fallocate"
    assert fallocate(KEEP_SIZE, 0, 4096) == -errno.EBADF
    assert observed("calls and result of vfs_fallocate", seen[RETURNED]) == (1, [-errno.EBADF, 0, 0, 0])


@pytest.mark.parametrize("by_section", [True, False])
def test_the_arguments_of_a_system_call(watch, fallocate, by_section: bool):
    seen = watch("onCall")
    link = seen.program.attach() if by_section else seen.program.attach_ksyscall("fallocate")
    assert link.target == "ksyscall:fallocate"
    fallocate(KEEP_SIZE, 7, 1 << 33)
    calls, (fd, mode, length, stack) = seen[BEGAN]
    assert (calls, fd, mode, length) == (1, fallocate.fd, KEEP_SIZE, 1 << 33)
    assert stack > 0  # the context, which comes before the arguments, is the registers
    observed("calls, mode and length of fallocate", (calls, mode, length))


@pytest.mark.parametrize("by_section", [True, False])
def test_what_a_system_call_returns(watch, fallocate, by_section: bool):
    seen = watch("onResult")
    if by_section:
        seen.program.attach()
    else:
        assert seen.program.attach_ksyscall("fallocate", retprobe=True).target == "kretsyscall:fallocate"
    fallocate(KEEP_SIZE, 0, 1)
    assert seen[ENDED] == (1, [-errno.EBADF, 0, 0, 0])


def test_an_address_of_the_kernel(watch, fallocate):
    with open("/proc/kallsyms") as file:
        fields = (line.split() for line in file)
        address = next(int(place, 16) for place, _, name, *_ in fields if name == "vfs_fallocate")
    seen = watch("onEntry")
    assert seen.program.attach_kprobe(address).target == f"kprobe:{address:#x}"
    fallocate(KEEP_SIZE, 2, 3)
    assert observed("calls and arguments of vfs_fallocate", seen[ENTERED]) == (1, [KEEP_SIZE, 2, 3, 1])


def test_an_address_where_nothing_is(watch):
    seen = watch("onEntry")
    with pytest.raises(tinybpf.BpfError, match="attach kprobe to '0x1000' failed"):
        seen.program.attach_kprobe(0x1000)
    with pytest.raises(ValueError, match="must be a name, or an address of the kernel: -0x1"):
        seen.program.attach_kprobe(-1)


def test_no_such_system_call(watch):
    with pytest.raises(tinybpf.BpfError, match="the kernel has no system call 'falocate'; did") as caught:
        watch("onCall").program.attach_ksyscall("falocate")
    assert caught.value.errno == errno.ENOENT and "fallocate" in str(caught.value)
    with pytest.raises(TypeError, match="name must be that of a system call, not int"):
        watch("onCall").program.attach_ksyscall(285)


def test_another_function_than_the_one_declared(watch):
    """Where the kernel says what its functions take, the program is held to it."""
    with pytest.raises(tinybpf.BpfError) as caught:
        watch("onEntry").program.attach_kprobe("vfs_fsync")
    assert str(caught.value) == (
        "attach 'onEntry' to 'vfs_fsync' failed: parameter 'offset' is one more than the function has "
        "arguments\n  hint: in this kernel it is int vfs_fsync(struct file *file, int datasync)"
    )
    assert caught.value.errno == errno.EINVAL
