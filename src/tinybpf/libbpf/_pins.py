"""Pins: names in a BPF file system that keep a map alive."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _mapinfo
from tinybpf.libbpf._check import Hints, attempt, not_found, path_of
from tinybpf.libbpf._handle import Descriptor
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf._mapcore import UNTYPED, MapCore, MapTypes
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.map import BpfMap


def pin_map(core: MapCore, path: str) -> None:
    """Pin by the descriptor, as often as one likes: libbpf knows one path for a map."""
    from tinybpf.libbpf._pin_hints import for_pin

    _held, fd = core.held(), core.require()
    attempt(f"pin map '{core.name}' to '{path}'", _pin, fd, path, hints=for_pin(path))


def _pin(fd: int, path: str) -> int:
    """As libbpf: the last directory is made where it is missing; it goes again where that is no help."""
    result: int = lib.bpf_obj_pin(fd, os.fsencode(path))
    if result != -errno.ENOENT:
        return result
    folder = os.path.dirname(path) or "."
    try:
        os.mkdir(folder, 0o700)
    except OSError:
        return result
    result = lib.bpf_obj_pin(fd, os.fsencode(path))
    if result:
        with suppress(OSError):
            os.rmdir(folder)
    return result


def unpin_map(core: MapCore, path: str) -> None:
    """Take away a pin, if it is one of this map."""
    what = f"unpin map '{core.name}' from '{path}'"
    _held, mine = core.held(), core.require()
    if not os.path.lexists(path):
        raise not_found(f"{what} failed: there is no such pin", errno.ENOENT)
    hints: Hints = dict.fromkeys((errno.EINVAL, errno.EPERM), "it is no pin")
    pinned = attempt(what, lib.bpf_obj_get, os.fsencode(path), hints=hints)
    try:
        same = (
            descriptor_kind(pinned) == "bpf-map"
            and _mapinfo.of_fd(pinned, what).id == _mapinfo.of_fd(mine, what).id
        )
    finally:
        os.close(pinned)
    if not same:
        raise BpfError(f"{what} failed: it is the pin of something else")
    os.unlink(path)


def pin_program(fd: int, name: str, path: str) -> None:
    from tinybpf.libbpf._pin_hints import for_pin

    what = f"pin program '{name}' to '{path}'"
    attempt(what, lib.bpf_obj_pin, fd, os.fsencode(path), hints=for_pin(path))


def unpin_program(fd: int, name: str, path: str) -> None:
    """Take away a pin, if it is one of this program."""
    what = f"unpin program '{name}' from '{path}'"
    if not os.path.lexists(path):
        raise not_found(f"{what} failed: there is no such pin", errno.ENOENT)
    pinned = attempt(what, lib.bpf_obj_get, os.fsencode(path), hints={errno.EINVAL: "it is no pin"})
    try:
        same = _program_id(pinned, what) == _program_id(fd, what)
    finally:
        os.close(pinned)
    if not same:
        raise BpfError(f"{what} failed: something else is pinned there", errno.EINVAL)
    os.unlink(path)


def _program_id(fd: int, what: str) -> int | None:
    """The number of a program by a descriptor; None for one of something else."""
    if os.readlink(f"/proc/self/fd/{fd}") != "anon_inode:bpf-prog":
        return None
    info, size = ffi.new("struct bpf_prog_info *"), ffi.new("__u32 *", ffi.sizeof("struct bpf_prog_info"))
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return int(info.id)


def open_pinned_map(
    path: str | os.PathLike[str], key_type: Any = None, value_type: Any = None
) -> BpfMap[Any, Any]:
    """Open a map that is pinned at ``path``. Kernel 4.4 or later.

    Its types come from the BTF that the kernel keeps with it, unless they are given.
    `NotFoundError` where nothing is pinned there, `BpfError` where it is no map.
    """
    name = path_of("path", path)
    what = f"open pinned map '{name}'"
    if not os.path.lexists(name):
        raise not_found(f"{what} failed: there is no such pin", errno.ENOENT)
    from tinybpf.libbpf._pin_hints import for_open

    fd = attempt(what, lib.bpf_obj_get, os.fsencode(name), hints=for_open(name))
    return _map_of_fd(fd, what, key_type, value_type)


def open_map_by_id(id: int, key_type: Any = None, value_type: Any = None) -> BpfMap[Any, Any]:
    """Open the map that the kernel has under this number (`BpfMap.id`). Kernel 4.13 or later.

    It stands alone, with the types of the BTF that the kernel keeps with it, unless they are given.
    `NotFoundError` where there is no such map. It takes CAP_SYS_ADMIN.
    """
    from tinybpf.libbpf.opened_program import descriptor

    what = f"open map {id}"
    fd = descriptor(lib.bpf_map_get_fd_by_id, id, what)
    if fd is None:
        raise not_found(f"{what} failed: there is no map with this id", errno.ENOENT)
    return _map_of_fd(fd, what, key_type, value_type)


def _map_of_fd(fd: int, what: str, key_type: Any, value_type: Any) -> BpfMap[Any, Any]:
    """The map behind a descriptor, which it owns from here on."""
    from tinybpf.libbpf.codec import codec_for_python
    from tinybpf.libbpf.map import map_of

    core = _core_of(Descriptor(fd), what)
    key = None if key_type is None else codec_for_python(key_type, core.key_size)
    value = None if value_type is None else codec_for_python(value_type, core.value_size)
    return map_of(core, key, value)


def descriptor_kind(fd: int) -> str:
    """What a descriptor is one of, in the kernel's words: ``bpf-map``, ``bpf-prog``, ``bpf_link``."""
    return os.readlink(f"/proc/self/fd/{fd}").removeprefix("anon_inode:").strip("[]")


def _core_of(own: Descriptor, what: str) -> MapCore:
    kind = descriptor_kind(own.number)
    if kind != "bpf-map":
        raise BpfError(
            f"{what} failed: this is no map, but a {kind.replace('bpf-', 'BPF ').replace('_', ' ')}"
        )
    info = _mapinfo.of_fd(own.number, what)
    sizes = (info.key_size, info.value_size, info.max_entries)
    ids = (info.btf_id, info.btf_key_type_id, info.btf_value_type_id)
    return MapCore(
        text(info.name),
        BpfMapType(info.type),
        sizes,
        own.number,
        find_types=lambda: _kernel_types(*ids),
        own=own,
    )


def _kernel_types(btf_id: int, key: int, value: int) -> MapTypes:
    """The types of a map's key and value from the BTF that the kernel keeps with it."""
    btf = _kernel_btf(btf_id) if btf_id else None
    return UNTYPED if btf is None else MapTypes(btf, key or None, value or None)


def _kernel_btf(btf_id: int) -> Btf | None:
    """BTF that the kernel keeps, or None where it does not give it."""
    from tinybpf.libbpf.btf import Btf

    btf = lib.btf__load_from_kernel_by_id(btf_id)
    if btf == ffi.NULL:
        return None
    try:
        size = ffi.new("__u32 *")
        raw = lib.btf__raw_data(btf, size)
        return None if raw == ffi.NULL else Btf(bytes(ffi.buffer(raw, size[0])))
    finally:
        lib.btf__free(btf)
