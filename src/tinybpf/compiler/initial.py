"""The values that package variables have before the program runs.

Most initialisers are straight stores of constants, which are carried out here on an image of the
variables. Those that do more (``startup``) are left ``unknown``.
"""

from __future__ import annotations

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.pool import Pool
from tinybpf.compiler.resolve import ops


class Image(msgspec.Struct):
    """A variable's bytes, little-endian."""

    data: bytearray

    def integer(self, offset: int, size: int) -> int:
        return int.from_bytes(self.data[offset : offset + size], "little")

    @property
    def zero(self) -> bool:
        return not any(self.data)


class NotConstant(Exception):
    """The initialiser does more than store constants."""

    def __init__(self, pos: ssa.Pos) -> None:
        super().__init__("not constant")
        self.pos = pos


class _Cursor(msgspec.Struct):
    image: Image
    offset: int = 0


class Evaluator(msgspec.Struct):
    """Carries out initialisers; ``images`` has the variables' bytes by index."""

    doc: ssa.Document
    types: Types
    pool: Pool
    images: dict[int, Image] = {}
    unknown: dict[int, ssa.Pos] = {}

    def run_all(self) -> None:
        """Every initialiser, in order; ``unknown`` gets the variables of those that do more."""
        for fn in self.doc.functions:
            if fn.synthetic == "initialiser":
                try:
                    self.run(fn)
                except NotConstant as problem:
                    self.unknown.update(dict.fromkeys(fn.initialises, problem.pos))

    def image(self, index: int) -> Image:
        if index not in self.images:
            self.images[index] = Image(bytearray(self.types.size(self.doc.globals[index].type)))
        return self.images[index]

    def run(self, fn: ssa.Function) -> None:
        """``NotConstant`` where the function is more than constant stores; nothing is changed then."""
        if len(fn.blocks) != 1:
            raise NotConstant(fn.pos)
        before = {i: bytes(self.image(i).data) for i in fn.initialises}
        values: dict[int, object] = {}
        try:
            for instr in fn.blocks[0].instrs:
                self._step(fn, instr, values)
        except NotConstant:
            for i, data in before.items():
                self.images[i].data[:] = data
            raise

    def _step(self, fn: ssa.Function, instr: ssa.Instruction, values: dict[int, object]) -> None:
        if isinstance(instr, ssa.Alloc):
            values[instr.id] = _Cursor(Image(bytearray(self.types.size(self.types.elem(instr.type)))))
        elif isinstance(instr, (ssa.FieldAddr, ssa.IndexAddr)):
            values[instr.id] = self._part(fn, instr, values)
        elif isinstance(instr, ssa.Store):
            self._store(fn, instr, values)
        elif isinstance(instr, ssa.UnOp) and instr.operator == "*":
            at, size = self._cursor(fn, instr.x, instr.pos, values), self.types.size(instr.type)
            if self.types.problem(instr.type):
                raise NotConstant(instr.pos)
            values[instr.id] = bytes(at.image.data[at.offset : at.offset + size])
        elif isinstance(instr, ssa.ChangeType) and isinstance(values.get(instr.x), _Cursor):
            values[instr.id] = values[instr.x]
        elif isinstance(instr, ssa.ChangeType):
            values[instr.id] = self._value(fn, instr.x, instr.pos, values)
        elif not isinstance(instr, ssa.Return):
            raise NotConstant(instr.pos)

    def _part(
        self, fn: ssa.Function, instr: ssa.FieldAddr | ssa.IndexAddr, values: dict[int, object]
    ) -> _Cursor:
        at = self._cursor(fn, instr.x, instr.pos, values)
        elem = self._pointee(fn, instr.x)
        if isinstance(instr, ssa.FieldAddr):
            return _Cursor(at.image, at.offset + self.types.struct(elem).fields[instr.field].offset)
        index = fn.values[instr.index] if instr.index < len(fn.values) else None
        if not isinstance(index, ssa.ConstInt) or not isinstance(self.types.under(elem), ssa.Array):
            raise NotConstant(instr.pos)
        return _Cursor(at.image, at.offset + index.value * self.types.size(self.types.elem(elem)))

    def _pointee(self, fn: ssa.Function, number: int) -> int:
        if number < len(fn.values):
            return self.types.elem(fn.values[number].type)
        made = next(i for i in fn.blocks[0].instrs if getattr(i, "id", None) == number)
        return self.types.elem(made.type)  # type: ignore[union-attr]

    def _cursor(self, fn: ssa.Function, number: int, pos: ssa.Pos, values: dict[int, object]) -> _Cursor:
        if number < len(fn.values):
            value = fn.values[number]
            if isinstance(value, ssa.GlobalRef):
                if value.index in self.unknown:
                    raise NotConstant(pos)
                return _Cursor(self.image(value.index))
        found = values.get(number)
        if not isinstance(found, _Cursor):
            raise NotConstant(pos)
        return found

    def _store(self, fn: ssa.Function, instr: ssa.Store, values: dict[int, object]) -> None:
        at = self._cursor(fn, instr.addr, instr.pos, values)
        data = self._value(fn, instr.value, instr.pos, values)
        at.image.data[at.offset : at.offset + len(data)] = data

    def _value(self, fn: ssa.Function, number: int, pos: ssa.Pos, values: dict[int, object]) -> bytes:
        if number >= len(fn.values):
            found = values.get(number)
            if not isinstance(found, bytes):
                raise NotConstant(pos)
            return found
        value = fn.values[number]
        size = self.types.size(value.type)
        if isinstance(value, ssa.ConstInt) and self.types.is_int(value.type):
            return (value.value & ((1 << size * 8) - 1)).to_bytes(size, "little")
        if isinstance(value, ops.FuncId):
            return value.value.to_bytes(size, "little")
        if isinstance(value, ssa.ConstBool):
            return bytes([value.value])
        if isinstance(value, ssa.ConstString):
            return self.pool.memory(value.value)
        if isinstance(value, ssa.ConstNil) and self.types.problem(value.type) is None:
            return bytes(size)
        raise NotConstant(pos)
