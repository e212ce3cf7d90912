"""struct_ops: programs as the kernel's own functions, such as a congestion control of TCP."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._without_link import UntiedLink
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.link import BpfLink, is_link, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf._mapcore import MapCore

LINK = 1 << 13  # BPF_F_LINK


class StructOpsLink(BpfLink):
    """A struct_ops map that is in force. `update` takes another map of the same kind."""

    def update(self, program: Any, *, expected: Any = None) -> None:
        """Put another map of an object, loaded, into the place of the link's, in one step. Kernel 6.4.

        The maps must be in a section ``.struct_ops.link``.
        """
        from tinybpf.libbpf.map import BpfMap

        if expected is not None:
            raise ValueError("expected is for links of programs")
        if not isinstance(program, BpfMap):
            raise TypeError(f"a struct_ops link is updated to a map, not to a {type(program).__name__}")
        what = f"update link '{self._target}' to map '{program.name}'"
        core = program._core
        _held = core.held()
        _require_struct_ops(what, core)
        if not _flags(what, core) & LINK:  # libbpf would put it into force besides
            raise BpfError(f"{what} failed: the map is not in section .struct_ops.link", errno.EINVAL)
        hints = {errno.EINVAL: "the map is of another struct", errno.EBUSY: "the map was in force before"}
        with self._lock:
            self._kernel_link(what)
            attempt(what, lib.bpf_link__update_map, self._require(), core.pointer, hints=hints)
            self._program = program.name


class StructOpsMapLink(UntiedLink):
    """A struct_ops map in force without a link: before Linux 6.4, and maps in ``.struct_ops``."""

    kind = "a struct_ops map that is not in section .struct_ops.link, or before Linux 6.4,"

    def keep(self) -> BpfLink:
        """`BpfError`: it is taken back by way of its map."""
        self._require()
        raise BpfError(
            f"keep link '{self._target}' failed: {self.kind} is no link of the kernel's, and ends with its "
            "object",
            errno.EOPNOTSUPP,
        )


class InForce:
    """A struct_ops map that is in force without a link: libbpf's idea of one."""

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer

    def remove(self) -> None:
        """Take it out of force. Idempotent."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            attempt("take a struct_ops map out of force", lib.bpf_link__destroy, pointer)


def attach(core: MapCore) -> BpfLink:
    """See `BpfMap.attach`. Kernel 5.6 or later."""
    _held = core.held()
    what = f"attach struct_ops map '{core.name}'"
    _require_struct_ops(what, core)
    hints: Hints = {
        errno.EEXIST: "the kernel has one of this name already",
        errno.EBUSY: "it is attached already, or was: a map without link is so only once",
        errno.EINVAL: lambda: (
            _since.absence("links of struct_ops maps") or "the kernel does not take its values"
        ),
    }
    assert core.owner is not None
    given = core.owner.within(core.pointer)
    pointer = attempt(what, lib.bpf_map__attach_struct_ops, given, hints=hints)
    target = f"struct_ops:{core.name}"
    if not is_link(lib.bpf_link__fd(pointer)):
        return make_link(InForce(pointer), target, core.name, core.owner, StructOpsMapLink)
    return make_link(pointer, target, core.name, core.owner, StructOpsLink)


def _require_struct_ops(what: str, core: MapCore) -> None:
    if core.type is not BpfMapType.STRUCT_OPS or core.owner is None or core.pointer is None:
        raise BpfError(
            f"{what} failed: it is a map of type {core.type.name}; only the struct_ops maps of an object are "
            "attached",
            errno.EINVAL,
        )


def _flags(what: str, core: MapCore) -> int:
    info = ffi.new("struct bpf_map_info *")
    size = ffi.new("__u32 *", ffi.sizeof("struct bpf_map_info"))
    attempt(what, lib.bpf_obj_get_info_by_fd, core.fd, info, size)
    return int(info.map_flags)
