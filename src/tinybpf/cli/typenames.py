"""The types of an object that user space meets, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinybpf import BtfKind

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf

DATA = (".data", ".rodata", ".bss", ".kconfig")
WORDS = {BtfKind.STRUCT: "struct", BtfKind.UNION: "union", BtfKind.ENUM: "enum", BtfKind.ENUM64: "enum"}
DEEPEST = 16


class Types:
    """An object's BTF, of which it may have none."""

    def __init__(self, btf: Btf | None) -> None:
        self._btf = btf
        self._definitions = btf.map_definitions() if btf is not None else {}

    def name(self, type_id: int | None, depth: int = DEEPEST) -> str:
        """A type in short: ``Event``, ``uint32``, ``char[16]``, ``*Event``."""
        if self._btf is None or not type_id:
            return "void"
        record = self._btf.record(type_id)
        if record.name and record.kind is not BtfKind.TYPE_TAG:
            return record.name
        target = self._btf.resolve(type_id)
        if target.kind is BtfKind.ARRAY and depth:
            element, length = self._btf.array_of(target)
            inner, bracket, dims = self.name(element, depth - 1).partition("[")
            return f"{inner}[{length}]{bracket}{dims}"
        if target.kind is BtfKind.PTR and depth:
            return "*" + self.name(target.ref, depth - 1)
        return target.name or WORDS.get(target.kind, target.kind.name.lower())

    def maps(self) -> dict[str, dict[str, str | None]]:
        """The types of each map's keys, values and events."""
        return {
            name: {
                f"{word}_type": self.name(type_id) if type_id else None
                for word, type_id in (("key", d.key_type), ("value", d.value_type), ("event", d.event_type))
            }
            for name, d in self._definitions.items()
        }

    def visible(self) -> list[dict[str, Any]]:
        """Structs, unions and enums of keys, values, events and variables, and those inside them."""
        if self._btf is None:
            return []
        found: dict[str, dict[str, Any]] = {}
        seen: set[int] = set()
        waiting = list(self._roots())
        while waiting:
            record = self._btf.resolve(waiting.pop())
            if record.id in seen:
                continue
            seen.add(record.id)
            if record.kind is BtfKind.ARRAY:
                waiting.append(self._btf.array_of(record)[0])
            elif record.kind in (BtfKind.STRUCT, BtfKind.UNION):
                waiting += [member.type_id for member in self._btf.members(record)]
            if record.kind in WORDS and record.name:
                found.setdefault(record.name, self._described(record))
        return [found[name] for name in sorted(found)]

    def _roots(self) -> Iterator[int]:
        assert self._btf is not None
        for definition in self._definitions.values():
            yield from filter(None, (definition.key_type, definition.value_type, definition.event_type))
        for section in self._btf.names(BtfKind.DATASEC):
            if section.startswith(DATA):
                for variable in self._btf.section_vars(section):
                    yield self._btf.resolve(variable.type_id).ref or variable.type_id

    def _described(self, record: Any) -> dict[str, Any]:
        assert self._btf is not None
        told = {"kind": WORDS[record.kind], "name": record.name, "size": self._btf.size_of(record.id)}
        if record.kind in (BtfKind.STRUCT, BtfKind.UNION):
            fields = [
                {
                    "name": member.name,
                    "type": self.name(member.type_id),
                    "offset": member.bit_offset // 8,
                    "bits": member.bits or None,
                }
                for member in self._btf.members(record)
            ]
            return told | {"fields": fields, "values": {}}
        return told | {"fields": [], "values": dict(self._btf.enum_values(record))}
