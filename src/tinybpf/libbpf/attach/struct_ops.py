"""struct_ops: programs as the kernel's own functions, such as a congestion control of TCP."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.link import BpfLink, is_link, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf._mapcore import MapCore


class StructOpsLink(BpfLink):
    """A struct_ops map that is in force. `update` takes another map of the same kind."""

    def update(self, program: Any, *, expected: Any = None) -> None:
        """Put another map of an object, loaded, into the place of the link's, in one step. Kernel 6.4.

        The maps must be in a section ``.struct_ops.link``.
        """
        from tinybpf.libbpf.map import BpfMap

        if not isinstance(program, BpfMap):
            raise TypeError(f"a struct_ops link is updated to a map, not to a {type(program).__name__}")
        what = f"update link '{self._target}' to map '{program.name}'"
        fd, opts = self._kernel_link(what), ffi.new("struct bpf_link_update_opts *")
        opts.sz = ffi.sizeof("struct bpf_link_update_opts")
        if expected is not None:
            opts.flags, opts.old_map_fd = 4, expected.fd
        hints: Hints = {errno.EINVAL: "the map is of another struct, or not in section .struct_ops.link"}
        attempt(what, lib.bpf_link_update, fd, program.fd, opts, hints=hints)

    def keep(self) -> BpfLink:
        """As `BpfLink.keep`. `BpfError` where the map is not in a section ``.struct_ops.link``."""
        self._require()
        self._require_link(f"keep link '{self._target}'")
        return super().keep()

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        self._require_link(what)
        super()._pin(what, pointer, path)

    def _require_link(self, what: str) -> None:
        if self._fd < 0:
            raise BpfError(
                f"{what} failed: there is no link; that takes Linux 6.4 and a map in section "
                ".struct_ops.link",
                errno.EOPNOTSUPP,
            )

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        fd = int(lib.bpf_link__fd(pointer))
        return fd if is_link(fd) else -1  # before Linux 6.4, and of maps in .struct_ops, it is the map's

    def _free(self, pointer: Any) -> None:
        if self._fd >= 0 or self._process == os.getpid():
            super()._free(pointer)


def attach(core: MapCore) -> BpfLink:
    """See `BpfMap.attach`. Kernel 5.6 or later."""
    core.require()
    what = f"attach struct_ops map '{core.name}'"
    if core.type is not BpfMapType.STRUCT_OPS or core.owner is None or core.pointer is None:
        raise BpfError(
            f"{what} failed: it is a map of type {core.type.name}; only the struct_ops maps of an object are "
            "attached",
            errno.EINVAL,
        )
    hints: Hints = {
        errno.EEXIST: "the kernel has one of this name already",
        errno.EBUSY: "it is attached already, or was: a map without link is so only once",
        errno.EINVAL: lambda: (
            _since.absence("links of struct_ops maps") or "the kernel does not take its values"
        ),
    }
    pointer = attempt(what, lib.bpf_map__attach_struct_ops, core.pointer, hints=hints)
    return make_link(pointer, f"struct_ops:{core.name}", core.name, core.owner, StructOpsLink)
