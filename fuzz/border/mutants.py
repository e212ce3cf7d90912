"""Mutations of an object: sections, symbols, relocations, instructions, and numbers anywhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from . import types
from .image import SHT_REL, SHT_SYMTAB, Image, Section
from .types import EDGES

NAMES = (
    ".maps", "maps", ".kconfig", ".ksyms", ".struct_ops", ".struct_ops.link", "?.struct_ops", ".rodata",
    ".rodata.x", ".data", ".data.x", ".bss", ".bss.x", "license", "version", ".addr_space.1", ".BTF",
    ".BTF.ext", ".text", "xdp", "?xdp", "usdt", "kprobe.multi/x*", "freplace/x", "fentry/x", "lsm/bpf",
    "iter/task", "struct_ops/x", "syscall", "netfilter", "raw_tp.w/x", ".jumptables", ".rel.text", "",
    "a" * 200,
)  # fmt: skip
Mutation = Callable[[random.Random, Image], None]


def number(rng: random.Random, image: Image) -> None:
    """A word of a section becomes another."""
    section = types.any_section(rng, image)
    at = section.offset + 4 * rng.randrange(max(1, section.size // 4))
    near = image.word(at) + rng.choice((-8, -1, 1, 8))
    image.put(at, rng.choice((near, rng.choice(EDGES), rng.randrange(64))))


def header(rng: random.Random, image: Image) -> None:
    """A field of a section's header; or those of two sections change places."""
    section, other = rng.choice(image.sections), rng.choice(image.sections)
    name = rng.choice(("type", "flags", "size", "link", "info", "align", "entry", "offset", "size", "swap"))
    if name == "swap":
        for field in (24, 32):
            first, second = image.word(section.at + field, 8), image.word(other.at + field, 8)
            image.put(section.at + field, second, 8)
            image.put(other.at + field, first, 8)
        return
    old = image.word(section.at + {"size": 32, "offset": 24}.get(name, 32), 8)
    values = {
        "type": (0, 1, 2, 3, 4, 7, 8, 9, 11, 0x6FFF4C03),
        "flags": (0, 1, 2, 3, 4, 6, 7, 0x20, 0x800),
        "size": (0, 8, old - 8, old + 8, old // 16 * 8, old - 1, 1 << 20, 1 << 31),
        "offset": (old + 8, old - 8, 0, other.offset),
        "link": (0, 1, rng.randrange(len(image.sections))),
        "info": (0, 1, rng.randrange(len(image.sections))),
        "align": (0, 1, 2, 8, 4096, 1 << 40),
        "entry": (0, 1, 8, 16, 24),
    }
    image.set_field(section, name, rng.choice(values[name]))


def renamed(rng: random.Random, image: Image) -> None:
    """A section gets a name that means something to libbpf."""
    names = image.sections[int.from_bytes(image.data[62:64], "little")]
    content, section = image.bytes_of(names), rng.choice(image.sections[1:])
    image.replace(names, content + rng.choice(NAMES).encode() + b"\0")
    image.set_field(section, "name", len(content))


def symbol(rng: random.Random, image: Image) -> None:
    tables = image.of_type(SHT_SYMTAB)
    if not tables or tables[0].size < 48:
        return
    at = tables[0].offset + 24 * rng.randrange(1, tables[0].size // 24)
    field = rng.choice(("name", "info", "other", "section", "value", "size"))
    if field == "name":
        image.put(at, image.word(tables[0].offset + 24 * rng.randrange(tables[0].size // 24)))
    elif field == "info":
        image.put(at + 4, rng.choice((0, 1, 2, 3, 16, 17, 18, 19, 33, 34, 32)), 1)
    elif field == "other":
        image.put(at + 5, rng.randrange(5), 1)
    elif field == "section":
        image.put(at + 6, rng.choice((0, 0xFFF1, 0xFFF2, rng.randrange(len(image.sections)))), 2)
    else:
        place = at + (8 if field == "value" else 16)
        old = image.word(place, 8)
        image.put(place, rng.choice((0, 4, 8, 16, old + 8, max(0, old - 8), old // 16 * 8)), 8)


def relocation(rng: random.Random, image: Image) -> None:
    tables, symbols = image.of_type(SHT_REL), image.of_type(SHT_SYMTAB)
    tables = [table for table in tables if table.size >= 16]
    if not tables or not symbols:
        return
    table = rng.choice(tables)
    at = table.offset + 16 * rng.randrange(table.size // 16)
    target = image.sections[table.info] if table.info < len(image.sections) else table
    change = rng.randrange(3)
    if change == 0:
        image.put(at, 8 * rng.randrange(max(1, target.size // 8)), 8)
    elif change == 1:
        image.put(at + 8, rng.choice((0, 1, 2, 3, 4, 10)))
    else:
        image.put(at + 12, rng.randrange(max(1, symbols[0].size // 24)))


def instruction(rng: random.Random, image: Image) -> None:
    code = [section for section in image.filled() if section.code and section.size >= 8]
    if not code:
        return
    section = rng.choice(code)
    at = section.offset + 8 * rng.randrange(section.size // 8)
    change = rng.randrange(4)
    if change == 0:
        image.put(at, rng.choice((0x85, 0x18, 0x95, 0x05, 0x06, 0x0D, 0x61, 0x79, 0xB7, 0xC3, 0xE5)), 1)
    elif change == 1:
        image.put(at + 1, rng.randrange(256), 1)  # its registers, or the kind of a pseudo instruction
    elif change == 2:
        image.put(at + 2, rng.choice(EDGES), 2)
    else:
        image.put(at + 4, rng.choice((rng.choice(EDGES), rng.randrange(250))))


def resized(rng: random.Random, image: Image) -> None:
    """A section has more, or fewer, bytes than it had."""
    section = types.any_section(rng, image)
    content = bytearray(image.bytes_of(section))
    at, some = rng.randrange(len(content) + 1), rng.choice((1, 4, 8, 12, 16, 24, 64))
    if rng.random() < 0.5:
        del content[at : at + some]
    else:
        content[at:at] = content[:some] if rng.random() < 0.5 else bytes(some)
    image.replace(section, bytes(content))


def raw(rng: random.Random, image: Image) -> None:
    """Bytes anywhere."""
    for _ in range(rng.choice((1, 1, 2, 8))):
        image.put(rng.randrange(len(image.data)), rng.randrange(256), 1)


def cut(rng: random.Random, image: Image) -> None:
    del image.data[rng.randrange(len(image.data)) :]


def grafted(rng: random.Random, image: Image, other: bytes) -> None:
    """A section of another object in the place of one's own of that name, or of any."""
    theirs = rng.choice(Image.of(other).filled())
    ours: Section | None = image.find(theirs.name)
    if ours is None or rng.random() < 0.2:
        ours = types.any_section(rng, image)
    image.replace(ours, other[theirs.offset : theirs.offset + theirs.size])


WEIGHTS: dict[Mutation, int] = {
    number: 3, header: 2, renamed: 3, symbol: 4, relocation: 4, instruction: 4, resized: 2, raw: 1, cut: 0,
    types.btf_type: 6, types.map_attribute: 4, types.type_name: 3, types.grown_types: 1,
    types.ext_record: 5, types.data_section: 3,
}  # fmt: skip


def mutant(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A seed with one to five changes; ``rng`` alone decides."""
    image = Image.of(rng.choice(seeds))
    for change in rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=rng.choice((1, 1, 1, 2, 2, 3, 5))):
        change(rng, image)
    if rng.random() < 0.1:
        grafted(rng, image, rng.choice(seeds))
    if rng.random() < 0.01:
        cut(rng, image)
    return bytes(image.data)


def numbered(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """The same mutant for the same two numbers, as long as the seeds are the same."""
    return mutant(random.Random(f"{seed}/{number}"), seeds)
