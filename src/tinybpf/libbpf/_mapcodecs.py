"""The codec for a type that the user gives for a map's keys or values."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from tinybpf.errors import BtfValidationError
from tinybpf.libbpf.btf import COMPOSITE, INT_SIGNED, Btf, BtfKind
from tinybpf.libbpf.codec import Codec, codec_for, codec_for_python
from tinybpf.libbpf.types import BpfStruct, python_type
from tinybpf.libbpf.validate import validate_against_btf


def codec_for_user(btf: Btf | None, type_: Any, type_id: int | None, size: int, field_names: bool) -> Codec:
    """The codec for ``type_``, which has to fit what BTF says, where it says anything."""
    if isinstance(type_, type) and hasattr(type_, "__dataclass_fields__"):
        return _dataclass_codec(btf, type_, type_id, size)
    if btf is None or not type_id:
        signed = False
    else:
        validate_against_btf(type_, btf, type_id, field_names)
        record = btf.resolve(type_id)
        if record.kind in (BtfKind.ENUM, BtfKind.ENUM64):
            signed = record.kind_flag
        else:
            signed = record.kind is BtfKind.INT and bool(btf.int_of(record)[0] & INT_SIGNED)
    if isinstance(type_, type) and issubclass(type_, IntEnum):
        return _enum_codec(type_, size, signed)
    return codec_for_python(type_, size, signed=signed)


def _enum_codec(type_: type[IntEnum], size: int, signed: bool) -> Codec:
    """Members where a number has one, plain numbers where not."""
    number = codec_for_python(int, size, signed=signed)
    members: dict[int, IntEnum] = {member.value: member for member in type_}

    def decode(raw: bytes) -> int:
        value: int = number.decode(raw)
        return members.get(value, value)

    return Codec(type_.__name__, size, type_, number.encode, decode)


def _dataclass_codec(btf: Btf | None, type_: type, type_id: int | None, size: int) -> Codec:
    """The class of a struct in BTF, read into the dataclass field by field."""
    if btf is None or not type_id or btf.resolve(type_id).kind not in COMPOSITE:
        raise BtfValidationError(f"{type_.__name__} is a dataclass, but no struct is known that it could be")
    plain = codec_for(btf, type_id, size)
    load = _loader(type_, python_type(btf, type_id))

    def encode(value: Any) -> bytes:
        return plain.encode(value)

    return Codec(type_.__name__, size, type_, encode, lambda raw: load(plain.decode(raw)))


def _loader(type_: Any, struct: type[BpfStruct]) -> Callable[[Any], Any]:
    """What makes a dataclass of a struct's instance, nested ones likewise."""
    from dataclasses import fields
    from typing import get_type_hints

    names = [field.name for field in fields(type_)]
    if sorted(names) != sorted(struct._fields):
        raise BtfValidationError(
            f"{type_.__name__} has the fields {', '.join(names)}; "
            f"BTF's '{struct.__name__}' has {', '.join(struct._fields)}",
            [f"leave the type out: a class with the fields of '{struct.__name__}' is made from BTF"],
        )
    hints = get_type_hints(type_)
    nested: dict[str, Callable[[Any], Any]] = {}
    empty = struct.from_bytes(bytes(struct._size))
    for name in names:
        inner = type(getattr(empty, name))
        if hasattr(hints[name], "__dataclass_fields__") and issubclass(inner, BpfStruct):
            nested[name] = _loader(hints[name], inner)
        elif hints[name] is str:
            nested[name] = lambda value: getattr(value, "text", value)

    def load(value: Any) -> Any:
        given = value._asdict()
        for name, convert in nested.items():
            given[name] = convert(given[name])
        return type_(**given)

    return load
