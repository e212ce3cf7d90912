"""NumPy's dtypes for types of an object's BTF. NumPy is imported here and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import Any

from tinybpf.errors import BpfError
from tinybpf.libbpf.btf import COMPOSITE, INT_BOOL, INT_SIGNED, Btf, BtfKind, Member, TypeRecord
from tinybpf.libbpf.types import NETWORK_ORDER, is_address, value_of


@cache
def numpy() -> Any | None:
    """The module, None where it is not installed; looked for once."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def dtype_of(btf: Btf, type_id: int) -> Any:
    """The dtype with the type's layout, padding included.

    Integers, enums, floats and bools are what they are, in their byte order (``__be16`` is ``>u2``);
    pointers ``u8``; arrays of chars ``S``, other arrays subarrays; IP addresses and numbers of more
    than 8 bytes arrays of bytes. Fields of unions overlap. Bit fields are left out: nothing in NumPy
    is as narrow.
    """
    import numpy

    found = btf.derived.get((dtype_of, type_id))
    if found is None:
        value_of(btf, type_id)  # refuses what contains itself
        found = btf.derived[dtype_of, type_id] = numpy.dtype(_spec(btf, type_id))
    return found


def dtype_for(type_: Any, size: int) -> Any:
    """The dtype of a type that arrays of records have: one of NumPy's, a ``ctypes`` structure, a pair of
    `Btf` and type id, or None for bytes of that size."""
    import numpy

    if type_ is None:
        return numpy.dtype(f"V{size}")
    if isinstance(type_, tuple) and len(type_) == 2 and isinstance(type_[0], Btf):
        return dtype_of(*type_)
    return numpy.dtype(type_)


def _spec(btf: Btf, type_id: int) -> Any:
    """What ``numpy.dtype`` makes the type from."""
    record = btf.resolve(type_id)
    if is_address(record):
        return ("u1", (record.size,))
    if record.kind in COMPOSITE:
        return _struct(btf, record)
    if record.kind is BtfKind.ARRAY:
        element, length = btf.array_of(record)
        if _is_char(btf, element):
            return f"S{length}"
        return (_spec(btf, element), (length,))
    return _scalar(btf, record, type_id)


def _struct(btf: Btf, record: TypeRecord) -> Any:
    members = _members(btf, record, 0)
    names, formats, offsets = zip(*members, strict=True) if members else ((), (), ())
    return {"names": names, "formats": formats, "offsets": offsets, "itemsize": record.size}


def _members(btf: Btf, record: TypeRecord, start: int) -> list[tuple[str, Any, int]]:
    """Name, dtype and offset of each field, those of anonymous structs and unions among them."""
    found: list[tuple[str, Any, int]] = []
    for member in btf.members(record):
        target = btf.resolve(member.type_id)
        offset = start + member.bit_offset // 8
        if not member.name and target.kind in COMPOSITE:
            found += _members(btf, target, offset)
        elif member.name and not _is_bit_field(btf, member, target):
            found.append((member.name, _spec(btf, member.type_id), offset))
    return found


def _is_bit_field(btf: Btf, member: Member, target: TypeRecord) -> bool:
    if member.bits or member.bit_offset % 8:
        return True
    return target.kind is BtfKind.INT and btf.int_of(target)[1:] != (0, 8 * target.size)


def _scalar(btf: Btf, record: TypeRecord, type_id: int) -> Any:
    size, order = btf.size_of(type_id), btf.byte_order
    if record.kind is BtfKind.INT:
        encoding = btf.int_of(record)[0]
        if encoding & INT_BOOL and size == 1:
            return "?"
        if any(NETWORK_ORDER.get(name) == size for name in btf.typedef_names(type_id)):
            order = ">"
        kind = "i" if encoding & INT_SIGNED else "u"
    elif record.kind in (BtfKind.ENUM, BtfKind.ENUM64):
        kind = "i" if record.kind_flag else "u"
    elif record.kind is BtfKind.FLOAT:
        kind = "f" if size in (2, 4, 8) else "V"
    elif record.kind is BtfKind.PTR:
        kind = "u"
    else:
        raise BpfError(f"BTF: type {type_id} is a {record.kind.name}: there are no values of it")
    return f"{order}{kind}{size}" if size <= 8 and kind != "V" else ("u1", (size,))


def _is_char(btf: Btf, type_id: int) -> bool:
    """Whether an array of the type is text."""
    return btf.size_of(type_id) == 1 and btf.resolve(type_id).name in ("char", "signed char", "unsigned char")
