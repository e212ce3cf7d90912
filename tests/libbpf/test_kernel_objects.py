"""Going over what the kernel holds while others come and go."""

from __future__ import annotations

import errno
import os

import pytest

from tinybpf.errors import BpfError
from tinybpf.libbpf import kernel_objects


def walk(refused):
    """Three objects, of which the second cannot be opened."""

    def next_id(start, following):
        following[0] = start + 1
        return 0 if start < 3 else -errno.ENOENT

    def open_id(id):
        return -refused if id == 2 else os.open(os.devnull, os.O_RDONLY)

    return list(kernel_objects._walk("links", next_id, open_id, lambda fd, what: what))


@pytest.mark.parametrize("refused", [errno.ENOENT, errno.EAGAIN])
def test_what_is_gone_or_not_finished_is_left_out(refused):
    descriptors = len(os.listdir("/proc/self/fd"))
    assert walk(refused) == ["list links: look at 1", "list links: look at 3"]
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_any_other_refusal_is_told():
    with pytest.raises(BpfError, match="list links: look at 2 failed") as caught:
        walk(errno.EPERM)
    assert caught.value.errno == errno.EPERM
