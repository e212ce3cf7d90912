"""XDP without a link: how it was before Linux 5.9, and how ``ip link set … xdp`` does it still."""

from __future__ import annotations

import errno
import os

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._interface import own_namespace, within
from tinybpf.libbpf.attach._without_link import GONE, UntiedLink

REPLACE = 1 << 4  # XDP_FLAGS_REPLACE


class NetlinkXdpLink(UntiedLink):
    """A program at an interface as a link."""

    kind = "an XDP program that took another's place"
    _lacking = "XDP links"


class PlacedXdp:
    """A program at an interface, and the network namespace that this is in."""

    def __init__(self, index: int, flags: int) -> None:
        self._index = index
        self._flags = flags & ~1  # it is there now
        self._program = -1
        self._namespace = own_namespace()

    def placed(self, program: int) -> None:
        """It is attached."""
        self._program = os.dup(program)

    def remove(self) -> None:
        """Take it away, if it is still the program of the interface. Idempotent."""
        if self._namespace < 0:
            return
        opts = ffi.new("struct bpf_xdp_attach_opts *")
        opts.sz, opts.old_prog_fd = ffi.sizeof("struct bpf_xdp_attach_opts"), self._program
        what = f"detach xdp from interface {self._index}"
        try:
            with within(self._namespace):
                attempt(what, lib.bpf_xdp_attach, self._index, -1, self._flags | REPLACE, opts)
        except BpfError as error:
            if error.errno not in (*GONE, errno.EEXIST, errno.EBUSY):  # another program, or a link
                raise
        finally:
            self.release()

    def release(self) -> None:
        """Give up the descriptors, and leave what is attached."""
        namespace, self._namespace = self._namespace, -1
        for fd in (namespace, self._program):
            if fd >= 0:
                os.close(fd)
