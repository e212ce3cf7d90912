"""Python classes made from the structs and unions of an object's BTF.

``python_type(btf, type_id)`` gives a class whose instances have the struct's fields as attributes.
Instances are immutable, compare by value, are made by keyword (fields that are not given are zero,
as in Go's composite literals) and go to and from bytes without loss; padding is written as zero.

Names carry meaning: the typedefs ``__be16``, ``__be32`` and ``__be64`` are numbers in network byte
order and become the host's number, ``struct in_addr`` and ``struct in6_addr`` are IP addresses and
become those of ``ipaddress``.

What becomes what in all else: integers, pointers and enums ``int`` (enums an ``IntEnum``'s member where
the value has a name), bool ``bool``, floats ``float``, arrays of bytes or chars ``BpfBytes``, other
arrays ``tuple``, structs and unions a class of their own. The members of anonymous structs and unions
belong to the struct around them. A field whose name Python or this class needs (``class``,
``_fields``) gets a trailing underscore.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, ClassVar

from tinybpf.errors import BpfError, ObjectError
from tinybpf.libbpf import values
from tinybpf.libbpf.btf import (
    COMPOSITE,
    INT_BOOL,
    INT_SIGNED,
    Btf,
    BtfKind,
    TypeRecord,
)
from tinybpf.libbpf.layout import Field, Segment, fields_of, segments_of
from tinybpf.libbpf.values import BpfBytes, Value

try:
    from collections import _tuplegetter as _getter  # type: ignore[attr-defined]
except ImportError:  # not CPython: slower, the same

    def _getter(index: int, doc: str) -> Any:
        return property(lambda self: tuple.__getitem__(self, index), doc=doc)


NETWORK_ORDER = {"__be16": 2, "__be32": 4, "__be64": 8}
ADDRESSES = {"in_addr": 4, "in6_addr": 16}
_MAX_NESTING = 32
_MAX_SCALAR = 16
_MAX_SIZE = 0xFFFFFFFF  # sizes of maps and records are 32-bit numbers
_INTEGERS = frozenset("bBhHiIqQ")  # the codes that ``struct`` checks as strictly as ``Value.dump``
_raw = tuple.__getitem__


class BpfStruct(tuple):  # type: ignore[type-arg]
    """The base of classes made from BTF.

    The tuple holds what ``struct`` read, one element for each segment of the layout; an attribute
    that needs more than that (a nested struct, a bit field) is made when it is read.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _size: ClassVar[int] = 0
    _exact: ClassVar[bool] = True  # equal values have equal elements
    _tight: ClassVar[bool] = True  # … and equal bytes: there is no padding
    _put: ClassVar[Mapping[str, Callable[[list[Any], Any], None]]] = {}
    _numbers: ClassVar[Callable[..., tuple[Any, ...]] | None] = (
        None  # of a class of integers: checks them all at once
    )
    _shared: ClassVar[tuple[int, ...]] = ()  # elements that several fields share
    _unpack: ClassVar[Callable[[Any], tuple[Any, ...]]]  # the elements of a buffer
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The fields are not known before the object is."""

    from_bytes: ClassVar[Callable[[Any], Any]]
    to_bytes: Callable[[], bytes]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls._numbers is not None and len(args) + len(kwargs) == len(cls._fields):
            try:
                given_all = args or [kwargs[name] for name in cls._fields]
                return tuple.__new__(cls, cls._numbers(*given_all))
            except (KeyError, struct.error, OverflowError):
                pass  # a name or a value of another kind, or one that does not fit: told below
        given = cls._name_positional(args, kwargs) if args else kwargs
        return cls._with(cls.from_bytes(bytes(cls._size)), given)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_show(getattr(self, name))}" for name in self._fields)
        return f"{type(self).__name__}({shown})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if tuple.__eq__(self, other):
            return True
        return not self._exact and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __hash__(self) -> int:
        return tuple.__hash__(self) if self._exact else hash(tuple(self))

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, name) for name in self._fields])

    def __getitem__(self, key: Any) -> Any:
        return tuple(self)[key]

    def __contains__(self, value: object) -> bool:
        return value in tuple(self)

    def __bytes__(self) -> bytes:
        return self.to_bytes()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def _asdict(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self._fields}

    def _replace(self, **changes: Any) -> Any:
        """A copy with some fields changed; what they do not touch stays as it is, bit by bit."""
        return self._with(self, changes)

    @classmethod
    def _name_positional(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if len(args) > len(cls._fields):
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, {len(args)} values given")
        given = dict(zip(cls._fields, args, strict=False))
        for name in kwargs:
            if name in given:
                raise TypeError(f"{cls.__name__}: field '{name}' is given twice")
        return given | kwargs

    @classmethod
    def _with(cls, start: BpfStruct, changes: Mapping[str, Any]) -> Any:
        raw = list(tuple.__iter__(start))
        for place in cls._shared:
            raw[place] = bytearray(raw[place])
        for name, value in changes.items():
            put = cls._put.get(name)
            if put is None:
                names = ", ".join(cls._fields)
                raise TypeError(f"{cls.__name__} has no field '{name}'; it has {names}")
            put(raw, value)
        for place in cls._shared:
            raw[place] = bytes(raw[place])
        return tuple.__new__(cls, raw)


_TAKEN = frozenset(dir(BpfStruct)) - {"count", "index"} | {"from_bytes", "to_bytes"}


def python_type(btf: Btf, type_id: int) -> type[BpfStruct]:
    """The class of a STRUCT or UNION (or of a typedef of one): the same one whenever it is asked for."""
    record = btf.resolve(type_id)
    if record.kind not in COMPOSITE:
        raise TypeError(f"BTF type {type_id} ({type_label(btf, type_id)}) is no struct or union")
    name = record.name or _typedef_name(btf, type_id) or "anonymous"
    found = btf.derived.get((python_type, record.id, name))
    if found is None:
        found = btf.derived[python_type, record.id, name] = _make_class(btf, record, name, _MAX_NESTING)
    return found


def value_of(btf: Btf, type_id: int, depth: int = _MAX_NESTING) -> Value:
    """How a value of any type that has a size is read and written."""
    if depth <= 0:
        raise ObjectError(f"BTF: type {type_id} contains itself, or nests deeper than {_MAX_NESTING} types")
    found: Value | None = btf.derived.get((value_of, type_id))
    if found is None:
        record = btf.resolve(type_id)
        if is_address(record):
            found = values.address(record.name, record.size)
        elif record.kind in COMPOSITE:
            found = _struct_value(btf, record, type_id, depth)
        elif record.kind is BtfKind.ARRAY:
            found = _array_value(btf, record, depth)
        else:
            found = _scalar_value(btf, record, type_id)
        btf.derived[value_of, type_id] = found
    return found


def is_address(record: TypeRecord) -> bool:
    """Whether the type is the kernel's struct of an IP address."""
    return record.kind is BtfKind.STRUCT and ADDRESSES.get(record.name) == record.size


def _scalar_value(btf: Btf, record: TypeRecord, type_id: int) -> Value:
    size, label, kind = btf.size_of(type_id), type_label(btf, type_id), record.kind
    order: values.ByteOrder = "little" if btf.byte_order == "<" else "big"
    if not 0 < size <= _MAX_SCALAR:
        raise ObjectError(f"BTF: type {type_id} ({label}) is a {kind.name} of {size} bytes")
    if kind is BtfKind.INT:
        encoding = btf.int_of(record)[0]
        if encoding & INT_BOOL and size == 1:
            return values.boolean(label)
        if any(NETWORK_ORDER.get(name) == size for name in btf.typedef_names(type_id)):
            return values.network_integer(label, size)
        return values.integer(label, size, bool(encoding & INT_SIGNED), order)
    if kind in (BtfKind.ENUM, BtfKind.ENUM64):
        return values.enumeration(label, size, record.kind_flag, order, btf.enum_values(record))
    if kind is BtfKind.FLOAT:
        return values.floating(label, size)
    if kind is BtfKind.PTR:
        return values.integer(label, size, False, order)
    raise ObjectError(f"BTF: type {type_id} ({label}) is a {kind.name}: there are no values of it")


def _array_value(btf: Btf, record: TypeRecord, depth: int) -> Value:
    element_id, length = btf.array_of(record)
    size = btf.size_of(record.id)
    if size > _MAX_SIZE:
        raise ObjectError(f"BTF: array type {record.id} has {size} bytes: too large for any map or event")
    element = value_of(btf, element_id, depth - 1)
    if element.size == 1 and element.code in "bB" and element.load is None:
        return values.byte_array(f"[{length}]{element.label}", length)
    return values.array(element, length, btf.byte_order)


def _struct_value(btf: Btf, record: TypeRecord, type_id: int, depth: int) -> Value:
    name = record.name or _typedef_name(btf, type_id) or "anonymous"
    key = (python_type, record.id, name)
    cls = btf.derived.get(key)
    if cls is None:
        cls = btf.derived[key] = _make_class(btf, record, name, depth - 1)
    size = record.size
    return Value(name, f"{size}s", size, _struct_dumper(cls), cls.from_bytes, cls._tight)


def _struct_dumper(cls: type[BpfStruct]) -> Callable[[Any], bytes]:
    def dump(value: Any) -> bytes:
        if type(value) is cls:
            return value.to_bytes()
        if isinstance(value, BpfStruct):
            raise TypeError(f"a {type(value).__name__} is no {cls.__name__}")
        if isinstance(value, Mapping):
            return cls(**value).to_bytes()  # type: ignore[no-any-return]
        raw = values.raw_bytes(value, cls._size)
        if raw is not None:
            return raw
        if hasattr(value, "__dataclass_fields__"):
            return cls(**{name: getattr(value, name) for name in value.__dataclass_fields__}).to_bytes()  # type: ignore[no-any-return]
        raise TypeError(f"{value!r} ({type(value).__name__}) is no {cls.__name__}, mapping or bytes")

    return dump


def _make_class(btf: Btf, record: TypeRecord, name: str, depth: int) -> type[BpfStruct]:
    if depth <= 0:
        raise ObjectError(f"BTF: struct {name} contains itself, or nests deeper than {_MAX_NESTING} types")
    fields = fields_of(btf, record, lambda type_id: value_of(btf, type_id, depth - 1))
    segments = segments_of(fields, record.size, btf.byte_order)
    named = dict(zip(_python_names(fields), fields, strict=True))
    places = {
        id(field): (place, segment) for place, segment in enumerate(segments) for field in segment.fields
    }
    body: dict[str, Any] = {"__slots__": (), "_fields": tuple(named), "__match_args__": tuple(named)}
    body["_size"] = record.size
    body["_exact"] = exact = all(segment.single and segment.single.value.exact for segment in segments)
    body["_tight"] = exact and sum(segment.end - segment.offset for segment in segments) == record.size
    body["_shared"] = tuple(place for place, segment in enumerate(segments) if segment.single is None)
    body["_put"] = {
        key: _putter(name, python_name, field, *places[id(field)], btf.byte_order)
        for python_name, field in named.items()
        for key in ({field.name, python_name} if field.name not in named else {python_name})
    }
    for python_name, field in named.items():
        body[python_name] = _attribute(field, *places[id(field)], btf.byte_order)
    cls: type[BpfStruct] = type(name, (BpfStruct,), body)
    in_order = [segment.single for segment in segments] == fields
    plain = in_order and all(field.value.code in _INTEGERS for field in fields)
    _add_conversions(cls, segments, btf.byte_order, plain)
    return cls


def _add_conversions(cls: type[BpfStruct], segments: list[Segment], order: str, plain: bool) -> None:
    """``from_bytes`` and ``to_bytes``, by one ``struct.Struct`` for the whole."""
    codes = "".join(segment.code for segment in segments)
    layout = struct.Struct(order + (codes or f"{cls._size}x"))
    new, unpack, pack, size, name = tuple.__new__, layout.unpack, layout.pack, cls._size, cls.__name__

    def from_bytes(data: Any) -> BpfStruct:
        """An instance from a buffer of exactly the struct's size."""
        try:
            return new(cls, unpack(data))
        except struct.error:
            got = memoryview(data).nbytes
            raise BpfError(f"{got} bytes are no {name}: it has {size}") from None

    cleaners = [segment.clean for segment in segments]
    if any(cleaners):

        def to_bytes(self: BpfStruct) -> bytes:
            """The struct's bytes, padding zero."""
            raw = tuple.__iter__(self)
            return pack(*[clean(i) if clean else i for clean, i in zip(cleaners, raw, strict=True)])
    else:

        def to_bytes(self: BpfStruct) -> bytes:
            """The struct's bytes, padding zero."""
            return pack(*tuple.__iter__(self))

    if plain:
        cls._numbers = staticmethod(lambda *given: unpack(pack(*given)))
    cls._unpack = unpack
    cls.from_bytes = staticmethod(from_bytes)
    cls.to_bytes = to_bytes  # type: ignore[assignment]


def _attribute(field: Field, place: int, segment: Segment, order: str) -> Any:
    """The descriptor that reads one field."""
    load = field.value.load
    doc = f"{field.value.label} at byte {field.offset}"
    if segment.single is field:
        if load is None:
            return _getter(place, doc)
        return property(lambda self: load(_raw(self, place)), doc=doc)
    read = field.reader(segment, order)
    return property(lambda self: read(_raw(self, place)), doc=doc)


def _putter(
    struct_name: str, name: str, field: Field, place: int, segment: Segment, order: str
) -> Callable[[list[Any], Any], None]:
    """What writes one field into the list of raw elements that an instance is made of."""
    write = None if segment.single is field else field.writer(segment, order)
    dump = field.value.dump

    def put(raw: list[Any], value: Any) -> None:
        try:
            if write is None:
                raw[place] = dump(value)
            else:
                write(raw[place], value)
        except (TypeError, ValueError) as error:
            where = f"for field '{name}' ({field.label})"
            raise type(error)(f"{struct_name}: {error} {where}") from None

    return put


def _python_names(fields: Iterable[Field]) -> list[str]:
    """A name that can be an attribute for each field, all different."""
    names: list[str] = []
    seen: set[str] = set()
    for field in fields:
        name = field.name if field.name.isidentifier() else _identifier(field.name)
        while iskeyword(name) or name in _TAKEN or name in seen:
            name += "_"
        names.append(name)
        seen.add(name)
    return names


def _identifier(name: str) -> str:
    usable = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    return usable if usable.isidentifier() else "_" + usable


def _typedef_name(btf: Btf, type_id: int) -> str:
    record = btf.record(type_id)
    for _ in range(_MAX_NESTING):
        if record.kind is BtfKind.TYPEDEF:
            return record.name
        if record.kind in COMPOSITE or not record.ref:
            return ""
        record = btf.record(record.ref)
    return ""


def type_label(btf: Btf, type_id: int) -> str:
    """How messages name a type: its own name, or the one behind its qualifiers."""
    record = btf.record(type_id)
    if record.name and record.kind is not BtfKind.TYPE_TAG:
        return record.name
    target = btf.resolve(type_id)
    name = target.name or _typedef_name(btf, type_id)
    return name or ("pointer" if target.kind is BtfKind.PTR else target.kind.name.lower())


def _show(value: Any) -> str:
    """A field's value in a repr: text without the NULs behind it, other bytes in full."""
    if isinstance(value, BpfBytes):
        text = value.rstrip(b"\0")
        if text and b"\0" not in text and all(0x20 <= byte < 0x7F for byte in text):
            return repr(bytes(text))
        return repr(bytes(value))
    return repr(value)
