"""Does a user's own type fit the BTF type? Size, number of fields, their offsets and names."""

from __future__ import annotations

from typing import Any

from tinybpf.errors import BtfValidationError
from tinybpf.libbpf.btf import COMPOSITE, INT_BOOL, INT_SIGNED, Btf, BtfField, BtfKind
from tinybpf.libbpf.types import BpfStruct, type_label

_CTYPES_INTS = {1: "int8", 2: "int16", 4: "int32", 8: "int64"}


def validate_against_btf(python_type: Any, btf: Btf, type_id: int, validate_field_names: bool = True) -> None:
    """Check a ``ctypes`` type, or a class made from BTF, against a BTF type.

    ``BtfValidationError`` says how they differ; its ``suggestions`` have the definition that would
    fit. Other Python types (``int``, ``bytes``) have no layout of their own and always fit. Fields
    with a leading underscore that stand where BTF has a gap are padding and don't count.
    """
    size = _size_of(python_type)
    if size is None:
        return
    name, label = python_type.__name__, type_label(btf, type_id)
    wanted = btf.size_of(type_id)
    problems = []
    if size != wanted:
        problems.append(f"{name} has {size} bytes, BTF's '{label}' has {wanted}")
    record = btf.resolve(type_id)
    given = _fields_of(python_type)
    if record.kind in COMPOSITE and given is not None:
        expected = list(btf.type(record.id).fields or ())
        given = [field for field in given if not _is_padding(field, expected)]
        problems += _differences(name, label, given, expected, validate_field_names)
    elif record.kind not in COMPOSITE and given is not None and record.kind is not BtfKind.ARRAY:
        problems.append(f"{name} is a structure, BTF's '{label}' is not")
    if problems:
        raise BtfValidationError("; ".join(problems), _suggestions(btf, type_id, name))


def _size_of(python_type: Any) -> int | None:
    if not isinstance(python_type, type):
        raise TypeError(f"{python_type!r} is no type")
    if issubclass(python_type, BpfStruct):
        return python_type._size
    if not hasattr(python_type, "from_buffer_copy"):
        return None
    from ctypes import sizeof  # 3 ms to import; whoever gives a ctypes type has paid them

    return sizeof(python_type)  # type: ignore[arg-type]


def _fields_of(python_type: Any) -> list[BtfField] | None:
    """The fields of a ctypes structure or union; None for what has none."""
    if issubclass(python_type, BpfStruct) or not hasattr(python_type, "_fields_"):
        return None
    fields = []
    for owner in reversed(python_type.__mro__):  # a structure may extend another
        for entry in owner.__dict__.get("_fields_", ()):
            place = getattr(python_type, entry[0])
            offset, size = place.offset, place.size
            if len(entry) == 3:  # a bit field: the size holds its bits and where they start
                first, bits = size & 0xFFFF, size >> 16
                offset, size = offset + first // 8, (first % 8 + bits + 7) // 8
            fields.append(BtfField(entry[0], offset, size))
    return fields


def _is_padding(field: BtfField, expected: list[BtfField]) -> bool:
    if not field.name.startswith("_") or any(field.name == other.name for other in expected):
        return False
    end = field.offset + field.size
    return all(end <= other.offset or field.offset >= other.offset + other.size for other in expected)


def _differences(
    name: str, label: str, given: list[BtfField], expected: list[BtfField], names: bool
) -> list[str]:
    if len(given) != len(expected):
        return [f"{name} has {len(given)} fields, BTF's '{label}' has {len(expected)}"]
    problems = []
    for ours, theirs in zip(given, expected, strict=True):
        if ours.offset != theirs.offset:
            problems.append(
                f"{name}.{ours.name} is at byte {ours.offset}, '{theirs.name}' at {theirs.offset}"
            )
        elif ours.size != theirs.size:
            problems.append(f"{name}.{ours.name} has {ours.size} bytes, '{theirs.name}' has {theirs.size}")
        elif names and theirs.name and ours.name.rstrip("_") != theirs.name.rstrip("_"):
            problems.append(f"{name}.{ours.name} is called '{theirs.name}' in BTF")
    return problems


def _suggestions(btf: Btf, type_id: int, name: str) -> list[str]:
    """A definition that fits, where ctypes can say it; and how to do without names or a definition."""
    if btf.resolve(type_id).kind not in COMPOSITE:
        return [f"use {_ctypes_name(btf, type_id)}"]
    base = "Union" if btf.resolve(type_id).kind is BtfKind.UNION else "Structure"
    lines = [f"class {name}(ctypes.{base}):", "    _fields_ = ["]
    for member in btf.members(btf.resolve(type_id)):
        bits = f", {member.bits}" if member.bits else ""
        name = member.name or f"_at_{member.bit_offset // 8}"
        lines.append(f'        ("{name}", {_ctypes_name(btf, member.type_id)}{bits}),')
    return [
        "\n".join([*lines, "    ]"]),
        "leave the type out: a class with these fields is made from the object's BTF",
        "pass validate_field_names=False where only the names differ",
    ]


def _ctypes_name(btf: Btf, type_id: int, depth: int = 8) -> str:
    record = btf.resolve(type_id)
    if record.kind is BtfKind.ARRAY and depth:
        element, length = btf.array_of(record)
        return f"{_ctypes_name(btf, element, depth - 1)} * {length}"
    size = btf.size_of(type_id)
    if record.kind is BtfKind.INT and size in _CTYPES_INTS:
        encoding = btf.int_of(record)[0]
        if encoding & INT_BOOL:
            return "ctypes.c_bool"
        if record.name == "char":
            return "ctypes.c_char"
        return f"ctypes.c_{'' if encoding & INT_SIGNED else 'u'}{_CTYPES_INTS[size]}"
    if record.kind in (BtfKind.ENUM, BtfKind.ENUM64):
        return f"ctypes.c_{'' if record.kind_flag else 'u'}{_CTYPES_INTS.get(size, 'int32')}"
    if record.kind is BtfKind.FLOAT and size in (4, 8):
        return "ctypes.c_float" if size == 4 else "ctypes.c_double"
    if record.kind is BtfKind.PTR:
        return "ctypes.c_uint64"
    return record.name if record.kind in COMPOSITE and record.name else f"ctypes.c_uint8 * {size}"
