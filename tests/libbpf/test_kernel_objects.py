"""Going over what the kernel holds while others come and go."""

from __future__ import annotations

import errno
import os

import pytest
from descriptors import descriptors, settled

import tinybpf
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
    before = settled()
    assert walk(refused) == ["list links: look at 1", "list links: look at 3"]
    assert descriptors() == before


def test_any_other_refusal_is_told():
    with pytest.raises(BpfError, match="list links: look at 2 failed") as caught:
        walk(errno.EPERM)
    assert caught.value.errno == errno.EPERM


OPEN = [
    tinybpf.open_program_by_id,
    tinybpf.open_map_by_id,
    tinybpf.open_link_by_id,
    tinybpf.open_btf_by_id,
]


@pytest.mark.parametrize("open_by_id", OPEN)
def test_what_is_no_id(open_by_id):
    for wrong in (0, -1, 1 << 32, 1 << 70):
        with pytest.raises(ValueError, match="ids are from 1 to 4294967295"):
            open_by_id(wrong)
    for wrong in ("1", None, 1.0, True):
        with pytest.raises(TypeError, match="an id is an int"):
            open_by_id(wrong)
