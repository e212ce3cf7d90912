"""A part of a variable by its name in the source: ``config.limits[2].rate``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tinybpf.errors import MissingError
from tinybpf.libbpf.btf import COMPOSITE, BtfKind
from tinybpf.libbpf.globals import Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinybpf.libbpf.btf import Btf, Member, TypeRecord

_STEP = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?P<index>[0-9]+)\]")
_MAX_NESTING = 32


def find(btf: Btf, variables: Mapping[str, Variable], name: str) -> Variable | None:
    """The part that ``name`` means, None where it begins with no variable's name.

    `MissingError` where a struct has no such field, ``IndexError`` where an array is shorter,
    ``TypeError`` where what is named has no parts, or is a bit field.
    """
    start = max((n for n in variables if name.startswith(n) and name[len(n)] in ".["), key=len, default=None)
    if start is None:
        return None
    whole = variables[start]
    type_id, offset, at = whole.type_id, whole.offset, len(start)
    while at < len(name):
        step = _STEP.match(name, at)
        if step is None:
            raise MissingError(f"variable '{name}': '{name[at:]}' names no part: use .field and [index]")
        before = name[:at]
        if step["field"] is not None:
            type_id, offset = _field(btf, type_id, offset, step["field"], before)
        else:
            type_id, offset = _element(btf, type_id, offset, int(step["index"]), before)
        at = step.end()
    return Variable(name, whole.section, type_id, offset, btf.size_of(type_id))


def _resolve(btf: Btf, type_id: int) -> TypeRecord:
    record = btf.resolve(type_id)
    return btf.resolve(record.ref) if record.kind is BtfKind.VAR else record


def _element(btf: Btf, type_id: int, offset: int, index: int, before: str) -> tuple[int, int]:
    record = _resolve(btf, type_id)
    if record.kind is not BtfKind.ARRAY:
        raise TypeError(f"variable '{before}' is no array")
    element, length = btf.array_of(record)
    if index >= length:
        raise IndexError(f"variable '{before}' has {length} elements, there is no [{index}]")
    return element, offset + index * btf.size_of(element)


def _field(btf: Btf, type_id: int, offset: int, field: str, before: str) -> tuple[int, int]:
    record = _resolve(btf, type_id)
    if record.kind not in COMPOSITE:
        raise TypeError(f"variable '{before}' is no struct")
    members = dict(_members(btf, record, 0, _MAX_NESTING))
    found = members.get(field) or members.get(field.removesuffix("_"))
    if found is None:
        raise MissingError(f"variable '{before}' has no field '{field}'; there is: {', '.join(members)}")
    member, start = found
    if member.bits:
        raise TypeError(f"variable '{before}.{field}' is a bit field: read or set '{before}' as a whole")
    return member.type_id, offset + start


def _members(btf: Btf, record: TypeRecord, start: int, depth: int) -> list[tuple[str, tuple[Member, int]]]:
    """The fields by name, those of anonymous structs and unions among them."""
    found: list[tuple[str, tuple[Member, int]]] = []
    for member in btf.members(record):
        at = start + member.bit_offset // 8
        inner = btf.resolve(member.type_id)
        if member.name:
            found.append((member.name, (member, at)))
        elif inner.kind in COMPOSITE and depth:
            found += _members(btf, inner, at, depth - 1)
    return found
