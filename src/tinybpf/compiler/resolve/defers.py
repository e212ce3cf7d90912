"""``defer`` as flags, variables and blocks.

Each statement gets a flag, and a variable for the function and for each argument, which are evaluated
where the statement stands. Before a return the deferred calls whose flags are set run, the last one
first. All blocks of the function have as *handler* the first of a second chain of such calls: there a
panic goes on, and at that chain's end it goes on to the caller. A panic in a deferred call goes on with
those that are still to come.

In a loop a statement would need a variable for each turn: that is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.walk import block_order, instructions, repeats_without
from tinybpf.compiler.resolve import ops
from tinybpf.compiler.resolve.kinds import Kinds
from tinybpf.compiler.resolve.ops import Function

IN_LOOP = "defer in a loop: how many calls are deferred is not known when the program is compiled"
IN_LOOP_HINT = "make the loop's body a function, which has its deferred calls run at its end"


class _Deferred(msgspec.Struct):
    """One statement: its flag's variable, and that of the function and of each argument."""

    instr: ssa.Defer
    flag: int
    fn: int | None
    args: list[int]


def defers(fn: ssa.Function) -> bool:
    return any(isinstance(i, ssa.Defer) for i in instructions(fn))


def written_out(kinds: Kinds, fn: ssa.Function, fresh: Callable[[], int]) -> ssa.Function:
    """The function without ``Defer`` and ``RunDefers``; ``fresh`` gives numbers for new values."""
    return _Writer(kinds, fn, fresh).run()


class _Writer:
    def __init__(self, kinds: Kinds, fn: ssa.Function, fresh: Callable[[], int]) -> None:
        self.kinds = kinds
        self.fn = fn
        self.fresh = fresh
        self.values = list(fn.values)
        self.blocks = [list(block.instrs) for block in fn.blocks]
        self.succs = [list(block.succs) for block in fn.blocks]
        self.comments = [block.comment for block in fn.blocks]
        self.handlers: dict[int, int] = {}
        self.start: list[ssa.Instruction] = []
        self.type_of = {n: v.type for n, v in enumerate(fn.values)}
        for instr in instructions(fn):
            number = getattr(instr, "id", None)
            if number is not None:
                self.type_of[number] = instr.type  # type: ignore[union-attr]
        self._exits: dict[tuple[object, ...], int] = {}

    def run(self) -> ssa.Function:
        order = block_order(self.fn)
        deferred = [self._statement(b, i) for b in order for i in self._found(b)]
        live = set(order)
        panicked = self._panic_chain(deferred)
        for b in sorted(live):
            self.handlers[b] = panicked[-1]
        for b in sorted(live):
            self._before_return(b, deferred, panicked)
        self.blocks[0][:0] = self.start
        return self._function()

    def _found(self, b: int) -> list[ssa.Defer]:
        return [i for i in self.fn.blocks[b].instrs if isinstance(i, ssa.Defer)]

    def _statement(self, b: int, instr: ssa.Defer) -> _Deferred:
        if self.fn.synthetic == "range-over-func yield" or repeats_without(self.fn, b, -1):
            raise Refused(instr.pos, IN_LOOP, IN_LOOP_HINT)
        stores: list[ssa.Instruction] = []
        flag = self._variable(self.kinds.bool, instr.pos)
        named = instr.fn < len(self.fn.values) and not instr.method
        function = None if named else self._kept(instr.fn, instr.pos, stores)
        args = [x if self._constant(x) else self._kept(x, instr.pos, stores) for x in instr.args]
        stores.append(ssa.Store(instr.pos, flag, self._leaf(ssa.ConstBool(self.kinds.bool, True))))
        at = next(n for n, other in enumerate(self.blocks[b]) if other is instr)
        self.blocks[b][at : at + 1] = stores
        return _Deferred(instr, flag, function, args)

    def _constant(self, x: int) -> bool:
        return x < len(self.fn.values) and x >= self.fn.params + self.fn.captures

    def _variable(self, t: int, pos: ssa.Pos) -> int:
        number = self.fresh()
        self.start.append(ssa.Alloc(number, self.kinds.pointer(t), pos, comment=ops.DEFERRED))
        return number

    def _kept(self, x: int, pos: ssa.Pos, stores: list[ssa.Instruction]) -> int:
        variable = self._variable(self.type_of[x], pos)
        stores.append(ssa.Store(pos, variable, x))
        return variable

    def _leaf(self, value: ssa.Value) -> int:
        if value not in self.values:
            # Instructions made by go/ssa have the next numbers: theirs are moved by the step after this.
            self.values.append(value)
        return self.values.index(value)

    # blocks

    def _block(self, comment: str) -> int:
        self.blocks.append([])
        self.succs.append([])
        self.comments.append(comment)
        return len(self.blocks) - 1

    def _panic_chain(self, deferred: list[_Deferred]) -> list[int]:
        """Block n runs what the first n statements have deferred, and then goes on panicking."""
        end = self._block("defers.panic")
        pos = self.fn.end if self.fn.end.line else self.fn.pos
        self.blocks[end].append(ops.PanicOn(pos))  # type: ignore[arg-type]
        chain = [end]
        for d in deferred:
            chain.append(self._one(d, chain[-1], chain[-1], clear=False))
        return chain

    def _one(self, d: _Deferred, after: int, on_panic: int, *, clear: bool) -> int:
        """A block that makes a deferred call if it is due, and goes on to ``after``."""
        asked, due = self._block("defers.asked"), self._block("defers.due")
        pos, flag = d.instr.pos, self.fresh()
        self.blocks[asked] = [
            ssa.UnOp(flag, self.kinds.bool, pos, "*", d.flag),
            ssa.If(pos, flag),
        ]
        self.succs[asked] = [due, after]
        body = self.blocks[due]
        if clear:
            body.append(ssa.Store(pos, d.flag, self._leaf(ssa.ConstBool(self.kinds.bool, False))))
        fn = d.instr.fn if d.fn is None else self._load(d.fn, d.instr.fn, pos, body)
        args = [
            x if kept == x else self._load(kept, x, pos, body)
            for kept, x in zip(d.args, d.instr.args, strict=True)
        ]
        body.append(ssa.Call(self.fresh(), self._result(d.instr), pos, fn, args, d.instr.method))
        body.append(ssa.Jump(pos))
        self.succs[due] = [after]
        self.handlers[due] = on_panic
        return asked

    def _load(self, variable: int, of: int, pos: ssa.Pos, body: list[ssa.Instruction]) -> int:
        number = self.fresh()
        body.append(ssa.UnOp(number, self.type_of[of], pos, "*", variable))
        return number

    def _result(self, instr: ssa.Defer) -> int:
        """The type of what the call gives, which nobody looks at."""
        results = [] if instr.method else self.kinds.results(self.type_of[instr.fn])
        return results[0] if len(results) == 1 else self.kinds.several(tuple(results))

    def _before_return(self, b: int, deferred: list[_Deferred], panicked: list[int]) -> None:
        at = next((n for n, i in enumerate(self.blocks[b]) if isinstance(i, ssa.RunDefers)), None)
        if at is None:
            return
        pos = self.blocks[b][at].pos
        rest = self.blocks[b][at + 1 :]
        key = self._tail(rest)
        entry = self._exits.get(key) if key is not None else None
        if entry is None:
            entry = self._block("defers.done")
            self.blocks[entry] = rest
            self.succs[entry] = self.succs[b]
            for n, d in enumerate(deferred):
                entry = self._one(d, entry, panicked[n], clear=True)
            if key is not None:
                self._exits[key] = entry
        self.blocks[b] = [*self.blocks[b][:at], ssa.Jump(pos)]
        self.succs[b] = [entry]

    def _tail(self, rest: list[ssa.Instruction]) -> tuple[object, ...] | None:
        """What a return gives, where it is nothing but variables: such returns can share one end."""
        *loads, last = rest
        if not isinstance(last, ssa.Return) or len(loads) != len(last.results):
            return None
        found: list[object] = []
        for load, result in zip(loads, last.results, strict=True):
            if not isinstance(load, ssa.UnOp) or load.operator != "*" or load.id != result:
                return None
            found.append(load.x)
        return tuple(found)

    def _function(self) -> ssa.Function:
        preds: list[list[int]] = [[] for _ in self.blocks]
        for b, block in enumerate(self.fn.blocks):
            preds[b] = [p for p in block.preds if b in self.succs[p]]
        for b, succs in enumerate(self.succs):
            for s in succs:
                if b not in preds[s]:
                    preds[s].append(b)
        blocks = [
            ssa.Block(instrs, preds[b], self.succs[b], self.comments[b])
            for b, instrs in enumerate(self.blocks)
        ]
        fields = {f: getattr(self.fn, f) for f in ssa.Function.__struct_fields__}
        fields.update(values=self.values, blocks=blocks)
        return Function(**fields, handlers=self.handlers)


def left_out(fn: ssa.Function) -> ssa.Function:
    """The function without its deferred calls, which were refused."""
    blocks = [
        msgspec.structs.replace(
            block, instrs=[i for i in block.instrs if not isinstance(i, (ssa.Defer, ssa.RunDefers))]
        )
        for block in fn.blocks
    ]
    return msgspec.structs.replace(fn, blocks=blocks)
