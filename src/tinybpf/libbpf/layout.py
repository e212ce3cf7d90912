"""Where the fields of a struct stand, and how to cut the struct into pieces that ``struct`` can read.

A segment is a run of bytes that one element of a format reads: a field that stands alone, or the
bytes that several share (bit fields, the members of a union). Gaps between segments are padding.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from tinybpf.errors import ObjectError
from tinybpf.libbpf.btf import COMPOSITE, INT_SIGNED, Btf, BtfKind, TypeRecord
from tinybpf.libbpf.values import ByteOrder, Value

_MAX_FIELDS = 65535
_MAX_NESTING = 32


class Field:
    """A named field; ``start`` is in bits from the struct's start, ``bits`` is 0 but for bit fields."""

    __slots__ = ("bits", "name", "signed", "start", "value")

    def __init__(self, name: str, value: Value, start: int, bits: int, signed: bool) -> None:
        self.name = name
        self.value = value
        self.start = start
        self.bits = bits
        self.signed = signed

    @property
    def offset(self) -> int:
        """The first byte that the field touches."""
        return self.start // 8

    @property
    def end(self) -> int:
        """The byte behind the last one that the field touches."""
        return (self.start + self.bits + 7) // 8 if self.bits else self.offset + self.value.size

    @property
    def label(self) -> str:
        """The type's name, with the width of a bit field."""
        return f"{self.value.label}:{self.bits}" if self.bits else self.value.label

    def reader(self, segment: Segment, order: str) -> Callable[[bytes], Any]:
        """What reads the field out of the bytes of a shared segment."""
        load, at = self.value.load, self.offset - segment.offset
        if not self.bits:
            unpack = struct.Struct(order + self.value.code).unpack_from
            if load is None:
                return lambda raw: unpack(raw, at)[0]
            return lambda raw: load(unpack(raw, at)[0])
        shift, mask = self._place(order)
        sign = 1 << self.bits - 1 if self.signed else 0
        end, endian = self.end - segment.offset, _endian(order)
        convert = bool if self.value.code == "?" else load if self.value.code[-1] != "s" else None

        def read(raw: bytes) -> Any:
            number = (int.from_bytes(raw[at:end], endian) >> shift & mask ^ sign) - sign
            return number if convert is None else convert(number)

        return read

    def writer(self, segment: Segment, order: str) -> Callable[[bytearray, Any], None]:
        """What writes the field into the bytes of a shared segment."""
        dump, at, end = self.value.dump, self.offset - segment.offset, self.end - segment.offset
        if not self.bits:
            pack = struct.Struct(order + self.value.code).pack_into
            return lambda raw, value: pack(raw, at, dump(value))
        shift, mask = self._place(order)
        low, high = (-(mask + 1 >> 1), mask >> 1) if self.signed else (0, mask)
        endian = _endian(order)

        def write(raw: bytearray, value: Any) -> None:
            number = dump(value)
            if isinstance(number, bytes):
                number = int.from_bytes(number, endian, signed=self.signed)
            if not low <= number <= high:
                raise ValueError(f"value {value} is out of range {low} to {high}")
            rest = int.from_bytes(raw[at:end], endian) & ~(mask << shift)
            raw[at:end] = (rest | (number & mask) << shift).to_bytes(end - at, endian)

        return write

    def _place(self, order: str) -> tuple[int, int]:
        """The shift and the mask of a bit field within the bytes that it touches.

        Bits count from the lowest of the first byte where bytes go little end first, else from
        the highest.
        """
        inside = self.start % 8
        if order != "<":
            inside = 8 * (self.end - self.offset) - inside - self.bits
        return inside, (1 << self.bits) - 1

    def bit_mask(self, order: str) -> int:
        """The bits of the field's bytes that belong to it, as a number in the struct's byte order."""
        if not self.bits:
            return (1 << 8 * self.value.size) - 1
        shift, mask = self._place(order)
        return mask << shift


class Segment:
    """A run of bytes; ``code`` reads it, gaps before (and, in the last one, behind) it included."""

    __slots__ = ("clean", "code", "end", "fields", "offset", "single")

    def __init__(self, field: Field) -> None:
        self.offset = field.offset
        self.end = field.end
        self.fields = [field]
        self.code = ""
        self.single: Field | None = None
        self.clean: Callable[[bytes], bytes] | None = None

    def take(self, field: Field) -> None:
        """Make room for a field that shares bytes with the others."""
        self.fields.append(field)
        self.end = max(self.end, field.end)

    def finish(self, gap: int, order: str) -> None:
        """Settle how the segment is read, now that all of its fields are known."""
        first = self.fields[0]
        before = f"{gap}x" if gap else ""
        if len(self.fields) == 1 and not first.bits:
            self.single = first
            self.code = before + first.value.code
            if not first.value.exact and first.value.code.endswith("s"):
                self.clean = _dump_again(first.value)
            return
        size = self.end - self.offset
        self.code = f"{before}{size}s"
        self.clean = self._mask(size, order)

    def _mask(self, size: int, order: str) -> Callable[[bytes], bytes] | None:
        mask, endian = 0, _endian(order)
        for field in self.fields:
            low = field.offset - self.offset if order == "<" else self.end - field.end
            mask |= field.bit_mask(order) << 8 * low
        if mask == (1 << 8 * size) - 1:
            return None
        return lambda raw: (int.from_bytes(raw, endian) & mask).to_bytes(size, endian)


def _dump_again(value: Value) -> Callable[[bytes], bytes]:
    """Clears the padding inside of a nested struct, or of an array of them."""
    load, dump = value.load, value.dump
    assert load is not None
    return lambda raw: dump(load(raw))


def fields_of(btf: Btf, record: TypeRecord, value_of: Callable[[int], Value]) -> list[Field]:
    """The fields of a struct or union in their order; those of anonymous members are its own."""
    fields: list[Field] = []
    _collect(btf, record, 0, value_of, fields, _MAX_NESTING)
    return fields


def _collect(
    btf: Btf, record: TypeRecord, base: int, value_of: Callable[[int], Value], fields: list[Field], depth: int
) -> None:
    if depth <= 0:
        raise ObjectError(f"BTF: type {record.id} contains itself, or nests deeper than {_MAX_NESTING} types")
    for member in btf.members(record):
        target = btf.resolve(member.type_id)
        start, bits = base + member.bit_offset, member.bits
        if not member.name and target.kind in COMPOSITE and not bits:
            _check_inside(record, base, start, 8 * target.size, "an anonymous member")
            _collect(btf, target, start, value_of, fields, depth - 1)
            continue
        if not member.name:  # an unnamed bit field: padding
            continue
        value = value_of(member.type_id)
        if target.kind is BtfKind.INT and not bits:
            _, offset, width = btf.int_of(target)
            if offset or width < 8 * value.size:  # how bit fields were described before Linux 5.0
                start, bits = start + offset, width
        if not bits and start % 8:
            raise ObjectError(f"BTF: field '{member.name}' of type {record.id} starts at bit {start}")
        if bits and target.kind not in (BtfKind.INT, BtfKind.ENUM, BtfKind.ENUM64):
            raise ObjectError(f"BTF: field '{member.name}' of type {record.id} is a bit field of no integer")
        if bits > 8 * value.size:
            raise ObjectError(f"BTF: field '{member.name}' has {bits} bits, its type {8 * value.size}")
        _check_inside(record, base, start, bits or 8 * value.size, f"field '{member.name}'")
        signed = value.code in "bhiq" or (target.kind is BtfKind.INT and _is_signed(btf, target))
        fields.append(Field(member.name, value, start, bits, signed))
        if len(fields) > _MAX_FIELDS:
            raise ObjectError(f"BTF: type {record.id} has more than {_MAX_FIELDS} fields")


def _is_signed(btf: Btf, record: TypeRecord) -> bool:
    return bool(btf.int_of(record)[0] & INT_SIGNED)


def _check_inside(record: TypeRecord, base: int, start: int, bits: int, what: str) -> None:
    end = start - base + bits
    if end > 8 * record.size:
        name = record.name or "(anonymous)"
        raise ObjectError(
            f"BTF: {what} of {record.kind.name} {name} ends at bit {end}, the type has {record.size} bytes"
        )


def segments_of(fields: list[Field], size: int, order: str) -> list[Segment]:
    """The segments of a struct of ``size`` bytes, in the order of their bytes."""
    segments: list[Segment] = []
    for field in sorted(fields, key=lambda field: (field.offset, field.end)):
        if segments and field.offset < segments[-1].end:
            segments[-1].take(field)
        else:
            segments.append(Segment(field))
    at = 0
    for segment in segments:
        segment.finish(segment.offset - at, order)
        at = segment.end
    if segments and at < size:
        segments[-1].code += f"{size - at}x"
    return segments


def _endian(order: str) -> ByteOrder:
    return "little" if order == "<" else "big"
