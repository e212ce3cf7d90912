"""Mutations of .BTF and .BTF.ext: mostly such as still make sense to a reader, and no sense at all."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .image import Image, Section

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST = range(1, 11)
RESTRICT, FUNC, PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(11, 20)
FIXED = {INT: 16, ARRAY: 24, VAR: 16, DECL_TAG: 16}  # bytes of a type, 12 otherwise
EACH = {STRUCT: 12, UNION: 12, ENUM: 8, PROTO: 8, DATASEC: 12, ENUM64: 12}  # and of each element
LIKE = (
    (STRUCT, UNION, DATASEC, ENUM64), (ENUM, PROTO), (INT, VAR, DECL_TAG),
    (PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FWD, FLOAT, TYPE_TAG),
)  # fmt: skip
"""Kinds of one size: a type that becomes another of them leaves the rest where it is."""
EDGES = (0, 1, 2, 3, 4, 7, 8, 12, 16, 31, 32, 64, 255, 4096, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass
class Types:
    """Where each type of .BTF is in the file, and its strings."""

    starts: list[int]
    strings: int
    string_size: int


def types_of(image: Image) -> Types | None:
    section = image.find(".BTF")
    if section is None or section.size < 24:
        return None
    header, first, length, strings, size = (image.word(section.offset + 4 + 4 * i) for i in range(5))
    at = section.offset + header + first
    end, starts = at + length, []
    while at + 12 <= end <= len(image.data):
        starts.append(at)
        info = image.word(at + 4)
        kind = info >> 24 & 31
        at += FIXED.get(kind, 12) + EACH.get(kind, 0) * (info & 0xFFFF)
    return Types(starts, section.offset + header + strings, size) if starts else None


def btf_type(rng: random.Random, image: Image) -> None:
    """One field of one type."""
    types = types_of(image)
    if types is None:
        return
    at = rng.choice(types.starts)
    kind, other = image.word(at + 4) >> 24 & 31, rng.randrange(len(types.starts) + 1)
    change = rng.randrange(6)
    if change == 0:
        image.put(at, image.word(rng.choice(types.starts)))
    elif change == 1:
        like = next((kinds for kinds in LIKE if kind in kinds), (kind,))
        image.put(at + 4, image.word(at + 4) & ~(31 << 24) | rng.choice(like) << 24)
    elif change == 2:
        image.put(at + 4, image.word(at + 4) ^ (1 << 31 if rng.random() < 0.5 else rng.choice((1, 2, 3))))
    elif change == 3 or (kind not in FIXED and kind not in EACH):
        image.put(at + 8, other if rng.random() < 0.7 else rng.choice(EDGES))
    elif kind in FIXED:
        image.put(at + 12 + 4 * rng.randrange((FIXED[kind] - 12) // 4), _id_or_edge(rng, other))
    else:
        _element(rng, image, at, kind, other)


def _id_or_edge(rng: random.Random, other: int) -> int:
    return other if rng.random() < 0.5 else rng.choice(EDGES)


def _element(rng: random.Random, image: Image, at: int, kind: int, other: int) -> None:
    count = image.word(at + 4) & 0xFFFF
    if not count:
        return
    element = at + 12 + EACH[kind] * rng.randrange(count)
    field = rng.randrange(EACH[kind] // 4)
    image.put(element + 4 * field, _id_or_edge(rng, other))


def map_attribute(rng: random.Random, image: Image) -> None:
    """A number in a map's definition is the length of an array: its type, sizes, flags, pinning."""
    types = types_of(image)
    if types is None:
        return
    arrays = [at for at in types.starts if image.word(at + 4) >> 24 & 31 == ARRAY]
    if arrays:
        at = rng.choice(arrays)
        image.put(at + 20, rng.randrange(40) if rng.random() < 0.6 else rng.choice(EDGES))


MEMBERS = (
    "type", "key", "key_size", "value", "value_size", "max_entries", "map_flags", "map_extra", "pinning",
    "values", "numa_node", "x",
)  # fmt: skip


def type_name(rng: random.Random, image: Image) -> None:
    """A string becomes another one: of a map's member, a section, a variable."""
    types = types_of(image)
    if types is None or not types.string_size:
        return
    strings = bytes(image.data[types.strings : types.strings + types.string_size])
    at = strings.rfind(b"\0", 0, rng.randrange(1, len(strings) + 1)) + 1
    end = strings.find(b"\0", at)
    word = rng.choice((*MEMBERS, ".maps", ".ksyms", ".kconfig", ".data", "0:0:9", "-1", "")).encode()
    if end > at:
        image.data[types.strings + at : types.strings + end] = word[: end - at].ljust(end - at, b"\0")


def grown_types(rng: random.Random, image: Image) -> None:
    """A type more, or one less, at the end: all else keeps its number."""
    types, section = types_of(image), image.find(".BTF")
    if types is None or section is None:
        return
    content = bytearray(image.bytes_of(section))
    end = image.word(section.offset + 4) + image.word(section.offset + 8) + image.word(section.offset + 12)
    if rng.random() < 0.5:
        added = bytes(image.data[(start := rng.choice(types.starts)) : start + 12])
    else:
        kind = rng.choice((PTR, TYPEDEF, CONST, FUNC, TYPE_TAG, FWD, FLOAT, STRUCT))
        words = (rng.randrange(types.string_size), kind << 24, rng.randrange(len(types.starts) + 2))
        added = b"".join(word.to_bytes(4, "little") for word in words)
    content[end:end] = added
    for field in (12, 16):  # the types' length, the strings' offset
        value = int.from_bytes(content[field : field + 4], "little") + len(added)
        content[field : field + 4] = value.to_bytes(4, "little")
    image.replace(section, bytes(content))


def ext_record(rng: random.Random, image: Image) -> None:
    """One word of a table in .BTF.ext: an offset of code, a type, an access string, a kind of relocation."""
    section, types = image.find(".BTF.ext"), types_of(image)
    if section is None or types is None or section.size < 32:
        return
    table = rng.randrange(3)
    start = image.word(section.offset + 4) + image.word(section.offset + 8 + 8 * table)
    length = image.word(section.offset + 12 + 8 * table)
    if length < 8 or start + length > section.size:
        return
    at = section.offset + start + 4 * rng.randrange(length // 4)
    value = rng.choice(
        (
            rng.choice(EDGES),
            8 * rng.randrange(64),
            rng.randrange(len(types.starts) + 1),
            rng.randrange(types.string_size),
            rng.randrange(16),
        )
    )
    image.put(at, value)


def data_section(rng: random.Random, image: Image) -> None:
    """A variable of a section of data moves, or changes its size, or its section does."""
    types = types_of(image)
    if types is None:
        return
    sections = [at for at in types.starts if image.word(at + 4) >> 24 & 31 == DATASEC]
    if not sections:
        return
    at = rng.choice(sections)
    count = image.word(at + 4) & 0xFFFF
    place = (
        at + 8
        if not count or rng.random() < 0.3
        else at + 16 + 12 * rng.randrange(count) + 4 * rng.randrange(2)
    )
    image.put(place, rng.choice((*EDGES, image.word(place) + 8, image.word(place) - 4)))


def any_section(rng: random.Random, image: Image) -> Section:
    return rng.choice(image.filled())
