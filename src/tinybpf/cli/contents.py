"""What is in an object, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinybpf.compiler import CompiledObject

STACK = 512
"""Bytes of stack that a program has with all that it calls."""


def table(compiled: CompiledObject) -> list[str]:
    """Programs with their deepest call chain, subprograms, maps, variables and types."""
    return list(_join(_programs(compiled), _maps(compiled), _variables(compiled), _types(compiled)))


def _join(*parts: list[str]) -> Iterator[str]:
    """The parts that have something, an empty line between them."""
    first = True
    for part in parts:
        if part:
            if not first:
                yield ""
            first = False
            yield from part


def _programs(compiled: CompiledObject) -> list[str]:
    rows = [("program", "section", "instructions", f"stack of {STACK}", "")]
    for p in compiled.programs:
        deepest = " + ".join(f"{name} {size}" for name, size in p.chain) if len(p.chain) > 1 else ""
        rows.append((p.name, p.section, str(p.instructions), str(p.stack), deepest))
    names = {p.name for p in compiled.programs}
    rows += [
        (f.name, "(subprogram)", str(f.instructions), str(f.stack), "")
        for f in compiled.functions
        if f.name not in names
    ]
    return _aligned(rows, numbers=(2, 3))


def _maps(compiled: CompiledObject) -> list[str]:
    from tinybpf.compiler import elf, facts

    if not compiled.maps:
        return []
    types = facts.Types(elf.read(compiled.elf)).maps()
    rows = [("map", "type", "key", "value or event", "entries")]
    for m in compiled.maps:
        named = types.get(m.name, {})
        rows.append(
            (
                m.name,
                m.type.lower(),
                _sized(named.get("key"), m.key_size),
                named.get("event") or _sized(named.get("value"), m.value_size),
                str(m.max_entries),
            )
        )
    return _aligned(rows, numbers=(4,))


def _sized(name: str | None, size: int) -> str:
    parts = [name] if name else []
    return " ".join([*parts, f"({size})"] if size else parts) or "-"


def _variables(compiled: CompiledObject) -> list[str]:
    rows = [(v.name, v.section, v.type, str(v.size)) for v in compiled.variables]
    return _aligned([("variable", "section", "type", "bytes"), *rows], numbers=(3,)) if rows else []


def _types(compiled: CompiledObject) -> list[str]:
    lines = []
    for t in compiled.types:
        lines.append(f"{t.kind} {t.name}: {t.size} bytes")
        rows = [(f"  {f.offset}", f.name, f.type, str(f.size)) for f in t.fields]
        lines += _aligned(rows, numbers=(0, 3)) if rows else []
    return lines


def _aligned(rows: Sequence[tuple[str, ...]], numbers: Sequence[int]) -> list[str]:
    """The rows as lines, the columns under each other, those of ``numbers`` to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if n in numbers else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
