"""A BTF type as the fields that a reader sees.

``shape_of`` gives a `Leaf` for a scalar and a `Group` for a struct; a leaf's ``form`` says what its
value is to people. The form comes from, in this order: a ``show:`` declaration tag of the member,
the name of a typedef or struct that is known here, the type itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tinybpf.errors import BpfError
from tinybpf.libbpf.btf import COMPOSITE, INT_BOOL, INT_CHAR, INT_SIGNED, Btf, BtfKind, Member, TypeRecord

TAG = "show:"
MAX_NESTING = 32
MAX_LEAVES = 512

FORMS_BY_TYPE = {
    "__be16": "be",
    "__be32": "be",
    "__be64": "be",
    "in_addr_t": "ip",
    "ebpf_MAC": "mac",
    "ebpf_Comm": "text",
    "ebpf_Ktime": "time",
    "ebpf_Nanoseconds": "duration",
}
"""What a typedef's name says about its values."""

STRUCTS = {"in_addr": ("ip", 4), "in6_addr": ("ip", 16), "ebpf_Histogram": ("histogram", 512)}
"""Structs that are one value: their form and size."""

TEXT_NAMES = ("comm", "name", "path", "text", "message", "msg", "cmdline", "args", "argv", "string")
"""Arrays of plain bytes whose name ends so are text."""

_INT_FORMS = frozenset(["be", "hex", "time", "duration", "bytes", "errno", "oct"])


@dataclass(frozen=True)
class Leaf:
    """One value. ``offset`` and ``size`` are in bytes from the start of the record.

    ``form`` is one of int bool float enum char pointer be hex oct size time duration errno (numbers),
    text guess hexbytes ip mac histogram (bytes), list (``count`` times ``element``). ``shift`` and
    ``bits`` are those of a bit field (0 bits: none), ``code`` is how ``struct`` reads it.
    """

    name: str
    offset: int
    size: int
    form: str
    code: str
    signed: bool = False
    names: tuple[tuple[str, int], ...] = ()
    element: Leaf | Group | None = None
    count: int = 0
    shift: int = 0
    bits: int = 0


@dataclass(frozen=True)
class Group:
    """A struct or union: its fields in their order."""

    name: str
    offset: int
    size: int
    fields: tuple[Leaf | Group, ...]

    def leaves(self, prefix: str = "") -> list[Leaf]:
        """All values within, named by their path: ``Inner.Port``."""
        found: list[Leaf] = []
        for field in self.fields:
            if isinstance(field, Group):
                found += field.leaves(f"{prefix}{field.name}.")
            else:
                found.append(replace(field, name=prefix + field.name))
        return found


Shape = Leaf | Group


def shape_of(btf: Btf, type_id: int, name: str = "value", offset: int = 0) -> Shape:
    """The shape of a type; `BpfError` where it has more fields than anybody could read.

    ``name`` is what a value that is no struct is called, ``offset`` where it starts in the record.
    """
    shape = _Reader(btf).read(type_id, name, offset, "", MAX_NESTING)
    if isinstance(shape, Group) and len(shape.leaves()) > MAX_LEAVES:
        raise BpfError(f"type '{btf.record(type_id).name}' has more than {MAX_LEAVES} fields")
    return shape


def bytes_shape(size: int, name: str = "value", offset: int = 0) -> Leaf:
    """The shape of bytes that nothing is known of: a number where they are as many as one has."""
    if size in (1, 2, 4, 8):
        return Leaf(name, offset, size, "int", _int_code(size, False))
    return Leaf(name, offset, size, "guess", f"{size}s")


class _Reader:
    """One walk over the types."""

    def __init__(self, btf: Btf) -> None:
        self._btf = btf

    def read(self, type_id: int, name: str, offset: int, tag: str, depth: int) -> Shape:
        btf = self._btf
        if depth <= 0:
            raise BpfError(f"type {type_id} nests deeper than {MAX_NESTING} types")
        record = btf.resolve(type_id)
        known = tag or self._form_by_name(type_id)
        if record.kind in COMPOSITE:
            return self._composite(record, name, offset, depth)
        if record.kind is BtfKind.ARRAY:
            return self._array(record, name, offset, known, depth)
        return self._scalar(record, btf.size_of(type_id), name, offset, known)

    def _form_by_name(self, type_id: int) -> str:
        """The form that a typedef on the way to the type asks for."""
        names = self._btf.typedef_names(type_id)
        return next((FORMS_BY_TYPE[name] for name in names if name in FORMS_BY_TYPE), "")

    def _composite(self, record: TypeRecord, name: str, offset: int, depth: int) -> Shape:
        form, size = STRUCTS.get(record.name, ("", 0))
        if form and size == record.size:
            return Leaf(name, offset, size, form, f"{size}s")
        fields: list[Leaf | Group] = []
        for index, member in enumerate(self._btf.members(record)):
            field = self._member(record, index, member, offset, depth)
            if isinstance(field, Group) and not field.name:
                fields += field.fields
            elif field is not None:
                fields.append(field)
        return Group(name, offset, record.size, tuple(fields))

    def _member(
        self, record: TypeRecord, index: int, member: Member, base: int, depth: int
    ) -> Leaf | Group | None:
        target = self._btf.resolve(member.type_id)
        if member.name in ("", "_") and target.kind not in COMPOSITE:
            return None  # padding
        if member.name == "_":
            return None
        tag = _tag(self._btf, record.id, index)
        start, bits = member.bit_offset, member.bits
        if target.kind is BtfKind.INT and not bits:
            _, extra, width = self._btf.int_of(target)
            is_bool = self._btf.int_of(target)[0] & INT_BOOL
            if extra or (width < 8 * target.size and not is_bool):
                start, bits = start + extra, width
        offset = base + start // 8
        if bits:
            return self._bit_field(target, member.name, offset, start % 8, bits, tag)
        if self._btf.size_of(member.type_id) == 0:
            return None
        return self.read(member.type_id, member.name, offset, tag, depth - 1)

    def _bit_field(
        self, record: TypeRecord, name: str, offset: int, inside: int, bits: int, tag: str
    ) -> Leaf:
        size = (inside + bits + 7) // 8
        if self._btf.byte_order != "<":
            inside = 8 * size - inside - bits
        leaf = self._scalar(record, size, name, offset, tag)
        return replace(leaf, code=f"{size}s", shift=inside, bits=bits)

    def _scalar(self, record: TypeRecord, size: int, name: str, offset: int, form: str) -> Leaf:
        kind = record.kind
        if kind is BtfKind.INT:
            return self._integer(record, size, name, offset, form)
        if kind in (BtfKind.ENUM, BtfKind.ENUM64):
            names = self._btf.enum_values(record)
            code = _int_code(size, record.kind_flag)
            return Leaf(name, offset, size, "enum", code, record.kind_flag, names)
        if kind is BtfKind.FLOAT and size in (4, 8):
            return Leaf(name, offset, size, "float", "f" if size == 4 else "d")
        if kind is BtfKind.PTR:
            return Leaf(name, offset, size, "pointer", "Q")
        return Leaf(name, offset, size, "hexbytes", f"{size}s")

    def _integer(self, record: TypeRecord, size: int, name: str, offset: int, form: str) -> Leaf:
        encoding = self._btf.int_of(record)[0]
        signed = bool(encoding & INT_SIGNED)
        if encoding & INT_BOOL and size == 1:
            return Leaf(name, offset, size, "bool", "?")
        if form == "ip" and size == 4:
            return Leaf(name, offset, size, "ip", "4s")
        if form == "be" and size in (2, 4, 8):
            return Leaf(name, offset, size, "be", f"{size}s", signed)
        if form == "text" and size == 1:
            return Leaf(name, offset, size, "text", "1s")
        form = {"bytes": "size"}.get(form, form) if form in _INT_FORMS - {"be"} else "int"
        if size > 8 and form == "int":
            form = "wide"
        return Leaf(name, offset, size, form, _int_code(size, signed), signed)

    def _array(self, record: TypeRecord, name: str, offset: int, form: str, depth: int) -> Shape:
        element_id, count = self._btf.array_of(record)
        size = self._btf.size_of(record.id)
        element = self._btf.resolve(element_id)
        is_byte = element.kind is BtfKind.INT and element.size == 1
        if is_byte and not self._btf.int_of(element)[0] & INT_BOOL:
            return _byte_array(name, offset, size, form, self._is_char(element_id))
        inner = self.read(element_id, "", 0, form, depth - 1)
        return Leaf(name, offset, size, "list", f"{size}s", element=inner, count=count)

    def _is_char(self, type_id: int) -> bool:
        """Whether a type of one byte is C's ``char``: those arrays are text."""
        record = self._btf.record(type_id)
        for _ in range(MAX_NESTING):
            if record.kind is BtfKind.INT:
                return record.name == "char" or bool(self._btf.int_of(record)[0] & INT_CHAR)
            record = self._btf.record(record.ref)
        return False


def _byte_array(name: str, offset: int, size: int, form: str, is_char: bool) -> Leaf:
    chosen = "guess"
    if form in ("hex", "bytes"):
        chosen = "hexbytes"
    elif (form == "ip" and size in (4, 16)) or (form == "mac" and size == 6):
        chosen = form
    elif form == "be" and size in (2, 4, 8):
        chosen = "be"
    elif form == "text" or is_char or name.lower().endswith(TEXT_NAMES):
        chosen = "text"
    return Leaf(name, offset, size, chosen, f"{size}s")


def _int_code(size: int, signed: bool) -> str:
    code = {1: "b", 2: "h", 4: "i", 8: "q"}.get(size)
    if code is None:
        return f"{size}s"
    return code if signed else code.upper()


def _tag(btf: Btf, type_id: int, member: int) -> str:
    """The format that a member's ``show:`` tag asks for, the last one where there are several."""
    shown = [tag for tag in btf.decl_tags(type_id, member) if tag.startswith(TAG)]
    return shown[-1][len(TAG) :] if shown else ""
