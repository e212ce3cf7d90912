"""BTF: the type information that a BPF object carries about itself.

``Btf(data)`` takes the bytes of a ``.BTF`` section (or of ``/sys/kernel/btf/*``). One pass finds
where each type starts; everything else is decoded when somebody asks for it. Types are named by
their id (0 is ``void``). Whatever contradicts itself is an ``ObjectError`` that says at which
offset of the section and why; nothing here trusts the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from tinybpf.errors import MissingError, ObjectError
from tinybpf.libbpf.btf_wire import KINDS, find_types, read_byte_order, split, to_words
from tinybpf.libbpf.btf_wire import BtfKind as BtfKind

VOID = 0
MAX_DEPTH = 64  # the kernel stops at 32; more can only be a mistake or an attack
POINTER_SIZE = 8


MODIFIERS = frozenset(
    {BtfKind.TYPEDEF, BtfKind.VOLATILE, BtfKind.CONST, BtfKind.RESTRICT, BtfKind.TYPE_TAG, BtfKind.DECL_TAG}
)
COMPOSITE = frozenset({BtfKind.STRUCT, BtfKind.UNION})
_SIZED = frozenset(
    {BtfKind.INT, BtfKind.STRUCT, BtfKind.UNION, BtfKind.ENUM, BtfKind.ENUM64, BtfKind.FLOAT, BtfKind.DATASEC}
)

INT_SIGNED = 1
INT_CHAR = 2
INT_BOOL = 4


@dataclass(frozen=True)
class BtfField:
    """A member of a struct or union; ``offset`` and ``size`` are in bytes.

    A bit field has the offset and the size of the bytes that it touches.
    """

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class BtfType:
    """A type as users see it; ``size`` is in bytes, ``fields`` is None but for structs and unions."""

    name: str
    kind: BtfKind
    size: int
    fields: tuple[BtfField, ...] | None = None


class TypeRecord:
    """One type as it stands in the section; ``ref`` is the type it refers to (0 without one)."""

    __slots__ = ("id", "kind", "kind_flag", "name", "ref", "size", "vlen", "word")

    def __init__(
        self, id_: int, kind: BtfKind, name: str, vlen: int, kind_flag: bool, size: int, ref: int, word: int
    ) -> None:
        self.id = id_
        self.kind = kind
        self.name = name
        self.vlen = vlen
        self.kind_flag = kind_flag
        self.size = size
        self.ref = ref
        self.word = word  # where the data behind the common part starts, in words

    def __repr__(self) -> str:
        return f"<BTF type {self.id}: {self.kind.name} {self.name or '(anonymous)'}>"


class Member(NamedTuple):
    """A member of a struct or union as BTF has it; ``bits`` is 0 for what is no bit field."""

    name: str
    type_id: int
    bit_offset: int
    bits: int


class SectionVar(NamedTuple):
    """A variable of a data section; ``offset`` and ``size`` are in bytes."""

    name: str
    type_id: int
    offset: int
    size: int
    linkage: int


class MapDefinition(NamedTuple):
    """What the ``.maps`` section says of a map's types; ids are None where it says nothing.

    ``event_type`` is the type of the records of a ring or perf buffer: the element type of the
    array that the definition's ``type`` member points to, where that is not plain ``int``.
    """

    name: str
    key_type: int | None
    value_type: int | None
    event_type: int | None


_VOID_RECORD = TypeRecord(VOID, BtfKind.VOID, "void", 0, False, 0, VOID, 0)


class Btf:
    """The types of one ``.BTF`` section."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data).cast("B")
        self.byte_order: str = read_byte_order(view)  # as `struct` has it: "<" or ">"
        types, strings = split(view, self.byte_order)
        self._base, words = types
        self._strings = strings
        self._words = to_words(words, self.byte_order)
        self._starts = find_types(self._words, self._base)
        self._records: dict[int, TypeRecord] = {VOID: _VOID_RECORD}
        self._sizes: dict[int, int] = {}
        self._by_name: dict[str, list[int]] | None = None
        self.derived: dict[object, Any] = {}  # what others make of types, kept as long as this is

    def __len__(self) -> int:
        """The number of types, ``void`` among them: ids are below it."""
        return len(self._starts)

    def __repr__(self) -> str:
        return f"<Btf: {len(self)} types>"

    def string(self, offset: int) -> str:
        """The string at ``offset`` of the string section."""
        strings = self._strings
        if not 0 <= offset < len(strings):
            raise ObjectError(f"BTF: string offset {offset} is outside of {len(strings)} bytes of strings")
        return strings[offset : strings.index(b"\0", offset)].decode("utf-8", "backslashreplace")

    def record(self, type_id: int) -> TypeRecord:
        """The type ``type_id`` as it stands in the section."""
        found = self._records.get(type_id)
        if found is not None:
            return found
        if not 0 <= type_id < len(self._starts):
            raise ObjectError(f"BTF: there is no type {type_id}, ids end at {len(self._starts) - 1}")
        at, words = self._starts[type_id], self._words
        info, third = words[at + 1], words[at + 2]
        kind = KINDS[info >> 24 & 0x7F]
        sized = kind in _SIZED
        record = TypeRecord(
            type_id,
            kind,
            self.string(words[at]),
            info & 0xFFFFFF,
            bool(info >> 31),
            third if sized else 0,
            0 if sized or kind is BtfKind.FWD else third,
            at + 3,
        )
        self._records[type_id] = record
        return record

    def resolve(self, type_id: int) -> TypeRecord:
        """The type behind all typedefs, qualifiers and tags of ``type_id``."""
        record = self.record(type_id)
        for _ in range(MAX_DEPTH):
            if record.kind not in MODIFIERS:
                return record
            record = self.record(record.ref)
        raise self._error(type_id, "refers to itself, or through too many typedefs and qualifiers")

    def find(self, name: str, *kinds: BtfKind) -> int | None:
        """The id of the first type called ``name`` (of one of ``kinds``, if any are given), or None."""
        if self._by_name is None:
            self._by_name = self._index_names()
        for type_id in self._by_name.get(name, ()):
            if not kinds or self.record(type_id).kind in kinds:
                return type_id
        return None

    def names(self, *kinds: BtfKind) -> list[str]:
        """The names of all types (of ``kinds``, if any are given), sorted."""
        if self._by_name is None:
            self._by_name = self._index_names()
        return sorted(
            name
            for name, ids in self._by_name.items()
            if not kinds or any(self.record(i).kind in kinds for i in ids)
        )

    def size_of(self, type_id: int) -> int:
        """The size of a value of the type, in bytes; ``ObjectError`` where it has none."""
        known = self._sizes.get(type_id)
        if known is not None:
            return known
        count, current = 1, type_id
        for _ in range(MAX_DEPTH):
            record = self.resolve(current)
            if record.kind is BtfKind.ARRAY:
                current, length = self.array_of(record)
                count *= length
            elif record.kind is BtfKind.VAR:
                current = record.ref
            else:
                size = self._sizes[type_id] = count * self._scalar_size(record, type_id)
                return size
        raise self._error(type_id, "contains itself, or too many arrays of arrays")

    def array_of(self, record: TypeRecord) -> tuple[int, int]:
        """The element type and the length of an ARRAY."""
        assert record.kind is BtfKind.ARRAY
        return self._words[record.word], self._words[record.word + 2]

    def int_of(self, record: TypeRecord) -> tuple[int, int, int]:
        """The encoding (``INT_*`` flags), the bit offset and the number of bits of an INT."""
        assert record.kind is BtfKind.INT
        word = self._words[record.word]
        return word >> 24 & 0xF, word >> 16 & 0xFF, word & 0xFF

    def members(self, record: TypeRecord) -> tuple[Member, ...]:
        """The members of a STRUCT or UNION."""
        assert record.kind in COMPOSITE
        words, found = self._words, []
        for at in range(record.word, record.word + 3 * record.vlen, 3):
            offset = words[at + 2]
            bits, offset = (offset >> 24, offset & 0xFFFFFF) if record.kind_flag else (0, offset)
            found.append(Member(self.string(words[at]), words[at + 1], offset, bits))
        return tuple(found)

    def enum_values(self, record: TypeRecord) -> tuple[tuple[str, int], ...]:
        """The names and values of an ENUM or ENUM64, with the sign that it declares."""
        assert record.kind in (BtfKind.ENUM, BtfKind.ENUM64)
        words, wide = self._words, record.kind is BtfKind.ENUM64
        step, top = (3, 1 << 64) if wide else (2, 1 << 32)
        found = []
        for at in range(record.word, record.word + step * record.vlen, step):
            value = words[at + 1] | (words[at + 2] << 32 if wide else 0)
            if record.kind_flag and value >= top >> 1:
                value -= top
            found.append((self.string(words[at]), value))
        return tuple(found)

    def decl_tags(self, type_id: int, member: int = -1) -> tuple[str, ...]:
        """The declaration tags of a type (as it stands, no typedef of it), or of one of its members.

        C's ``__attribute__((btf_decl_tag("…")))``; ``member`` is the index in `members`.
        """
        found: dict[tuple[int, int], tuple[str, ...]] | None = self.derived.get("decl_tags")
        if found is None:
            found = self.derived["decl_tags"] = {}
            for tag_id in range(1, len(self)):
                if self._words[self._starts[tag_id] + 1] >> 24 & 0x7F == BtfKind.DECL_TAG:
                    tag = self.record(tag_id)
                    word = self._words[tag.word]
                    key = tag.ref, word - (1 << 32) if word >> 31 else word
                    found[key] = (*found.get(key, ()), tag.name)
        return found.get((type_id, member), ())

    def tagged(self, prefix: str) -> list[tuple[str, str]]:
        """What has a declaration tag that begins with ``prefix``, by name, and the rest of the tag."""
        found = []
        for tag_id in range(1, len(self)):
            if self._words[self._starts[tag_id] + 1] >> 24 & 0x7F == BtfKind.DECL_TAG:
                tag = self.record(tag_id)
                if tag.name.startswith(prefix):
                    found.append((self.record(tag.ref).name, tag.name[len(prefix) :]))
        return found

    def typedef_names(self, type_id: int) -> tuple[str, ...]:
        """The names of the typedefs on the way to what the type is, the outermost first."""
        names: list[str] = []
        record = self.record(type_id)
        for _ in range(MAX_DEPTH):
            if record.kind not in MODIFIERS:
                return tuple(names)
            if record.kind is BtfKind.TYPEDEF:
                names.append(record.name)
            record = self.record(record.ref)
        raise self._error(type_id, "refers to itself, or through too many typedefs and qualifiers")

    def parameters(self, record: TypeRecord) -> tuple[tuple[str, int], ...]:
        """The names and type ids of the parameters of a FUNC_PROTO; type 0 at the end means variadic."""
        assert record.kind is BtfKind.FUNC_PROTO
        words = self._words
        return tuple(
            (self.string(words[at]), words[at + 1])
            for at in range(record.word, record.word + 2 * record.vlen, 2)
        )

    def section_vars(self, section: str) -> tuple[SectionVar, ...]:
        """The variables of a data section such as ``.rodata``, in its order; empty without BTF for it."""
        type_id = self.find(section, BtfKind.DATASEC)
        if type_id is None:
            return ()
        record, words, found = self.record(type_id), self._words, []
        for at in range(record.word, record.word + 3 * record.vlen, 3):
            var = self.record(words[at])
            if var.kind is BtfKind.FUNC:  # `.ksyms` lists functions too
                found.append(SectionVar(var.name, var.ref, words[at + 1], words[at + 2], var.vlen))
            elif var.kind is BtfKind.VAR:
                linkage = self._words[var.word]
                found.append(SectionVar(var.name, var.ref, words[at + 1], words[at + 2], linkage))
            else:
                raise self._error(type_id, f"lists type {var.id}, which is no variable")
        return tuple(found)

    def map_definitions(self) -> dict[str, MapDefinition]:
        """The maps of the ``.maps`` section by name, with the types that their definitions give."""
        found = {}
        for var in self.section_vars(".maps"):
            record = self.resolve(var.type_id)
            if record.kind is not BtfKind.STRUCT:
                raise self._error(var.type_id, f"defines map '{var.name}', but is no struct")
            members = {member.name: member.type_id for member in self.members(record)}
            found[var.name] = MapDefinition(
                var.name,
                self._pointee(members.get("key")),
                self._pointee(members.get("value")),
                self._event_type(members.get("type")),
            )
        return found

    def type(self, name_or_id: str | int) -> BtfType:
        """A type by name or id, as users see it; ``MissingError`` where no type has that name."""
        type_id = name_or_id if isinstance(name_or_id, int) else self.find(name_or_id)
        if type_id is None:
            raise MissingError(f"no BTF type is called '{name_or_id}'" + self.near(str(name_or_id)))
        record = self.record(type_id)
        target = self.resolve(type_id)
        fields = None
        if target.kind in COMPOSITE:
            fields = tuple(self._public_field(member) for member in self.members(target))
        return BtfType(record.name, record.kind, self._size_or_zero(type_id), fields)

    def _public_field(self, member: Member) -> BtfField:
        offset, size = member.bit_offset // 8, self._size_or_zero(member.type_id)
        if member.bits:
            size = (member.bit_offset % 8 + member.bits + 7) // 8
        return BtfField(member.name, offset, size)

    def _size_or_zero(self, type_id: int) -> int:
        kind = self.resolve(type_id).kind
        if kind in (BtfKind.VOID, BtfKind.FWD, BtfKind.FUNC, BtfKind.FUNC_PROTO):
            return 0
        return self.size_of(type_id)

    def near(self, name: str) -> str:
        """What else may have been meant, as the end of a sentence; empty where nothing is near."""
        from difflib import get_close_matches  # 3 ms to import, and only for this message

        near = get_close_matches(name, [n for n in self.names() if n], 3)
        return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""

    def _scalar_size(self, record: TypeRecord, asked: int) -> int:
        if record.kind in _SIZED:
            return record.size
        if record.kind is BtfKind.PTR:
            return POINTER_SIZE
        raise self._error(asked, f"has no size: it is a {record.kind.name}")

    def _pointee(self, type_id: int | None) -> int | None:
        if type_id is None:
            return None
        record = self.resolve(type_id)
        return record.ref if record.kind is BtfKind.PTR else None

    def _event_type(self, type_id: int | None) -> int | None:
        pointee = self._pointee(type_id)
        if pointee is None:
            return None
        record = self.resolve(pointee)
        if record.kind is not BtfKind.ARRAY:
            return None
        element = self.array_of(record)[0]
        plain = self.record(element)
        return None if plain.kind is BtfKind.INT and plain.name == "int" else element

    def _index_names(self) -> dict[str, list[int]]:
        words = self._words
        at_offset: dict[int, list[int]] = {}
        for type_id in range(1, len(self._starts)):
            at_offset.setdefault(words[self._starts[type_id]], []).append(type_id)
        by_name: dict[str, list[int]] = {}
        for offset, ids in at_offset.items():
            by_name.setdefault(self.string(offset), []).extend(ids)
        return by_name

    def _error(self, type_id: int, reason: str) -> ObjectError:
        at = self._base + 4 * self._starts[type_id]
        return ObjectError(f"BTF: type {type_id} at offset {at:#x} {reason}")
