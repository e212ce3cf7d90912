"""A variable of its own for each use of one that is assigned several times.

Of variables that hold a function or an interface and nothing else, and whose address nobody takes:
what is assigned in one place and read in others is told from what is assigned elsewhere, so that it is
known where the variable as a whole could be several things.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import Uses
from tinybpf.compiler.resolve.kinds import Kinds
from tinybpf.compiler.resolve.ops import DEFERRED, handlers

Place = tuple[int, int]


class Split(msgspec.Struct):
    """A function with such variables parted; ``assigned`` are those that are never read while zero."""

    fn: ssa.Function
    assigned: set[int]


def split(kinds: Kinds, fn: ssa.Function, fresh: Callable[[], int]) -> Split:
    """``fresh`` gives numbers for new variables."""
    allocs = [
        (b, i, instr)
        for b, block in enumerate(fn.blocks)
        for i, instr in enumerate(block.instrs)
        if isinstance(instr, ssa.Alloc) and _is_value(kinds, kinds.elem(instr.type))
    ]
    result = Split(fn, set())
    if not allocs:
        return result
    uses = Uses(fn)
    edits: dict[Place, ssa.Instruction] = {}
    added: dict[Place, list[ssa.Alloc]] = {}
    after_panic = _after_panic(fn)
    for b, i, alloc in allocs:
        if alloc.comment == DEFERRED:
            result.assigned.add(alloc.id)
        elif _plain(fn, uses, alloc, after_panic):
            _part(fn, uses, (b, i), alloc, fresh, result, edits, added)
    if edits:
        blocks = [
            msgspec.structs.replace(block, instrs=_edited(block, b, edits, added))
            for b, block in enumerate(fn.blocks)
        ]
        result.fn = msgspec.structs.replace(fn, blocks=blocks)
    return result


def _is_value(kinds: Kinds, t: int) -> bool:
    return kinds.is_function(t) or kinds.is_interface(t)


def _after_panic(fn: ssa.Function) -> set[int]:
    """The blocks that are reached by a panic only."""
    seen: set[int] = set()
    work = list(handlers(fn).values())
    while work:
        b = work.pop()
        if b not in seen:
            seen.add(b)
            work.extend(fn.blocks[b].succs)
    return seen


def _plain(fn: ssa.Function, uses: Uses, alloc: ssa.Alloc, after_panic: set[int]) -> bool:
    """Whether the variable is only assigned and read, as a whole."""
    for b, i in uses.of(alloc.id):
        user = fn.blocks[b].instrs[i]
        if b in after_panic or not isinstance(user, (ssa.UnOp, ssa.Store)):
            return False
        if isinstance(user, ssa.Store) and user.value == alloc.id:
            return False
    return True


def _part(
    fn: ssa.Function,
    uses: Uses,
    made: Place,
    alloc: ssa.Alloc,
    fresh: Callable[[], int],
    result: Split,
    edits: dict[Place, ssa.Instruction],
    added: dict[Place, list[ssa.Alloc]],
) -> None:
    definitions = {made}
    reads = []
    for b, i in uses.of(alloc.id):
        if isinstance(fn.blocks[b].instrs[i], ssa.Store):
            definitions.add((b, i))
        else:
            reads.append((b, i))
    group = {d: d for d in definitions}

    def leader(d: Place) -> Place:
        while group[d] != d:
            d = group[d]
        return d

    reaching = {}
    for read in reads:
        found = sorted(_reaching(fn, read, definitions))
        reaching[read] = found
        for other in found[1:]:
            group[leader(other)] = leader(found[0])
    zero_read = any(made in found for found in reaching.values())
    if not zero_read:
        result.assigned.add(alloc.id)
    own = {leader(made): alloc.id} if zero_read else {}
    for d in sorted(definitions - {made}):
        head = leader(d)
        if head not in own:
            own[head] = alloc.id if not own else fresh()
            if own[head] != alloc.id:
                added.setdefault(made, []).append(msgspec.structs.replace(alloc, id=own[head]))
                result.assigned.add(own[head])
        if own[head] != alloc.id:
            edits[d] = msgspec.structs.replace(fn.blocks[d[0]].instrs[d[1]], addr=own[head])
    for read, found in reaching.items():
        if found and own.get(leader(found[0]), alloc.id) != alloc.id:
            edits[read] = msgspec.structs.replace(fn.blocks[read[0]].instrs[read[1]], x=own[leader(found[0])])


def _reaching(fn: ssa.Function, read: Place, definitions: set[Place]) -> set[Place]:
    """The assignments whose value the read may see."""
    by_block: dict[int, list[int]] = {}
    for b, i in sorted(definitions):
        by_block.setdefault(b, []).append(i)
    found: set[Place] = set()
    before = [i for i in by_block.get(read[0], ()) if i < read[1]]
    if before:
        return {(read[0], before[-1])}
    seen: set[int] = set()
    work = list(fn.blocks[read[0]].preds)
    while work:
        b = work.pop()
        if b in seen:
            continue
        seen.add(b)
        if b in by_block:
            found.add((b, by_block[b][-1]))
        else:
            work.extend(fn.blocks[b].preds)
    return found


def _edited(
    block: ssa.Block, b: int, edits: dict[Place, ssa.Instruction], added: dict[Place, list[ssa.Alloc]]
) -> list[ssa.Instruction]:
    instrs: list[ssa.Instruction] = []
    for i, instr in enumerate(block.instrs):
        instrs.append(edits.get((b, i), instr))
        instrs.extend(added.get((b, i), ()))
    return instrs
