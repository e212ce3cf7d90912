"""Values and memory while a function is lowered: operands, addresses, loads and stores, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import abi, panics, strings
from tinybpf.compiler.lower.bounds import Bounds
from tinybpf.compiler.lower.builder import (
    Address,
    Builder,
    Memory,
    Operand,
    PointerInt,
    SliceValue,
    TupleValue,
    copy,
    hide,
    plus,
    zero,
)
from tinybpf.compiler.lower.exact import compared_in_memory
from tinybpf.compiler.lower.forward import Forwarded
from tinybpf.compiler.lower.inplace import read_only_parameters, same_storage, zeros_to_store
from tinybpf.compiler.lower.pointsto import CONTEXT, Place
from tinybpf.compiler.lower.refuse import FUNCTION_VALUE, LoweringFault, Poisoned, Refused
from tinybpf.compiler.lower.views import plain
from tinybpf.compiler.resolve import ops

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module


class Values:
    """What the lowering of each kind of instruction works with.

    ``values`` has what each SSA value became, ``b`` writes the instructions, ``pos`` is the place
    in the source that they come from.
    """

    def __init__(self, module: Module, index: int, is_program: bool) -> None:
        self.m = module
        self.types = module.types
        self.index = index
        self.fn = module.doc.functions[index]
        self.uses = module.points.uses[index]
        self.bounds = Bounds(module.points, index)
        self.b = Builder()
        self.pos = self.fn.pos
        self.panics = False
        self.block = 0
        self.checking: set[int] = set()
        """The blocks in which something else than a nil pointer may end it."""
        self.panicking: set[int] = set()
        """The blocks in which the program may end by a panic."""
        self.ours = module.is_ours(index)
        self.ends: list[tuple[str, str]] = []
        self.reasons: dict[str, None] = {}
        self.panic_label = "panic"
        self.values: dict[int, Operand] = {}
        self.poisoned: set[int] = set()
        self.shared = same_storage(self.fn, self.uses)
        self.incoming: dict[int, int] = {}
        if not is_program:
            self.incoming = read_only_parameters(self.fn, self.uses, self.types, module.helpers)
        self.zeros = zeros_to_store(self.fn, self.uses)
        self.stored: dict[int, str] = {}
        """By identity of a store that ``forwarded`` names: the value, computed where it is stored."""
        self.forwarded = Forwarded(self.fn, self.uses, self.types, self.zeros)
        self.cells = self._find_cells()
        self._slots: dict[int, str] = {}

    # --- checks

    def panic_if(self, bad: str, reason: str = panics.OTHER) -> None:
        """End the program where ``bad`` (an ``i1``) holds; ``reason`` in Go's words."""
        if bad == "false":
            return
        if reason != panics.NIL:
            self.checking.add(self.block)
        if self.m.sites is None:
            self._to_panic(bad)
            return
        begins = self.b.new_label("panics")
        ok = self.unless(bad, begins)
        self.b.start(begins)
        self.panic(reason)
        self.b.start(ok)

    def panic(self, reason: str = panics.OTHER) -> None:
        """End the program."""
        code = str(abi.PANICKED)
        if self.m.sites is not None and self.ours:
            self.reasons[reason] = None
            code = str(self.m.sites.code(reason))
        elif self.m.sites is not None:
            self.m.sites.count(self, reason)
        self.end_in_panic(code)

    def panicked_if(self, bad: str, callee: int, code: str) -> None:
        """End the program where ``bad`` says that a function which was called has panicked with ``code``."""
        self.checking.add(self.block)
        sites = self.m.sites
        told = sites.told(callee) if sites is not None else []
        if sites is None or not (told or self.ours):
            self._to_panic(bad)
            return
        begins = self.b.new_label("panicked")
        ok = self.unless(bad, begins)
        self.b.start(begins)
        if self.ours:
            self.reasons.update(dict.fromkeys(told))
            code = self.b.value(f"or i64 {code}, {abi.PANICKED}")  # of a function without results it is 1
        else:
            sites.count_told(self, callee, code)
        self.end_in_panic(code)
        self.b.start(ok)

    def end_in_panic(self, code: str) -> None:
        """Go to the block that ends the function; ``code`` is what a provided function tells its caller."""
        self.panics = True
        self.panicking.add(self.block)
        if self.panic_label == "panic":
            self.ends.append((code, self.b.label))
        self.b.jump(self.panic_label)

    def _to_panic(self, bad: str) -> None:
        self.panics = True
        self.panicking.add(self.block)
        self.b.start(self.unless(bad, self.panic_label))

    def unless(self, bad: str, begins: str) -> str:
        """A branch to ``begins`` that is hardly ever taken; the label of the other way."""
        ok = self.b.new_label("ok")
        weights = self.m.debug.node('!{!"branch_weights", i32 1, i32 4000}')
        self.b.emit(f"br i1 {bad}, label %{begins}, label %{ok}, !prof {weights}")
        return ok

    def guard(self, value: str, limit: str, allowed: str = "ult", reason: str = panics.INDEX) -> str:
        """``value`` (``i64``), known below ``limit`` from here on, or the program ends.

        LLVM must neither see through the check (the verifier doesn't follow the reasoning that
        makes it superfluous) nor use another register than the one that was checked; where
        the value turns out constant, nothing of that is needed.
        """
        if is_literal(value) and is_literal(limit):
            holds = int(value) < int(limit) if allowed == "ult" else int(value) <= int(limit)
            if holds:
                return value
        b = self.b
        constant = b.value(f"call i1 @llvm.is.constant.i64(i64 {value})")
        checked = b.value(f"select i1 {constant}, i64 {value}, i64 {hide(b, value)}")
        bad = b.value(f"icmp {'uge' if allowed == 'ult' else 'ugt'} i64 {checked}, {limit}")
        self.panic_if(bad, reason)
        return b.value(f"select i1 {constant}, i64 {checked}, i64 {hide(b, checked)}")

    def is_exact(self, *numbers: int | None) -> bool:
        """Whether the verifier knows these values exactly, so that what is made of them needs no `guard`."""
        return all(n is None or self.m.exact.value(self.index, n) for n in numbers)

    def opaque(self, value: str) -> str:
        """The same ``i64``, of which LLVM does not know how small it is: to a variable on the stack it would
        add that by ``|``."""
        if is_literal(value):
            return value
        constant = self.b.value(f"call i1 @llvm.is.constant.i64(i64 {value})")
        return self.b.value(f"select i1 {constant}, i64 {value}, i64 {hide(self.b, value)}")

    # --- operands

    def operand(self, number: int) -> Operand:
        if number in self.poisoned:
            raise Poisoned
        known = self.values.get(number)
        if known is None:
            if number >= len(self.fn.values):
                raise LoweringFault(f"value {number} is used before it is made")
            known = self._leaf(self.fn.values[number])
            if not isinstance(known, Memory):
                self.values[number] = known
        return known

    def _leaf(self, value: ssa.Value) -> Operand:
        if isinstance(value, ssa.ConstInt):
            if self.types.is_pointer(value.type):
                return f"inttoptr (i64 {value.value} to ptr)" if value.value else "null"
            if not self.types.is_int(value.type):
                raise Refused(self.pos, self.types.problem(value.type) or "constant of this type")
            return str(value.value)
        if isinstance(value, ssa.ConstBool):
            return "true" if value.value else "false"
        if isinstance(value, ssa.ConstString):
            return strings.constant(self, value.value)
        if isinstance(value, ssa.ConstNil):
            return self._zero(value.type)
        if isinstance(value, ssa.GlobalRef):
            return self.m.global_address(value.index, self.pos)
        if isinstance(value, ops.FuncId):
            return f"inttoptr (i64 {value.value} to ptr)"
        if isinstance(value, ssa.FuncRef):
            raise Refused(self.pos, FUNCTION_VALUE)
        problem = self.types.problem(value.type)
        if problem is None:
            raise LoweringFault(f"no value for {value}")
        raise Refused(self.pos, problem)

    def _zero(self, t: int) -> Operand:
        problem = self.types.problem(t)
        if problem:
            raise Refused(self.pos, problem)
        if self.types.is_slice(t):
            return SliceValue("null", "0", "0", "0")
        if self.types.is_string(t):
            return strings.constant(self, b"")
        if self.types.is_aggregate(t):
            slot = self.temporary(t)
            zero(self.b, slot, self.types.size(t), 8)
            return Memory(slot)
        return "null" if self.types.is_pointer(t) else "0"

    def zero_wide(self, t: int) -> SliceValue:
        """The zero value of a slice or string type."""
        made = self._zero(t)
        assert isinstance(made, SliceValue)
        return made

    def materialise(self, operand: Operand) -> str:
        """The operand as one LLVM value."""
        if isinstance(operand, str):
            return operand
        if isinstance(operand, Address):
            return plus(self.b, operand.base, operand.offset)
        if isinstance(operand, Memory):
            return operand.ptr
        if isinstance(operand, PointerInt):
            address = self.b.value(f"ptrtoint ptr {operand.ptr} to i64")
            return self.b.value(f"add i64 {address}, {operand.offset}") if operand.offset != "0" else address
        raise LoweringFault(f"{type(operand).__name__} is not one value")

    def scalar(self, number: int) -> str:
        return self.materialise(self.operand(number))

    def type_of(self, number: int) -> int:
        return self.uses.type_of[number]

    def widen(self, value: str, t: int, signed: bool | None = None) -> str:
        """An integer or bool as ``i64``; negative numbers stay what they are unless told otherwise."""
        ir = self.types.ir(t)
        if ir == "i64":
            return value
        if is_literal(value):
            return (
                value
                if int(value) >= 0 or signed is not False
                else str(int(value) & ((1 << int(ir[1:])) - 1))
            )
        if value in ("true", "false"):
            return str(int(value == "true"))
        if signed is None:
            signed = self.types.is_signed(t)
        return self.b.value(f"{'sext' if signed else 'zext'} {ir} {value} to i64")

    def index64(self, number: int) -> str:
        """An index or length operand, extended to ``i64`` before anything is checked of it."""
        return self.widen(self.scalar(number), self.type_of(number))

    # --- memory

    def temporary(self, t: int) -> str:
        """A stack slot of 8-byte alignment for a value of type ``t``."""
        return self.b.slot(f"[{max(1, self.types.size(t))} x i8]", 8)

    def in_memory(self, t: int) -> bool:
        """Whether a variable of type ``t`` is bytes in memory rather than one LLVM value."""
        return self.types.is_aggregate(t) or self.types.is_wide(t)

    def _find_cells(self) -> set[int]:
        """The slice and string variables that are only read and assigned."""
        sharing = {*self.shared, *self.shared.values()}
        return {
            number
            for number, made in self.uses.made_by.items()
            if isinstance(made, ssa.Alloc)
            and number not in sharing
            and self.types.is_wide(self.types.elem(made.type))
            and plain(self.fn, self.uses, number)
        }

    def storage(self, number: int) -> str:
        """The stack slot of an ``Alloc``."""
        number = self.shared.get(number, number)
        if number in self.incoming:
            return f"%p{self.incoming[number]}"
        if number not in self._slots:
            t = self.types.elem(self.type_of(number))
            if number in self.cells:
                self._slots[number] = self.b.slot(f"[{abi.PASSED_WIDE} x i8]", 8)
                return self._slots[number]
            whole = self.in_memory(t)
            if whole:
                slot = self.temporary(t)
            elif compared_in_memory(self.fn, self.uses, number):
                slot = self.b.slot("[8 x i8]", 8)
            else:
                slot = self.b.slot(self.types.memory_ir(t), self.types.align(t))
            self._slots[number] = slot
        return self._slots[number]

    def places(self, number: int) -> set[Place]:
        return self.m.points.value(self.index, number)

    def is_context(self, number: int) -> bool:
        return self.places(number) == {CONTEXT}

    def address(self, number: int) -> Address:
        """What ``number`` points to, checked against nil where it may be nil."""
        operand = self.operand(number)
        address = operand if isinstance(operand, Address) else Address(self.materialise(operand), 0)
        if self.may_be_nil(number):
            self.panic_if(self.b.value(f"icmp eq ptr {self.materialise(operand)}, null"), panics.NIL)
        return address

    def may_be_nil(self, number: int) -> bool:
        made = self.uses.made_by.get(number)
        if isinstance(made, (ssa.Alloc, ssa.FieldAddr, ssa.IndexAddr, ops.Captured)):
            return False
        places = self.places(number)
        return not places or any(p.kind in ("nil", "kernel") for p in places)

    def reach(self, number: int) -> str:
        """The pointer with which to load or store through ``number``."""
        address = self.address(number)
        if not self.is_context(number):
            return plus(self.b, address.base, address.offset)
        # Constant offsets from the context itself, which LLVM must not merge or step.
        base = self.b.value(f"call ptr @llvm.preserve.static.offset(ptr {address.base})")
        return plus(self.b, base, address.offset)

    def load_value(self, t: int, ptr: str, number: int) -> Operand:
        """A scalar, slice or string loaded from ``ptr``; an array or struct copied to a temporary.

        ``number`` is the value that this becomes, or another one that leads wherever it does.
        """
        problem = self.types.problem(t)
        if problem:
            raise Refused(self.pos, problem)
        if self.types.is_slice(t):
            return self.load_slice(ptr)
        if self.types.is_string(t):
            return strings.load(self, ptr, self.places(number))
        if self.types.is_aggregate(t):
            slot = self.temporary(t)
            copy(self.b, slot, ptr, self.types.size(t), self.types.align(t))
            return Memory(slot)
        loaded = self.b.value(f"load {self.types.memory_ir(t)}, ptr {ptr}, align {self.types.align(t)}")
        return self.b.value(f"icmp ne i8 {loaded}, 0") if self.types.is_bool(t) else loaded

    def store_value(self, operand: Operand, t: int, ptr: str, number: int) -> None:
        """Store what value ``number`` became."""
        if isinstance(operand, SliceValue):
            if self.types.is_string(t):
                strings.store(self, operand, ptr, self.places(number))
            else:
                self.store_slice(operand, ptr)
        elif isinstance(operand, Memory):
            if operand.ptr == ptr:
                return
            copy(self.b, ptr, operand.ptr, self.types.size(t), self.types.align(t))
        else:
            value = self.materialise(operand)
            if self.types.is_bool(t):
                value = self.b.value(f"zext i1 {value} to i8")
            self.b.emit(f"store {self.types.memory_ir(t)} {value}, ptr {ptr}, align {self.types.align(t)}")

    def load_slice(self, ptr: str) -> SliceValue:
        base = self.b.value(f"load ptr, ptr {ptr}, align 8")
        off, length = (
            self.b.value(f"zext i32 {self.b.value(f'load i32, ptr {plus(self.b, ptr, at)}, align 4')} to i64")
            for at in (8, 12)
        )
        end = self.b.value(f"load i64, ptr {plus(self.b, ptr, 16)}, align 8")
        return SliceValue(base, off, length, end)

    def store_slice(self, s: SliceValue, ptr: str) -> None:
        self.b.emit(f"store ptr {s.base}, ptr {ptr}, align 8")
        for offset, part in ((8, s.off), (12, s.len)):
            narrow = self.b.value(f"trunc i64 {part} to i32")
            self.b.emit(f"store i32 {narrow}, ptr {plus(self.b, ptr, offset)}, align 4")
        # What fills 8 bytes of the stack the verifier still knows when it is read: the bound of all indexes.
        self.b.emit(f"store i64 {s.end}, ptr {plus(self.b, ptr, 16)}, align 8")

    def store_parts(self, s: SliceValue, ptr: str) -> None:
        """Store a slice or string with 8 bytes for each part.

        What fills 8 bytes of the stack the verifier still knows when it is read.
        """
        self.b.emit(f"store ptr {s.base}, ptr {ptr}, align 8")
        for at, part in ((8, s.off), (16, s.len), (24, s.end)):
            self.b.emit(f"store i64 {part}, ptr {plus(self.b, ptr, at)}, align 8")

    def load_parts(self, ptr: str) -> SliceValue:
        base = self.b.value(f"load ptr, ptr {ptr}, align 8")
        small = self.m.debug.node("!{i64 0, i64 4294967296}")
        off, length, end = (
            self.b.value(f"load i64, ptr {plus(self.b, ptr, at)}, align 8, !range {small}")
            for at in (8, 16, 24)
        )
        return SliceValue(base, off, length, end)

    def arrived(self, ptr: str, t: int, number: int) -> SliceValue:
        """A slice or string that came from another function as value ``number``."""
        problem = self.types.problem(t)
        if problem:
            raise Refused(self.pos, problem)
        s = self.load_parts(ptr)
        return strings.settled(self, s, self.places(number), True) if self.types.is_string(t) else s

    def load_cell(self, number: int, made: int) -> SliceValue:
        """A variable of ``cells``, which becomes value ``made``."""
        s = self.load_parts(self.storage(number))
        return strings.settled(self, s, self.places(made)) if self.types.is_string(self.type_of(made)) else s

    def store_cell(self, number: int, s: SliceValue) -> None:
        self.store_parts(s, self.storage(number))

    def slice(self, number: int) -> SliceValue:
        operand = self.operand(number)
        if not isinstance(operand, SliceValue):
            raise LoweringFault("a slice is expected")
        return operand

    def tuple(self, number: int) -> TupleValue:
        operand = self.operand(number)
        if not isinstance(operand, TupleValue):
            raise LoweringFault("a tuple is expected")
        return operand


def is_literal(value: str) -> bool:
    return value.lstrip("-").isdigit()
