"""One clone written anew, and the functions that have to be a part of their caller within it.

What a function value captures, and what an interface holds, is in variables of the function that made
it. Where such a function hands them to its caller, its body is written into the caller's: then they are
variables of the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.refuse import LoweringFault, Poisoned, Refused
from tinybpf.compiler.resolve import calls, closures, interfaces, ops
from tinybpf.compiler.resolve.analysis import Clone, Thing
from tinybpf.compiler.resolve.kinds import Path
from tinybpf.compiler.resolve.shape import changed
from tinybpf.compiler.resolve.writer import Block, Writer

if TYPE_CHECKING:
    from tinybpf.compiler.resolve.rewrite import Rewriter


class Inlined(msgspec.Struct):
    """Where the results of a body within another go, and where control does."""

    results: list[int]
    done: Block


class Body:
    """A clone's body on its way into ``w``; ``handler`` is where a panic in it goes on."""

    def __init__(
        self,
        rewriter: Rewriter,
        clone: Clone,
        w: Writer,
        outer: list[int],
        inlined: Inlined | None = None,
        handler: int | None = None,
    ) -> None:
        self.r = rewriter
        self.kinds = rewriter.kinds
        self.clone = clone
        self.fn = clone.body
        self.w = w
        self.inlined = inlined
        self.handler = handler
        self.numbers: dict[int, int] = dict(enumerate(outer))
        self.tuples: dict[int, list[int]] = {}
        self._blocks: dict[int, Block] = {}
        self._ends: dict[int, int] = {}
        self._live: set[tuple[int, int]] = set()
        self._phis: list[tuple[Block, int, int, ssa.Phi]] = []
        self._handlers = ops.handlers(self.fn)

    # the whole

    def run(self) -> None:
        first = self._blocks[0] = self.w.at
        if self.inlined is not None:
            first = self._blocks[0] = self._new(0)
            self.w.jump(first)
        else:
            first.comment = self.fn.blocks[0].comment
        self._set_handler(first, 0)
        work, seen = [0], {0}
        while work:
            b = work.pop()
            for succ in self._block(b):
                if succ not in seen:
                    seen.add(succ)
                    work.append(succ)
            handler = self._handlers.get(b)
            if handler is not None and handler not in seen:
                seen.add(handler)
                work.append(handler)
        self._finish()

    def _new(self, b: int) -> Block:
        return self.w.block(self.fn.blocks[b].comment)

    def block_of(self, b: int) -> Block:
        known = self._blocks.get(b)
        if known is None:
            known = self._blocks[b] = self._new(b)
            self._set_handler(known, b)
        return known

    def _set_handler(self, block: Block, b: int) -> None:
        own = self._handlers.get(b)
        block.handler = self.handler if own is None else self.block_of(own).number

    def _block(self, b: int) -> list[int]:
        """Writes a block; the blocks after it."""
        self.w.at = self.block_of(b)
        after: list[int] = []
        for instr in self.fn.blocks[b].instrs:
            self.w.pos = instr.pos
            if isinstance(instr, (ssa.Jump, ssa.If)):
                after = self._leave(b, instr)
            else:
                self._instruction(b, instr)
        self._ends[b] = self.w.at.number
        return after

    def _leave(self, b: int, instr: ssa.Jump | ssa.If) -> list[int]:
        succs = self.fn.blocks[b].succs
        if isinstance(instr, ssa.If):
            cond = self.number(instr.cond)
            known = self.w.known_truth(cond)
            if known is not None:
                succs = [succs[0] if known else succs[1]]
                self.w.emit(ssa.Jump(instr.pos))
            else:
                self.w.emit(ssa.If(instr.pos, cond))
        else:
            self.w.emit(instr)
        for s in succs:
            self._live.add((b, s))
            self.w.at.succs.append(self.block_of(s).number)
        return list(succs)

    def _finish(self) -> None:
        """Predecessors in their old order, which phis go by."""
        for b, block in self._blocks.items():
            if b in self._ends:
                old = [p for p in self.fn.blocks[b].preds if (p, b) in self._live]
                block.preds += [self._ends[p] for p in old]
        for block, at, b, phi in self._phis:
            edges = [
                self.number(edge)
                for edge, p in zip(phi.edges, self.fn.blocks[b].preds, strict=True)
                if (p, b) in self._live
            ]
            block.instrs[at] = msgspec.structs.replace(phi, id=self.numbers[phi.id], edges=edges)

    # values

    def number(self, old: int) -> int:
        """What a value of the clone's is in the new function."""
        known = self.numbers.get(old)
        if known is None:
            if old >= len(self.fn.values):
                if old in self.tuples:
                    raise LoweringFault("a tuple is used as one value", self.w.pos)
                raise Poisoned
            value = self.fn.values[old]
            if isinstance(value, ssa.FuncRef):
                value = self.r.function_id(value)
            known = self.numbers[old] = self.w.leaf(value)
        return known

    def type_of(self, old: int) -> int:
        return self.clone.uses.type_of[old]

    def things(self, old: int, path: Path = ()) -> set[Thing]:
        """What a value, or a part of it, may be, of those that the analysis knows."""
        return self.r.analysis.things(self.clone, old, path)

    def define(self, old: int, new: int) -> None:
        self.numbers[old] = new

    # instructions

    def _instruction(self, b: int, instr: ssa.Instruction) -> None:
        try:
            self._written(b, instr)
        except Poisoned:
            self._poison(instr)
        except Refused as refused:
            self.r.refuse(self.fn, refused)
            self._poison(instr)

    def _poison(self, instr: ssa.Instruction) -> None:
        """Stands for the result of what was refused: nothing more is said of what uses it."""
        number = getattr(instr, "id", None)
        if number is not None:
            self.tuples.pop(number, None)
            self.define(number, self.w.made(ops.Poison, instr.type))  # type: ignore[union-attr]

    def _written(self, b: int, instr: ssa.Instruction) -> None:
        if id(instr) in self.clone.printed:
            self.keep(instr)
        elif isinstance(instr, ssa.Phi):
            self._phi(b, instr)
        elif isinstance(instr, ssa.Return):
            self._return(instr)
        elif isinstance(instr, ssa.Extract) and instr.tuple in self.tuples:
            self.define(instr.id, self.tuples[instr.tuple][instr.index])
        elif isinstance(instr, ssa.Call):
            calls.call(self, instr)
        elif isinstance(instr, ssa.MakeClosure):
            closures.make(self, instr)
        elif isinstance(instr, ssa.MakeInterface) and self.kinds.is_interface(instr.type):
            interfaces.make(self, instr)
        elif isinstance(instr, ssa.TypeAssert):
            interfaces.type_assert(self, instr)
        elif isinstance(instr, ssa.ChangeInterface) and self.kinds.is_interface(instr.type):
            self.define(instr.id, self.w.as_type(self.number(instr.x), instr.type))
        elif isinstance(instr, ssa.BinOp) and self.kinds.is_interface(self.type_of(instr.x)):
            interfaces.compare(self, instr)
        else:
            if isinstance(instr, ssa.BinOp) and self.kinds.holds(self.type_of(instr.x)):
                interfaces.check_parts(self, instr)
            self.keep(instr)

    def keep(self, instr: ssa.Instruction) -> None:
        """The same instruction, of the new function's values."""
        number = getattr(instr, "id", None)
        if number is None:
            self.w.emit(changed(instr, self.number))
            return
        new = self.w.fresh()
        self.w.emit(changed(instr, self.number, id=new))
        self.w.types[new] = instr.type  # type: ignore[union-attr]
        self.define(number, new)

    def _phi(self, b: int, instr: ssa.Phi) -> None:
        new = self.w.fresh()
        self.define(instr.id, new)
        self.w.types[new] = instr.type
        self._phis.append((self.w.at, len(self.w.at.instrs), b, instr))
        self.w.emit(instr)

    def _return(self, instr: ssa.Return) -> None:
        if self.inlined is None:
            self.keep(instr)
            return
        for variable, x in zip(self.inlined.results, instr.results, strict=True):
            self.w.store(variable, self.number(x))
        self.w.jump(self.inlined.done)
