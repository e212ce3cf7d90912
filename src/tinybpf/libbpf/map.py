"""Maps as dictionaries: typed by the object's BTF, or by a type that the caller gives."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from tinybpf.errors import BpfError
from tinybpf.libbpf import _percpu
from tinybpf.libbpf._mapcore import MapCore, MapTypes
from tinybpf.libbpf.enums import BPF_ANY, BpfMapType
from tinybpf.libbpf.info import MapInfo

# BTF and the codecs are imported by the first map that is used: 10 ms that a program which only
# loads and attaches does not pay.
if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf, BtfType
    from tinybpf.libbpf.codec import Codec
    from tinybpf.libbpf.link import BpfLink

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class BpfMap(Generic[K, V]):
    """A map of an object, or a pinned one, as a dictionary.

    Keys and values go in as ints, bytes of the exact size, ``ctypes`` structures, or the classes
    made from BTF, and come out as BTF (or `typed`) says; without BTF as bytes. A per-CPU map's
    value is a list with one element for each possible CPU. An entry that is not there is a
    ``KeyError``, None or False, never a `BpfError`.
    """

    def __init__(self, core: MapCore, key: Codec | None = None, value: Codec | None = None) -> None:
        self._core = core
        self._key = key
        self._value = value

    # What it is

    @property
    def name(self) -> str:
        return self._core.name

    @property
    def type(self) -> BpfMapType:
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
        core = self._core
        return MapInfo(core.name, core.type, core.key_size, core.value_size, core.max_entries)

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
        ``str``, or a class made from BTF. `BtfValidationError` where it does not fit what BTF says:
        size, fields, their offsets, and their names unless ``validate_field_names`` is False.
        """
        core = self._core
        core.require()

        def user_codec(type_: Any, type_id: int | None, size: int) -> Codec:
            return _user_codec(core.types.btf, type_, type_id, size, validate_field_names)

        return BpfMap(
            core,
            self._key if key is None else user_codec(key, core.types.key, core.key_size),
            self._value if value is None else user_codec(value, core.types.value, core.value_size),
        )

    # The codecs, chosen at first use and then attributes like any other

    @cached_property
    def _key_codec(self) -> Codec:
        types = self._core.types
        return self._key or _codec(types.btf, types.key, self._core.key_size)

    @cached_property
    def _value_codec(self) -> Codec:
        types = self._core.types
        return self._value or _codec(types.btf, types.value, self._core.value_size)

    @cached_property
    def _encode_key(self) -> Callable[[Any], bytes]:
        return self._key_codec.encode

    @cached_property
    def _decode_key(self) -> Callable[[Any], Any]:
        return self._key_codec.decode

    @cached_property
    def _encode_value(self) -> Callable[[Any], bytes]:
        core, codec = self._core, self._value_codec
        return partial(_percpu.encode, core, codec) if core.is_percpu else codec.encode

    @cached_property
    def _decode_value(self) -> Callable[[Any], Any]:
        core, codec = self._core, self._value_codec
        return partial(_percpu.decode, core, codec) if core.is_percpu else codec.decode

    # One entry

    def lookup(self, key: K) -> V | None:
        """The value for the key, or None."""
        found: V | None = self._core.lookup(self._encode_key(key), self._decode_value)
        return found

    def update(self, key: K, value: V, flags: int = BPF_ANY) -> None:
        """Set an entry; ``flags``: `BPF_ANY`, `BPF_NOEXIST` (create only), `BPF_EXIST` (replace only)."""
        self._core.update(self._encode_key(key), self._encode_value(value), flags)

    def delete(self, key: K) -> bool:
        """Remove an entry; False where there was none. An array's entries cannot be removed."""
        return self._core.delete(self._encode_key(key))

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """The value for the key, or the default."""
        found = self.lookup(key)
        return default if found is None else found

    def lookup_percpu(self, key: K) -> list[Any] | None:
        """The values of all possible CPUs, or None; `BpfError` where the map is not per-CPU."""
        self._require_percpu()
        found: Any = self.lookup(key)
        return found  # type: ignore[no-any-return]

    def lookup_percpu_sum(self, key: K) -> Any:
        """The sum of all CPUs' values, or None; for values that are numbers."""
        values = self.lookup_percpu(key)
        return None if values is None else sum(values)

    def items_percpu(self) -> Iterator[tuple[K, list[Any]]]:
        """Keys with the values of all CPUs; what vanishes meanwhile is left out."""
        self._require_percpu()
        return iter(self.items())  # type: ignore[arg-type]

    def _require_percpu(self) -> None:
        if not self._core.is_percpu:
            raise BpfError(f"map '{self.name}' is type {self.type.name}, expected a per-CPU type")

    # As a dictionary

    def __getitem__(self, key: K) -> V:
        found: V | None = self._core.lookup(self._encode_key(key), self._decode_value)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._core.update(self._encode_key(key), self._encode_value(value), BPF_ANY)

    def __delitem__(self, key: K) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self._core.lookup(self._encode_key(key), _present) is not None

    def __iter__(self) -> Iterator[K]:
        decode = self._decode_key
        for raw in self._raw_keys():
            yield decode(raw)

    def __len__(self) -> int:
        """The number of entries; all of them have to be visited but in an array."""
        self._core.require()
        return self.max_entries if self._core.is_array else sum(1 for _ in self._raw_keys())

    def __bool__(self) -> bool:
        return True  # a map is there, be it empty

    def keys(self) -> KeysView[K]:
        return KeysView(self)

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def items(self) -> ItemsView[K, V]:
        return _Items(self)

    def _raw_keys(self) -> Iterator[bytes]:
        core = self._core
        core.require()
        if core.is_array:
            return (index.to_bytes(4, sys.byteorder) for index in range(core.max_entries))
        return _walk(core)

    def _raw_items(self) -> Iterator[tuple[bytes, Any]]:
        lookup, decode = self._core.lookup, self._decode_value
        for raw in self._raw_keys():
            found = lookup(raw, decode)
            if found is not None:
                yield raw, found

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

        _pins.pin_map(self._core, os.fspath(path))

    def unpin(self, path: str | os.PathLike[str]) -> None:
        """Take a pin away."""
        from tinybpf.libbpf import _pins

        _pins.unpin_map(self._core, os.fspath(path))

    def close(self) -> None:
        """Close a map that stands alone; one of an object closes with the object."""
        if self._core.owner is None and self._core.fd >= 0:
            fd = self._core.fd
            self._core.close()
            os.close(fd)

    def __enter__(self) -> BpfMap[K, V]:
        self._core.require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        core = self._core
        if core.type is BpfMapType.RINGBUF:
            shape = f"{core.max_entries} bytes"
        else:
            shape = f"{self._label('key')} → {self._label('value')}, {core.max_entries} entries"
        state = ", closed" if core.fd < 0 else ""
        return f"<BpfMap '{core.name}' {core.type.name}: {shape}{state}>"

    def _label(self, which: str) -> str:
        size = self.key_size if which == "key" else self.value_size
        try:
            return (self._key_codec if which == "key" else self._value_codec).label
        except BpfError:  # closed before anybody asked
            return f"{size} bytes"


class _Values(ValuesView[V]):
    def __init__(self, of: BpfMap[Any, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[V]:
        for _, value in self._of._raw_items():
            yield value


class _Items(ItemsView[K, V]):
    def __init__(self, of: BpfMap[K, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[tuple[K, V]]:
        decode = self._of._decode_key
        for raw, value in self._of._raw_items():
            yield decode(raw), value


def _walk(core: MapCore) -> Iterator[bytes]:
    """Each key once, however others write meanwhile: at most so many steps as the map could need.

    The following key is fetched before one is handed out, so that the caller may delete it. Where
    somebody else deletes, the kernel starts again from the front; keys seen before are passed over.
    """
    seen: set[bytes] = set()
    steps = 4 * core.max_entries + 64
    key = core.next_key(None)
    while key is not None and steps:
        steps -= 1
        following = core.next_key(key)
        if key not in seen:
            seen.add(key)
            yield key
        key = following


def _present(value: Any) -> bool:
    return True


def _codec(btf: Btf | None, type_id: int | None, size: int) -> Codec:
    from tinybpf.libbpf.codec import codec_for

    return codec_for(btf, type_id, size)


def _user_codec(btf: Btf | None, type_: Any, type_id: int | None, size: int, field_names: bool) -> Codec:
    """The codec for a type that the user gives, which has to fit what BTF says."""
    from tinybpf.libbpf.btf import INT_SIGNED, BtfKind
    from tinybpf.libbpf.codec import codec_for_python
    from tinybpf.libbpf.validate import validate_against_btf

    if btf is None or not type_id:
        return codec_for_python(type_, size)
    validate_against_btf(type_, btf, type_id, field_names)
    record = btf.resolve(type_id)
    signed = record.kind is BtfKind.INT and bool(btf.int_of(record)[0] & INT_SIGNED)
    return codec_for_python(type_, size, signed=signed)
