"""A map before its object is loaded: what can be changed about it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf._check import attempt, not_found, path_of
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf._settings import U64, Settings, flag, member, number
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.map import BpfMap

_DATA = (".data", ".bss", ".rodata")


class OpenMap(Settings):
    """A map of an object that is open and not loaded.

    Assigning to an attribute changes what `OpenObject.load` will create. After the load every use is
    a `BpfError`. A map that holds package variables (``.data`` and the like), and one of a
    ``struct_ops`` section, keeps its type and sizes, but for the `value_size` of the former.
    """

    __slots__ = ()
    _kind = "map"

    @property
    def type(self) -> BpfMapType:
        """The map's type; set it by member, by number or by name (``"lru_hash"``)."""
        return BpfMapType(lib.bpf_map__type(self._pointer))

    @type.setter
    def type(self, value: BpfMapType | int | str) -> None:
        kind = member("type", BpfMapType, value)
        self._require_free("the type")
        if BpfMapType.STRUCT_OPS in (kind, self.type):
            raise self._wrong("the type", "a map has the type STRUCT_OPS by its section alone")
        self._set("the type", lib.bpf_map__set_type, kind)

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        return int(lib.bpf_map__key_size(self._pointer))

    @key_size.setter
    def key_size(self, value: int) -> None:
        size = number("key_size", value)
        self._require_free("the key size")
        self._set("the key size", lib.bpf_map__set_key_size, size)

    @property
    def value_size(self) -> int:
        """Bytes of a value.

        Of a section of package variables it can be set where the last variable is an array, to
        what fits a whole number of elements: the array has that many then, ``ValueError``
        otherwise. Values that were set in ``globals`` stay.
        """
        return int(lib.bpf_map__value_size(self._pointer))

    @value_size.setter
    def value_size(self, value: int) -> None:
        size = number("value_size", value, least=1)
        if not self._is_data:
            self._require_free("the value size")
            self._set("the value size", lib.bpf_map__set_value_size, size)
            return
        _require_libbpf_1_3(f"set the value size of {self._label}")
        self._check_section(size)
        self._set("the value size", lib.bpf_map__set_value_size, size)
        self._opened._resized()

    @property
    def max_entries(self) -> int:
        """How many entries fit; bytes in a ring buffer, which the load rounds up to whole pages."""
        return int(lib.bpf_map__max_entries(self._pointer))

    @max_entries.setter
    def max_entries(self, value: int) -> None:
        entries = number("max_entries", value)
        self._require_free("the entries")
        self._set("the entries", lib.bpf_map__set_max_entries, entries)

    @property
    def flags(self) -> int:
        """The kernel's ``BPF_F_…`` for making a map."""
        return int(lib.bpf_map__map_flags(self._pointer))

    @flags.setter
    def flags(self, value: int) -> None:
        flags = number("flags", value)
        self._require_free("the flags")
        self._set("the flags", lib.bpf_map__set_map_flags, flags)

    @property
    def extra(self) -> int:
        """What a type takes besides: a bloom filter's number of hashes, an arena's address."""
        return int(lib.bpf_map__map_extra(self._pointer))

    @extra.setter
    def extra(self, value: int) -> None:
        extra = number("extra", value, U64)
        self._require_free("the extra")
        self._set("the extra", lib.bpf_map__set_map_extra, extra)

    @property
    def numa_node(self) -> int:
        """The node that the map's memory is on; setting it needs the flag ``BPF_F_NUMA_NODE`` (4), too."""
        return int(lib.bpf_map__numa_node(self._pointer))

    @numa_node.setter
    def numa_node(self, value: int) -> None:
        self._set("the NUMA node", lib.bpf_map__set_numa_node, number("numa_node", value))

    @property
    def autocreate(self) -> bool:
        """Whether the load makes the map; without it programs that use the map must be left out, too,
        or must not come to the places that do."""
        return bool(lib.bpf_map__autocreate(self._pointer))

    @autocreate.setter
    def autocreate(self, value: bool) -> None:
        self._set("autocreate", lib.bpf_map__set_autocreate, flag("autocreate", value))

    @property
    def pin_path(self) -> str | None:
        """Where in a BPF file system the load pins the map, under whatever name; None: nowhere.

        A map that is pinned there already is taken in place of a new one; the load fails where it
        is of another type or size. Kernel 4.4 or later.
        """
        pointer = self._pointer  # held until the path is read
        found = lib.bpf_map__pin_path(pointer)
        return None if found == ffi.NULL else os.fsdecode(ffi.string(found))

    @pin_path.setter
    def pin_path(self, value: str | os.PathLike[str] | None) -> None:
        path = ffi.NULL if value is None else os.fsencode(path_of("pin_path", value))
        if path == b"" or (value is not None and b"\0" in path):
            raise ValueError("pin_path must be a path, or None for no pin")
        self._set("the pin path", lib.bpf_map__set_pin_path, path)

    def reuse(self, other: str | os.PathLike[str] | int | BpfMap[Any, Any]) -> None:
        """Take an existing map in place of a new one: by the path of a pin, by a descriptor, or another
        object's. It stays the caller's: a descriptor may be closed afterwards.

        `NotFoundError` where there is no such pin, `BpfError` where it is no map, or of another
        type, key or value size; its number of entries counts. Kernel 4.13 or later.
        """
        pointer = self._pointer
        what = f"reuse a map as '{self.name}'"
        if isinstance(other, (str, os.PathLike)):
            fd = _open_pin(os.fspath(other), what)
            try:
                self._take(pointer, fd, what)
            finally:
                os.close(fd)
            return
        fd = number("a descriptor", other if isinstance(other, int) else _descriptor(other), (1 << 31) - 1)
        self._take(pointer, fd, what)

    def _take(self, pointer: Any, fd: int, what: str) -> None:
        info = _info(fd, what)
        ours = (self.type.name, self.key_size, self.value_size)
        theirs = (BpfMapType(info.type).name, info.key_size, info.value_size)
        names = ("type", "key size", "value size")
        differ = [
            f"its {name} is {b}, that of the object's map {a}"
            for name, a, b in zip(names, ours, theirs, strict=True)
            if a != b
        ]
        if differ:
            raise BpfError(f"{what} failed: {', '.join(differ)}", errno.EINVAL)
        attempt(what, lib.bpf_map__reuse_fd, pointer, fd)

    @property
    def _section(self) -> str:
        """The section that the map is made of; libbpf puts the object's name before the plain ones."""
        return self.name if self.name.startswith(".") else "." + self.name.rpartition(".")[2]

    @property
    def _is_data(self) -> bool:
        return bool(lib.bpf_map__is_internal(self._pointer)) and self._section.startswith(_DATA)

    def _require_free(self, what: str) -> None:
        pointer = self._pointer
        if lib.bpf_map__is_internal(pointer):
            raise self._wrong(what, "it holds variables of the programs, whose layout is fixed")
        if self.type is BpfMapType.STRUCT_OPS:
            raise self._wrong(what, "the kernel's struct decides that")
        if lib.bpf_map__fd(pointer) >= 0:
            raise self._wrong(what, "it was given an existing map by reuse()")

    def _check_section(self, size: int) -> None:
        """``ValueError`` where the section cannot have that size; libbpf would drop its types, or cut it."""
        name, btf = self._section, self._opened.btf
        variables = btf.section_vars(name) if btf is not None else ()
        last = max(variables, key=lambda var: var.offset, default=None)
        if btf is None or last is None:
            raise self._wrong("the value size", "no BTF says which variables are in it")
        step = _element_size(btf, last.type_id)
        if not step:
            raise self._wrong("the value size", f"its last variable, '{last.name}', is no array")
        if size < last.offset + step or (size - last.offset) % step:
            raise ValueError(
                f"{self._label}: value_size must be {last.offset} and a multiple of {step}, the size of the "
                f"elements of '{last.name}', not {size}"
            )

    def __repr__(self) -> str:
        if self._opened.used:
            return f"<OpenMap '{self.name}' of an object that is no longer open>"
        left_out = "" if self.autocreate else " left out"
        return f"<OpenMap '{self.name}' {self.type.name}: {self.max_entries} entries{left_out}>"


def _require_libbpf_1_3(what: str) -> None:
    """Before, libbpf took the size and left its memory as it was."""
    if (lib.libbpf_major_version(), lib.libbpf_minor_version()) < (1, 3):
        version = text(lib.libbpf_version_string())
        raise UnsupportedError(
            f"{what} failed: libbpf {version} cannot resize variables; libbpf 1.3 brought it"
        )


def _element_size(btf: Btf, type_id: int) -> int:
    from tinybpf.libbpf.btf_wire import BtfKind

    record = btf.resolve(type_id)
    if record.kind is BtfKind.VAR:
        record = btf.resolve(record.ref)
    return btf.size_of(btf.array_of(record)[0]) if record.kind is BtfKind.ARRAY else 0


def _descriptor(other: Any) -> int:
    fd = getattr(other, "fd", None)
    if fd is None:
        raise TypeError(f"reuse() takes the path of a pin, a descriptor or a map, not {type(other).__name__}")
    return int(fd)


def _open_pin(path: str, what: str) -> int:
    if not os.path.lexists(path):
        raise not_found(f"{what} failed: nothing is pinned at '{path}'", errno.ENOENT)
    from tinybpf.libbpf._pin_hints import for_open

    return int(attempt(what, lib.bpf_obj_get, os.fsencode(path), hints=for_open(path)))


def _info(fd: int, what: str) -> Any:
    try:
        kind = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        raise BpfError(f"{what} failed: {fd} is no open descriptor", errno.EBADF) from None
    if kind != "anon_inode:bpf-map":
        raise BpfError(f"{what} failed: it is no map, but {kind}", errno.EINVAL)
    info, size = ffi.new("struct bpf_map_info *"), ffi.new("__u32 *", ffi.sizeof("struct bpf_map_info"))
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return info
