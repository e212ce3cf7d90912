"""Maps as dictionaries: typed by the object's BTF, or by a type that the caller gives."""

from __future__ import annotations

import os
import sys
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import path_of
from tinybpf.libbpf._mapcore import MapCore, MapTypes
from tinybpf.libbpf._mapmany import ManyEntries, MapItems, MapValues
from tinybpf.libbpf.enums import BPF_ANY, DICTIONARIES, BpfMapType

# BTF and the codecs are imported by the first map that is used: 10 ms that a program which only
# loads and attaches does not pay.
if TYPE_CHECKING:
    from tinybpf.libbpf._mapmemory import ArenaMemory
    from tinybpf.libbpf.btf import BtfType
    from tinybpf.libbpf.codec import Codec
    from tinybpf.libbpf.info import MapInfo
    from tinybpf.libbpf.link import BpfLink

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class BpfMap(ManyEntries[K, V]):
    """A map of an object, or one that stands alone, as a dictionary.

    Keys and values go in as ints, bytes of the exact size, ``ctypes`` structures, dataclasses, or
    the classes made from BTF, and come out as BTF (or `typed`) says; without BTF as bytes. A per-CPU
    map's value is a list with one element for each possible CPU. An entry that is not there is a
    ``KeyError``, None or False, never a `BpfError`. Maps that are no dictionaries (queues, filters,
    references to programs …) have what their kind can do; all else says what to use instead.

    One entry is read or written by one system call, which other threads of Python wait for; reading
    all of them goes many at a time, while other threads run. Any thread may use a map, and close it.
    """

    _core: MapCore

    def __init__(self, core: MapCore, key: Codec | None = None, value: Codec | None = None) -> None:
        super().__init__(core)
        self._key = key
        self._value = value

    # What it is

    @property
    def name(self) -> str:
        """The map's name, as the object has it; the kernel keeps 15 bytes of it."""
        return self._core.name

    @property
    def type(self) -> BpfMapType:
        """What kind of map it is."""
        return self._core.type

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        return self._core.key_size

    @property
    def value_size(self) -> int:
        """Bytes of a value, of one CPU where each has its own."""
        return self._core.value_size

    @property
    def max_entries(self) -> int:
        """How many entries fit; bytes in a ring buffer."""
        return self._core.max_entries

    @property
    def fd(self) -> int:
        """The descriptor; it belongs to the object, or to this map where it stands alone."""
        return self._core.require()

    @property
    def info(self) -> MapInfo:
        """Name, type, sizes and number of entries in one."""
        from tinybpf.libbpf.info import MapInfo

        core = self._core
        return MapInfo(core.name, core.type, core.key_size, core.value_size, core.max_entries)

    @property
    def id(self) -> int:
        """The kernel's number of the map. Kernel 4.13 or later."""
        from tinybpf.libbpf import _mapinfo

        return int(_mapinfo.of(self._core).id)

    @property
    def flags(self) -> int:
        """The flags that the map was created with (``BPF_F_*``). Kernel 4.13 or later."""
        from tinybpf.libbpf import _mapinfo

        return int(_mapinfo.of(self._core).map_flags)

    @property
    def is_standalone(self) -> bool:
        """Whether it was opened by itself, without an object."""
        return self._core.owner is None

    @property
    def is_percpu(self) -> bool:
        """Whether each CPU has a value of its own."""
        return self._core.is_percpu

    @property
    def types(self) -> MapTypes:
        """The object's BTF and the type ids in it; None where nothing is known. `BpfError` once closed."""
        self._core.require()
        return self._core.types

    @property
    def btf_key(self) -> BtfType | None:
        """The key's type, None where nothing is known of it."""
        return self._btf_type(self.types.key)

    @property
    def btf_value(self) -> BtfType | None:
        """The value's type, None where nothing is known of it."""
        return self._btf_type(self.types.value)

    def _btf_type(self, type_id: int | None) -> BtfType | None:
        btf = self.types.btf
        return btf.type(type_id) if btf is not None and type_id else None

    def typed(
        self, *, key: Any = None, value: Any = None, validate_field_names: bool = True
    ) -> BpfMap[Any, Any]:
        """A view of the same map with other Python types for keys, values or both.

        A type is a ``ctypes`` structure or scalar, ``int``, ``float``, ``bool``, ``bytes``,
        ``str``, an ``IntEnum``, a class made from BTF, or a dataclass with the fields of a struct.
        `BtfValidationError` where it does not fit what BTF says: size, fields, their offsets, and
        their names unless ``validate_field_names`` is False.
        """
        from tinybpf.libbpf._mapcodecs import codec_for_user

        core = self._core
        core.require()

        def user_codec(type_: Any, type_id: int | None, size: int) -> Codec:
            return codec_for_user(core.types.btf, type_, type_id, size, validate_field_names)

        return type(self)(
            core,
            self._key if key is None else user_codec(key, core.types.key, core.key_size),
            self._value if value is None else user_codec(value, core.types.value, core.value_size),
        )

    # The codecs, chosen at first use

    @cached_property
    def _key_codec(self) -> Codec:
        return self._key or self._default_key()

    @cached_property
    def _value_codec(self) -> Codec:
        return self._value or self._default_value()

    def _default_key(self) -> Codec:
        from tinybpf.libbpf.codec import codec_for

        types = self._core.types
        return codec_for(types.btf, types.key, self._core.key_size)

    def _default_value(self) -> Codec:
        from tinybpf.libbpf.codec import codec_for

        types = self._core.types
        return codec_for(types.btf, types.value, self._core.value_size)

    def _choose_codecs(self) -> None:
        """What C asks for before the map's first entry is read or written."""
        core, key, value = self._core, self._key_codec, self._value_codec
        form, encode, decode = value.form, value.encode, value.decode
        if core.is_percpu:
            from tinybpf.libbpf import _percpu

            form, encode, decode = "", partial(_percpu.encode, core, value), _percpu.decoder(core, value)
        self._bind(
            (key.form, core.key_size, key.encode, key.decode), (form, core.room, encode, decode), self._slow
        )

    # lookup, get, update, delete, [] and in are MapAccess's, in C; all of many entries, ManyEntries'

    def lookup_percpu(self, key: K) -> list[Any] | None:
        """The values of all possible CPUs, or None; `BpfError` where the map is not per-CPU."""
        self._require_percpu()
        found: Any = self.lookup(key)
        return found  # type: ignore[no-any-return]

    def lookup_percpu_sum(self, key: K) -> Any:
        """The sum of all CPUs' values, or None; for values that are numbers."""
        values = self.lookup_percpu(key)
        try:
            return None if values is None else sum(values)
        except TypeError:
            label = self._value_codec.label
            raise TypeError(
                f"values of map '{self.name}' are {label}, which cannot be added\n  hint: "
                "typed(value=int) makes them numbers"
            ) from None

    def items_percpu(self) -> Iterator[tuple[K, list[Any]]]:
        """Keys with the values of all CPUs; what vanishes meanwhile is left out."""
        self._require_percpu()
        return iter(self.items())  # type: ignore[arg-type]

    def _require_percpu(self) -> None:
        if not self._core.is_percpu:
            self._expected("a per-CPU type")

    # As a dictionary

    def __iter__(self) -> Iterator[K]:
        if self._core.is_array:
            return self._indices()
        return self._entries("keys")

    def _indices(self) -> Iterator[Any]:
        """The keys of an array, which are all there."""
        self._core.require()
        numbers = range(self.max_entries)
        if self._key_codec.form == "I":
            return iter(numbers)
        decode = self._key_codec.decode
        return (decode(number.to_bytes(4, sys.byteorder)) for number in numbers)

    def __len__(self) -> int:
        """The number of entries; all of them have to be visited but in an array."""
        self._core.require()
        return self.max_entries if self._core.is_array else self._raw()._entries("keys").count()

    def __bool__(self) -> bool:
        return True  # a map is there, be it empty

    def keys(self) -> KeysView[K]:
        """The keys, read as they are iterated over."""
        return KeysView(self)

    def values(self) -> ValuesView[V]:
        """The values; read many at a time where the kernel can (Linux 5.6)."""
        return MapValues(self)

    def items(self) -> ItemsView[K, V]:
        """The pairs of key and value; read many at a time where the kernel can (Linux 5.6).

        It ends whatever others write meanwhile; what comes or goes in that time may be seen or not.
        """
        return MapItems(self)

    # What other kinds of maps can do

    def push(self, value: V, flags: int = BPF_ANY) -> None:
        """Put a value into a queue or onto a stack. Kernel 4.20 or later.

        Where it is full: `BpfError`, or with ``flags=BPF_EXIST`` the oldest value goes.
        """
        self._expected("QUEUE or STACK")

    def peek(self, default: Any = None) -> Any:
        """The value that `pop` would give, or the default where a queue or stack is empty."""
        self._expected("QUEUE or STACK")

    def add(self, value: V) -> None:
        """Put a value into a bloom filter; ``value in map`` then holds. Kernel 5.16 or later."""
        self._expected("BLOOM_FILTER")

    def symbols(self, key: K) -> list[str]:
        """A stack trace with the kernel's names for its addresses, as far as /proc/kallsyms tells."""
        self._expected("STACK_TRACE")

    def memory(self) -> memoryview | ArenaMemory:
        """The memory of an arena, or of an array that was created with ``BPF_F_MMAPABLE``.

        What is written there, programs see at once. An array's elements are 8 bytes apart, or a
        multiple. Kernel 5.5 or later, arenas 6.9. It lasts as long as the view; the memory of an
        object's arena, which has slices only, as long as the object."""
        from tinybpf.libbpf import _mapmemory

        return _mapmemory.view(self._core)

    def freeze(self) -> None:
        """Let nobody change the map from user space any more; programs still may. Kernel 5.2 or later."""
        from tinybpf.libbpf import _mapinfo

        _mapinfo.freeze(self._core)

    def _expected(self, kind: str) -> NoReturn:
        self._core.require()
        raise BpfError(f"map '{self.name}' is type {self.type.name}, expected {kind}")

    # Attachment, pins, and the end

    def attach(self) -> BpfLink:
        """Put a struct_ops map into force: the kernel calls its programs from now on.

        The link can be updated to another map and pinned where the map is in a section
        ``.struct_ops.link``: kernel 6.4. Kernel 5.6 or later. `BpfError` with EINVAL for maps of other
        types, EEXIST where the kernel has one of the name.
        """
        from tinybpf.libbpf.attach import struct_ops

        return struct_ops.attach(self._core)

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Pin the map in a BPF file system, where it outlives the process. Kernel 4.4 or later."""
        from tinybpf.libbpf import _pins

        _pins.pin_map(self._core, path_of("path", path))

    def unpin(self, path: str | os.PathLike[str]) -> None:
        """Take a pin away."""
        from tinybpf.libbpf import _pins

        _pins.unpin_map(self._core, path_of("path", path))

    def close(self) -> None:
        """Close a map that stands alone; one of an object closes with the object."""
        if self._core.owner is None:
            self._core.close()

    def __enter__(self) -> BpfMap[K, V]:
        self._core.require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        core = self._core
        if core.type in (BpfMapType.RINGBUF, BpfMapType.USER_RINGBUF):
            shape = f"{core.max_entries} bytes"
        elif core.type is BpfMapType.ARENA:
            shape = f"{core.max_entries} pages"
        else:
            labels = [self._label(which) for which in ("key", "value") if which == "value" or core.key_size]
            shape = f"{' → '.join(labels)}, {core.max_entries} entries"
        state = ", closed" if core.fd < 0 else ""
        return f"<BpfMap '{core.name}' {core.type.name}: {shape}{state}>"

    def _label(self, which: str) -> str:
        size = self.key_size if which == "key" else self.value_size
        try:
            return (self._key_codec if which == "key" else self._value_codec).label
        except BpfError:  # closed before anybody asked
            return f"{size} bytes"


def map_of(core: MapCore, key: Codec | None = None, value: Codec | None = None) -> BpfMap[Any, Any]:
    """The map as what it is: a dictionary, or one of the kinds in ``kinds``."""
    if core.type in DICTIONARIES:
        return BpfMap(core, key, value)
    from tinybpf.libbpf import kinds

    return kinds.class_for(core.type)(core, key, value)
