"""What eBPF the kernel holds, whoever loaded it: programs, maps, links and BTF by their numbers.

Each function walks over all of one kind and gives plain facts; what comes and goes meanwhile may be
missed. It takes CAP_SYS_ADMIN.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from tinybpf.errors import BpfError
from tinybpf.libbpf import _hints, _program_info, _since
from tinybpf.libbpf._check import attempt, error_from, not_found
from tinybpf.libbpf._lib import ffi, lib, mark_used, text
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.info import BtfInfo, MapInfo, ProgramInfo
from tinybpf.libbpf.opened_program import descriptor

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.link_info import LinkInfo

_T = TypeVar("_T")
_NAME_ROOM = 64
VMLINUX = "vmlinux"


def programs() -> Iterator[ProgramInfo]:
    """All programs in the kernel, in the order of their numbers. Kernel 4.13 or later.

    `open_program_by_id` opens one. `BpfError` with EPERM where this process may not ask.
    """
    return _walk("programs", lib.bpf_prog_get_next_id, lib.bpf_prog_get_fd_by_id, _program)


def maps() -> Iterator[MapInfo]:
    """All maps in the kernel, in the order of their numbers. Kernel 4.13 or later."""
    return _walk("maps", lib.bpf_map_get_next_id, lib.bpf_map_get_fd_by_id, _map)


def btfs() -> Iterator[BtfInfo]:
    """All type information in the kernel: its own, its modules' and that of objects. Kernel 5.4 or later."""
    since = _since.Fact("BTF by number", "5.4")
    return _walk("BTF", lib.bpf_btf_get_next_id, lib.bpf_btf_get_fd_by_id, _btf, since)


def links() -> Iterator[LinkInfo]:
    """All links in the kernel, in the order of their numbers. Kernel 5.8 or later.

    `open_link_by_id` opens one.
    """
    from tinybpf.libbpf import link_info

    since = _since.Fact("links by number", "5.8")
    return _walk(
        "links",
        lib.bpf_link_get_next_id,
        lib.bpf_link_get_fd_by_id,
        lambda fd, what: link_info.read(what, fd),
        since,
    )


def open_btf_by_id(id: int) -> Btf:
    """The types of an object, or the kernel's own, by the number of the BTF (`BtfInfo.id`).

    Kernel 4.18 or later. `NotFoundError` where there is none, `BpfError` for a module's: it goes on
    where the kernel's ends, and means nothing alone.
    """
    from tinybpf.libbpf.btf import Btf

    what = f"open BTF {id}"
    fd = descriptor(lib.bpf_btf_get_fd_by_id, id, what)
    if fd is None:
        raise not_found(f"{what} failed: there is no BTF with this id", errno.ENOENT)
    try:
        found = _btf(fd, what)
        if found.kernel and found.name != VMLINUX:
            raise BpfError(f"{what} failed: it is that of the module {found.name}, which has no types alone")
        raw, info = ffi.new("char[]", max(found.size, 1)), ffi.new("struct bpf_btf_info *")
        info.btf, info.btf_size = _program_info.address(raw), found.size
        size = ffi.new("__u32 *", ffi.sizeof("struct bpf_btf_info"))
        attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
        return Btf(bytes(ffi.buffer(raw, found.size)))
    finally:
        os.close(fd)


def _walk(
    kind: str,
    next_id: Callable[[int, Any], int],
    open_id: Callable[[int], int],
    facts: Callable[[int, str], _T],
    since: _since.Fact | None = None,
) -> Iterator[_T]:
    """The facts of all objects of a kind; asks once before the first, so that errors come at once."""
    mark_used()
    first = _next(kind, next_id, 0, since)
    return _each(kind, next_id, open_id, facts, first)


def _each(
    kind: str,
    next_id: Callable[[int, Any], int],
    open_id: Callable[[int], int],
    facts: Callable[[int, str], _T],
    found: int,
) -> Iterator[_T]:
    while found:
        what = f"list {kind}: look at {found}"
        fd = open_id(found)
        if fd >= 0:
            try:
                told = facts(fd, what)
            finally:
                os.close(fd)
            yield told
        elif fd not in (-errno.ENOENT, -errno.EAGAIN):  # that one went meanwhile, or is being made
            raise error_from(what, -fd, None, _HINTS)
        found = _next(kind, next_id, found, None)


def _next(kind: str, next_id: Callable[[int, Any], int], start: int, since: _since.Fact | None) -> int:
    """The number after ``start``, 0 at the end."""
    following = ffi.new("__u32 *")
    result = next_id(start, following)
    if result == 0:
        return int(following[0])
    if result == -errno.ENOENT:
        return 0
    absent = since.absence() if since and result == -errno.EINVAL else None
    hints = {errno.EINVAL: absent} if absent else _HINTS
    raise error_from(f"list {kind}", -result, None, hints)


_HINTS = {errno.EPERM: lambda: _hints.permission_hint((_hints.SYS_ADMIN,))}


def _program(fd: int, what: str) -> ProgramInfo:
    return _program_info.facts(fd, what)


def _map(fd: int, what: str) -> MapInfo:
    info, size = ffi.new("struct bpf_map_info *"), ffi.new("__u32 *", ffi.sizeof("struct bpf_map_info"))
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return MapInfo(
        text(info.name),
        BpfMapType(info.type),
        info.key_size,
        info.value_size,
        info.max_entries,
        id=info.id,
        flags=info.map_flags,
        btf_id=info.btf_id,
    )


def _btf(fd: int, what: str) -> BtfInfo:
    info, name = ffi.new("struct bpf_btf_info *"), ffi.new("char[]", _NAME_ROOM)
    size = ffi.new("__u32 *", ffi.sizeof("struct bpf_btf_info"))
    info.name, info.name_len = _program_info.address(name), _NAME_ROOM
    try:
        attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    except BpfError as error:
        if error.errno != errno.E2BIG:
            raise
        info.name = info.name_len = 0  # Linux 5.11 brought names
        attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return BtfInfo(info.id, text(name), info.btf_size, bool(info.kernel_btf))
