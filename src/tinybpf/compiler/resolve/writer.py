"""A function while it is written: its values, blocks and instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.resolve import ops
from tinybpf.compiler.resolve.kinds import Kinds


class Block(msgspec.Struct, eq=False):
    number: int
    comment: str = ""
    instrs: list[ssa.Instruction] = []
    preds: list[int] = []
    succs: list[int] = []
    handler: int | None = None


class Writer:
    """``at`` is the block that instructions go to, ``pos`` where in the source they come from."""

    def __init__(self, kinds: Kinds, outer: Sequence[ssa.Value], fresh: Callable[[], int]) -> None:
        self.kinds = kinds
        self.fresh = fresh
        self.values: list[ssa.Value] = list(outer)
        self.blocks: list[Block] = []
        self.pos = ssa.NO_POS
        self._leaves: dict[ssa.Value, int] = {}
        self.types: dict[int, int] = {n: v.type for n, v in enumerate(outer)}
        self.at = self.block("entry")

    # values

    def leaf(self, value: ssa.Value) -> int:
        known = self._leaves.get(value)
        if known is None:
            known = self._leaves[value] = len(self.values)
            self.values.append(value)
            self.types[known] = value.type
        return known

    def constant(self, t: int, value: int) -> int:
        return self.leaf(ssa.ConstInt(t, value))

    def word(self, value: int) -> int:
        return self.constant(self.kinds.uint64, value)

    def truth(self, value: bool) -> int:
        return self.leaf(ssa.ConstBool(self.kinds.bool, value))

    def known_truth(self, number: int) -> bool | None:
        """Whether a condition is a constant, and which."""
        value = self.values[number] if number < len(self.values) else None
        return value.value if isinstance(value, ssa.ConstBool) else None

    # blocks

    def block(self, comment: str = "", handler: int | None = None) -> Block:
        made = Block(len(self.blocks), comment, handler=handler)
        self.blocks.append(made)
        return made

    def emit(self, instr: ssa.Instruction) -> None:
        self.at.instrs.append(instr)

    def edge(self, target: Block) -> None:
        self.at.succs.append(target.number)
        target.preds.append(self.at.number)

    def jump(self, target: Block) -> None:
        self.emit(ssa.Jump(self.pos))
        self.edge(target)

    def branch(self, cond: int, then: Block, other: Block) -> None:
        self.emit(ssa.If(self.pos, cond))
        self.edge(then)
        self.edge(other)

    # instructions

    def made(self, kind: type, t: int, *rest: object, **fields: object) -> int:
        number = self.fresh()
        self.emit(kind(number, t, self.pos, *rest, **fields))
        self.types[number] = t
        return number

    def variable(self, t: int, comment: str) -> int:
        """A new zeroed variable; its address."""
        return self.made(ssa.Alloc, self.kinds.pointer(t), comment=comment)

    def load(self, address: int, t: int) -> int:
        return self.made(ssa.UnOp, t, "*", address)

    def store(self, address: int, value: int) -> None:
        self.emit(ssa.Store(self.pos, address, value))

    def field_address(self, struct: int, address: int, field: int) -> int:
        under = self.kinds.under(struct)
        assert isinstance(under, ssa.Struct)
        return self.made(ssa.FieldAddr, self.kinds.pointer(under.fields[field].type), address, field)

    def as_type(self, value: int, t: int) -> int:
        return self.made(ssa.ChangeType, t, value)

    def convert(self, value: int, t: int) -> int:
        return value if self.types[value] == t else self.made(ssa.Convert, t, value)

    def binop(self, operator: str, x: int, y: int, t: int | None = None) -> int:
        return self.made(ssa.BinOp, self.kinds.bool if t is None else t, operator, x, y)

    def equal(self, x: int, y: int) -> int:
        return self.binop("==", x, y)

    def call(self, fn: int, args: list[int], results: Sequence[int]) -> int:
        t = results[0] if len(results) == 1 else self.kinds.several(tuple(results))
        return self.made(ssa.Call, t, fn, args)

    def require(self, cond: int, *, asserts: bool = False) -> None:
        self.emit(ops.Require(self.pos, cond, asserts))  # type: ignore[arg-type]

    def not_nil(self, value: int) -> None:
        """A panic where a function value is nil."""
        check = self.leaf(ssa.Builtin(self.types[value], "ssa:wrapnilchk"))
        self.made(ssa.Call, self.types[value], check, [value])

    # the whole

    def function(self, like: ssa.Function, **fields: object) -> ssa.Function:
        blocks = [ssa.Block(b.instrs, b.preds, b.succs, b.comment) for b in self.blocks]
        handlers = {b.number: b.handler for b in self.blocks if b.handler is not None}
        kept = {f: getattr(like, f) for f in ssa.Function.__struct_fields__}
        kept.update(values=self.values, blocks=blocks, **fields)
        return ops.Function(**kept, handlers=handlers)
