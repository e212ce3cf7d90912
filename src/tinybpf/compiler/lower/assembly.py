"""The text of a module: what stands where, and where a large one is cut in two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tinybpf.compiler.lower.halves import LARGEST_WHOLE, Halves, middle
from tinybpf.compiler.lower.variables import Variables

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module
    from tinybpf.compiler.program import EntryPoint

    Part = tuple[Sequence[int], Sequence[EntryPoint]]

Ahead = Callable[[str, str], None]
"""Takes the target and the first half of a module."""

LAYOUT = "-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
"""Behind the letter of the byte order."""

DECLARATIONS = """\
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i1 @llvm.is.constant.i1(i1)
declare i1 @llvm.is.constant.i64(i64)
declare void @llvm.assume(i1)
declare ptr @llvm.preserve.static.offset(ptr)
declare ptr @llvm.preserve.struct.access.index.p0.p0(ptr, i32, i32)
"""


def assemble(m: Module, ahead: Ahead | None) -> tuple[Callable[[], str], str]:
    """What makes the module's text; the second half of it, where ``ahead`` was given the first."""
    variables = Variables(m)
    order = "E" if m.big_endian else "e"
    start = [
        f'target triple = "{m.triple}"\ntarget datalayout = "{order}{LAYOUT}"\n',
        DECLARATIONS,
        *variables.lines(),
        variables.license(),
    ]
    first, *others = _parts(m)
    bodies = m.some_bodies(*first)
    halves = _first_half(m, [*start, *_made(m)], bodies, ahead) if others and ahead is not None else None
    rest = m.some_bodies(*others[0]) if others else []
    m.tell_inside()
    head = [*start, *_made(m)]
    second = halves.second(head, rest) if halves is not None and not m.debug.circular else None

    def whole() -> str:
        return "\n".join([*head, *dict.fromkeys([*bodies, *rest]), m.debug.text(), ""])

    return whole, "\n".join([*second, m.debug.text(rest), ""]) if second else ""


def _made(m: Module) -> list[str]:
    """What the module defines besides the source's variables and functions, as far as it is known."""
    sites = m.sites.lines() if m.sites is not None else []
    return [*sites, *m.made.lines(), *m.shared_lines()]


def _first_half(m: Module, head: Sequence[str], bodies: Sequence[str], ahead: Ahead) -> Halves | None:
    halves = Halves(head, bodies)
    after = m.debug.text()
    if halves.first is None or m.debug.circular:
        return None
    ahead(m.triple, "\n".join([*halves.first, after, ""]))
    return halves


def _parts(m: Module) -> list[Part]:
    """The functions and programs of the module, in two parts where it is large and can be cut."""
    entries = m.program.entries
    weights = {f: sum(len(b.instrs) for b in m.doc.functions[f].blocks) for f in m.order}
    if sum(weights.values()) < LARGEST_WHOLE:
        return [(m.order, entries)]
    reached: dict[int, set[int]] = {}
    backs: set[int] = set()
    for f in m.order:  # callees first
        found = {back for _, back in m.callbacks(f)}
        backs |= found
        found |= {callee for _, callee in m.callees(f)}
        reached[f] = {f}.union(*(reached.get(callee, ()) for callee in found))
    once = {f for f in m.order if f in backs or not m.is_part(f)}
    needed = [reached[e.function] for e in entries]
    at = middle([n & once for n in needed], [sum(weights[f] for f in n) for n in needed])
    if at is None:
        return [(m.order, entries)]
    first, second = set().union(*needed[:at]), set().union(*needed[at:])
    return [
        ([f for f in m.order if f in first], entries[:at]),
        ([f for f in m.order if f in second], entries[at:]),
    ]
