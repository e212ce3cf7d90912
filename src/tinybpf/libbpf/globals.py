"""The variables of a program by name: ``obj.globals["target_pid"]``.

A package variable lies in a section of the object (``.rodata`` where the program never writes it,
else ``.data`` or ``.bss``, or one of the program's own such as ``.data.hot``), and each section is a
map with one value. Before the load its initial bytes can be changed; afterwards it is memory that the
program and this process share, mapped where the kernel allows it (5.5 or later). What the bytes mean
says the object's BTF.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tinybpf.errors import BpfError, MissingError
from tinybpf.libbpf._handle import ObjectHandle, closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import MapCore

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.codec import Codec

SECTIONS = (".rodata", ".data", ".bss", ".kconfig")
_KEY = bytes(4)


class Variable(NamedTuple):
    """Where a variable lies; ``offset`` and ``size`` in bytes, ``type_id`` of the object's BTF."""

    name: str
    section: str
    type_id: int
    offset: int
    size: int

    @property
    def is_constant(self) -> bool:
        """Whether its value is settled once the object is loaded."""
        return self.section.startswith((".rodata", ".kconfig"))


class Memory(Protocol):
    """The bytes of one section."""

    def read(self, offset: int, size: int) -> bytes: ...
    def write(self, offset: int, data: bytes) -> None: ...
    def close(self) -> None: ...


class Globals(Mapping[str, Any]):
    """The object's variables with their values, typed by its BTF.

    Assigning sets one: any before the load, those of ``.data`` and ``.bss`` afterwards. A part of one
    is named as in the source: ``"config.limits[2].rate"``; nothing beside it is touched. A name that
    is not there is a `MissingError` (a ``KeyError``) that lists those that are; a value that does
    not fit is a ``TypeError`` or ``ValueError`` that names variable, type and range.

    While programs and other threads use a variable, each aligned word of it, up to 8 bytes, is
    read and written at once: a number is never half of the old one. Before Linux 5.5, which cannot
    map the section's memory, an assignment writes the whole section, and may undo what a program
    writes in it at the same time.
    """

    def __init__(self, handle: ObjectHandle, *, loaded: bool) -> None:
        self._handle = handle
        self._loaded = loaded
        self._found: dict[str, Variable] | None = None
        self._parts: dict[str, Variable] = {}
        self._memories: dict[str, Memory] = {}
        self._codecs: dict[int, Codec] = {}
        self._closed = False
        self._lock = RLock()  # the object is not freed while somebody is in here: `close` comes first
        handle.add_dependent(self)

    def variable(self, name: str) -> Variable:
        """Where the variable, or the part of one, lies and of what type it is."""
        found = self._variables.get(name)
        if found is None:
            found = self._part(name)
        if found is None:
            raise self._missing(name)
        return found

    def _part(self, name: str) -> Variable | None:
        """``"origin.X"``, ``"table[3]"``; None where there is no such variable."""
        btf = self._handle.btf
        if btf is None or not isinstance(name, str) or not ("." in name or "[" in name):
            return None
        known = self._parts.get(name)
        if known is None:
            from tinybpf.libbpf._parts import find

            known = find(btf, self._variables, name)
            if known is not None:
                self._parts[name] = known
        return known

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            variable = self.variable(name)
            raw = self._memory(variable.section).read(variable.offset, variable.size)
            return self._codec(variable).decode(raw)

    def __setitem__(self, name: str, value: Any) -> None:
        with self._lock:
            self._set(self.variable(name), name, value)

    def _set(self, variable: Variable, name: str, value: Any) -> None:
        if self._loaded and variable.is_constant:
            raise BpfError(
                f"set variable '{name}' failed: it lies in {variable.section}, which is constant once the "
                f"object is loaded\n  hint: give its value when loading: load(…, variables={{'{name}': …}})"
            )
        if variable.section == ".kconfig":
            raise BpfError(
                f"set variable '{name}' failed: the kernel's configuration decides it\n  hint: give another "
                f"value when opening: open(…, kconfig={{'{name}': …}})"
            )
        codec = self._codec(variable)
        try:
            data = codec.encode(value)
        except (TypeError, ValueError, OverflowError) as error:
            label = f" ({codec.label})"
            message = f"variable '{name}': {error}"
            raise type(error)(message if message.endswith(label) else message + label) from None
        self._memory(variable.section).write(variable.offset, data)

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def counter(self, name: str) -> int | None:
        """The value of a variable that counts, None where the object has none of that name."""
        with self._lock:
            if name not in self._variables:
                return None
            value = self[name]
        return value if isinstance(value, int) else None

    def forget(self) -> None:
        """Look for variables and memory anew: a section has another size."""
        with self._lock:
            self._found, self._parts, self._codecs = None, {}, {}
            memories, self._memories = self._memories, {}
            for memory in memories.values():
                memory.close()

    def close(self) -> None:
        """Give the mapped memory back; the object's end does it."""
        with self._lock:
            self._closed = True
            memories, self._memories = self._memories, {}
            for memory in memories.values():
                memory.close()

    @property
    def _variables(self) -> dict[str, Variable]:
        with self._lock:
            if self._closed:
                raise closed_error("object", self._handle.name)
            if self._found is None:
                self._found = {} if self._handle.btf is None else _variables(self._handle, self._handle.btf)
            return self._found

    def _codec(self, variable: Variable) -> Codec:
        from tinybpf.libbpf.codec import codec_for

        codec = self._codecs.get(variable.type_id)
        if codec is None:
            codec = codec_for(self._handle.btf, variable.type_id, variable.size)
            self._codecs[variable.type_id] = codec
        return codec

    def _memory(self, section: str) -> Memory:
        memory = self._memories.get(section)
        if memory is None:
            memory = self._memories[section] = _open_memory(self._handle, section, self._loaded)
        return memory

    def _missing(self, name: str) -> MissingError:
        there = ", ".join(f"'{known}'" for known in self._variables) or "none"
        message = (
            f"object '{self._handle.name}' has no variable '{name}'{self._near(name)}; there is: {there}"
        )
        if self._handle.btf is None:
            message += " (it has no BTF, which would name them)"
        return MissingError(message)

    def _near(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(str(name), self._variables, 1)
        return f" (did you mean '{near[0]}'?)" if near else ""

    def __repr__(self) -> str:
        if self._closed:
            return f"<globals of '{self._handle.name}' closed>"
        return f"<globals of '{self._handle.name}': {', '.join(self._variables) or 'none'}>"


def _variables(handle: ObjectHandle, btf: Btf) -> dict[str, Variable]:
    """All variables that lie in a section which libbpf makes a map of."""
    from tinybpf.libbpf.btf import BtfKind

    found: dict[str, Variable] = {}
    for section in btf.names(BtfKind.DATASEC):
        pointer = _section_map(handle, section)
        if pointer is None:
            continue
        end = lib.bpf_map__value_size(pointer)
        for var in btf.section_vars(section):
            size = btf.size_of(var.type_id)
            if var.name and size and var.offset + size <= end:
                found.setdefault(var.name, Variable(var.name, section, var.type_id, var.offset, size))
    return found


def _section_map(handle: ObjectHandle, section: str) -> Any:
    if not section.startswith(SECTIONS):
        return None
    found = lib.bpf_object__find_map_by_name(handle.pointer, section.encode())
    return None if found == ffi.NULL else found


def _open_memory(handle: ObjectHandle, section: str, loaded: bool) -> Memory:
    pointer = _section_map(handle, section)
    size = lib.bpf_map__value_size(pointer)
    if not loaded:
        return _Initial(pointer, section)
    fd, writable = lib.bpf_map__fd(pointer), not section.startswith(".rodata")
    try:
        return _Mapped(fd, size, writable)
    except OSError:  # a kernel before 5.5
        return _Copied(section, fd, size)


class _Initial:
    """What the section will hold when it is loaded."""

    def __init__(self, pointer: Any, section: str) -> None:
        size = ffi.new("size_t *")
        start = lib.bpf_map__initial_value(pointer, size)
        if start == ffi.NULL:
            raise BpfError(f"section '{section}' has no initial value that could be changed")
        self._bytes = ffi.buffer(start, size[0])

    def read(self, offset: int, size: int) -> bytes:
        return self._bytes[offset : offset + size]  # type: ignore[no-any-return]

    def write(self, offset: int, data: bytes) -> None:
        self._bytes[offset : offset + len(data)] = data

    def close(self) -> None:
        self._bytes = ffi.buffer(ffi.new("char[1]"), 0)


class _Mapped:
    """The section's memory itself."""

    def __init__(self, fd: int, size: int, writable: bool) -> None:
        import mmap

        access = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self._map = mmap.mmap(fd, size, mmap.MAP_SHARED, access)
        self._bytes = ffi.from_buffer("uint8_t[]", self._map)

    def read(self, offset: int, size: int) -> bytes:
        own = ffi.new("uint8_t[]", size)
        lib.tb_memory_read(own, self._bytes + offset, size)
        return bytes(ffi.buffer(own))

    def write(self, offset: int, data: bytes) -> None:
        lib.tb_memory_write(self._bytes + offset, data, len(data))

    def close(self) -> None:
        ffi.release(self._bytes)
        self._map.close()


class _Copied:
    """The section through the map's value as a whole: a write may undo what the program writes meanwhile."""

    def __init__(self, section: str, fd: int, size: int) -> None:
        from tinybpf.libbpf.enums import BpfMapType

        self._core = MapCore(section, BpfMapType.ARRAY, (4, size, 1), fd)

    def read(self, offset: int, size: int) -> bytes:
        return self._whole()[offset : offset + size]

    def write(self, offset: int, data: bytes) -> None:
        whole = bytearray(self._whole())
        whole[offset : offset + len(data)] = data
        self._core.update(_KEY, bytes(whole), 0)

    def _whole(self) -> bytes:
        found: bytes = self._core.lookup(_KEY, bytes)
        return found

    def close(self) -> None:
        self._core.close()
