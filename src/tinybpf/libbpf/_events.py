"""What becomes of a map's records: of which type the events are, and how one is made of bytes."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf import _objects
from tinybpf.libbpf._ring import kind_of
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._mapcore import MapCore
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.types import BpfStruct

_NATIVE = "<" if sys.byteorder == "little" else ">"


class EventType:
    """The type of a map's events, chosen once for each reader.

    ``event_type`` is bytes, a ``ctypes`` structure, a class from BTF, or None for the type that the
    object's BTF gives for the map (bytes where it gives none). ``decode`` makes an event of a record.
    """

    def __init__(self, core: MapCore, event_type: Any) -> None:
        self.core = core
        self.python = event_type
        self.size: int | None = None  # of an event; None where any size will do
        self.decode: Callable[[Any], Any] = _raw
        if event_type is None and self.btf_type is not None:
            from tinybpf.libbpf.codec import codec_for

            btf, type_id = self.btf_type
            self._by(codec_for(btf, type_id, btf.size_of(type_id)))
        elif event_type is not None and event_type is not bytes:
            from tinybpf.libbpf.codec import codec_for_python

            self._by(codec_for_python(event_type, size_of(event_type)))

    @property
    def btf_type(self) -> tuple[Btf, int] | None:
        """The type that the object's BTF gives for the map's events."""
        types = self.core.types
        return None if types.btf is None or types.event is None else (types.btf, types.event)

    @property
    def raw(self) -> bool:
        """Whether events are the records themselves."""
        return self.decode is _raw

    def padded(self, size: int) -> int:
        """How many bytes a record of so many arrives with: the kernel pads those of perf buffers."""
        return (size + 4 + 7 & ~7) - 4 if self.core.type is BpfMapType.PERF_EVENT_ARRAY else size

    def layout(self) -> tuple[Any, int, Callable[[Any], Any]] | None:
        """For arrays of records: the type (a Python one, or Btf and id), the size, what decodes one.

        None where nothing is known but that they are bytes.
        """
        if self.size is not None and self.python is not None:
            return self._described(), self.size, self.decode
        if self.btf_type is None:
            return None
        typed = self if self.python is None else EventType(self.core, None)
        assert typed.size is not None
        return self.btf_type, typed.size, typed.decode

    def _described(self) -> Any:
        """The user's type; of a class from the object's BTF, its id there."""
        btf = self.core.types.btf
        for key, made in btf.derived.items() if btf is not None else ():
            if made is self.python and isinstance(key, tuple):
                return btf, key[1]
        return self.python

    def _by(self, codec: Any) -> None:
        self.size = codec.size
        self.decode = self._struct(codec.python_type) or self._exactly(codec.decode, codec.size)

    def _struct(self, cls: Any) -> Callable[[bytes], Any] | None:
        """The same as `_exactly` for a class from BTF whose records have no padding, in one step."""
        from tinybpf.libbpf.types import BpfStruct

        if not (isinstance(cls, type) and issubclass(cls, BpfStruct)) or self.padded(cls._size) != cls._size:
            return None
        return struct_decoder(cls, self._exactly(cls.from_bytes, cls._size))

    def _exactly(self, decode: Callable[[Any], Any], size: int) -> Callable[[bytes], Any]:
        """``decode`` for records of that size, and a perf buffer's padding taken off before."""
        what = f"event of {kind_of(self.core)} '{self.core.name}'"
        padded = self.padded(size)

        def event(record: bytes) -> Any:
            try:
                return decode(record)
            except BpfError as error:
                raise BpfError(f"{what}: {error}") from None

        def padded_event(record: bytes) -> Any:
            return event(record[:size] if len(record) == padded else record)

        return event if padded == size else padded_event


TUPLES_ARE_PLAIN = sys.version_info < (3, 14)
"""Whether a tuple is its elements and nothing besides; later ones keep their hash."""


def struct_decoder(
    cls: type[BpfStruct], slowly: Callable[[bytes], Any], direct: bool = TUPLES_ARE_PLAIN
) -> Callable[[bytes], Any]:
    """What makes an instance of a record's bytes, in C where it can.

    ``slowly`` gets what is no record of the class's size.
    """
    layout: str = cls._unpack.__self__.format  # type: ignore[attr-defined]
    if layout[0] == _NATIVE:
        made = _objects.struct_maker(cls, layout[1:], slowly, direct)
        if made is not None:
            return made
    new, unpack = tuple.__new__, cls._unpack

    def event(record: bytes) -> Any:
        try:
            return new(cls, unpack(record))
        except struct.error:
            return slowly(record)

    return event


def _raw(record: bytes) -> bytes:
    return record


def size_of(event_type: Any) -> int:
    size = getattr(event_type, "_size", None)
    if isinstance(size, int):
        return size
    from ctypes import sizeof

    try:
        return sizeof(event_type)
    except TypeError:
        raise TypeError(
            f"event_type must be a ctypes structure, a class from BTF or bytes, not {event_type!r}"
        ) from None


def validate_event_type(core: MapCore, event_type: Any, name: str, field_names: bool) -> None:
    """Check the user's type against the struct of that name in the object."""
    from tinybpf.libbpf.btf import BtfKind
    from tinybpf.libbpf.validate import validate_against_btf

    btf = core.types.btf
    type_id = None if btf is None else btf.find(name, BtfKind.STRUCT, BtfKind.UNION, BtfKind.TYPEDEF)
    if btf is None or type_id is None:
        raise BtfValidationError(
            f"the object's BTF has no struct '{name}'",
            ["a type that only local variables use is left out: declare a global variable of it"],
        )
    validate_against_btf(event_type, btf, type_id, field_names)
