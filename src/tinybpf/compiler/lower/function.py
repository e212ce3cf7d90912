"""One Go function to one LLVM function.

The families of instructions (arithmetic, memory, …) register their lowering with ``lowers``;
this module holds what they share: operands, blocks, panics, returns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import abi
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
)  # fmt: skip
from tinybpf.compiler.lower.frames import must_inline
from tinybpf.compiler.lower.held import Held
from tinybpf.compiler.lower.inplace import same_storage
from tinybpf.compiler.lower.pointsto import CONTEXT, Place
from tinybpf.compiler.lower.refuse import FUNCTION_VALUE, NOT_IN_KERNEL, LoweringFault, Poisoned, Refused
from tinybpf.compiler.lower.walk import block_order, operands, result

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module

Handler = Callable[["FunctionLowering", Any], "Operand | None"]
HANDLERS: dict[type, Handler] = {}

SLICE_SIZE = 24


def lowers(kind: type) -> Callable[[Handler], Handler]:
    """Registers how a kind of instruction is lowered."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


class FunctionLowering:
    """The state of lowering one function; its text is complete after ``run``."""

    def __init__(self, module: Module, index: int, entry: abi.Entry | None) -> None:
        self.m = module
        self.types = module.types
        self.index = index
        self.fn = module.doc.functions[index]
        self.entry = entry
        self.uses = module.points.uses[index]
        self.b = Builder()
        self.pos = self.fn.pos
        self.panics = False
        self.values: dict[int, Operand] = {}
        self.shared = same_storage(self.fn, self.uses)
        self._slots: dict[int, str] = {}
        self.held = Held(self)
        self._ends: dict[int, str] = {}
        self._phis: list[tuple[int, ssa.Phi, int, str]] = []
        self._returns: list[tuple[int, list[Operand], str, str]] = []
        self._poisoned: set[int] = set()
        self._scope = ""

    # --- the whole function

    def run(self) -> str:
        """The function's text."""
        signature = self.m.signature(self.index)
        symbol = self.entry.symbol if self.entry else self.m.function_symbol(self.index)
        names = [p.name for p in self.fn.values[: self.fn.params] if isinstance(p, ssa.Param)]
        params = [
            (n if n not in ("", "_") else f"arg{i}", t)
            for i, (n, t) in enumerate(zip(names, signature.params, strict=True))
        ]
        self._scope = self.m.debug.subprogram(
            symbol, self.fn.pos, params, signature.results, local=self.entry is None
        )
        self._place(self.fn.pos)
        self._prologue(signature)
        for block in block_order(self.fn):
            self._block(block)
        self._write_phis()
        convention = abi.returns(self.types, signature.results, self.panics)
        self._write_returns(convention, signature.results)
        return self._text(symbol, convention)

    def _text(self, symbol: str, convention: abi.Returns) -> str:
        unpacking: list[str] = []
        if self.entry:
            head = f"define {self.entry.ir} @{symbol}(ptr noundef nonnull %a0)"
        else:
            slots = abi.slots(self.types, self.m.signature(self.index).params, convention)
            unpacking = abi.unpacking(slots)
            head = f"define internal {convention.ir} @{symbol}({abi.declaration(slots)})"
        attributes = f'nounwind "no-builtins" "no-jump-tables"="true"{self._inlining()}'
        section = f' section "{self.entry.section}"' if self.entry else ""
        body = ["entry:", *self.b.entry, *unpacking, *self.b.lines]
        return f"{head} {attributes}{section} !dbg {self._scope} {{\n" + "\n".join(body) + "\n}\n"

    def _inlining(self) -> str:
        if self.entry is None and must_inline(self.m.points, self.index):
            return " alwaysinline"
        return " noinline" if self.m.noinline(self.index) else ""

    def _prologue(self, signature: abi.Signature) -> None:
        self.b.label = "entry"
        if self.entry:
            if self.fn.params:
                self.values[0] = "%a0"
            return
        # How results come back depends on whether the body panics; arguments are unpacked by name.
        for n, t in enumerate(signature.params):
            self.values[n] = self._incoming(n, t)

    def _incoming(self, n: int, t: int) -> Operand:
        raw = f"%p{n}"
        if self.types.is_aggregate(t):
            return Memory(raw)
        if self.types.is_slice(t):
            return self.load_slice(raw)
        if self.types.is_pointer(t):
            return raw
        ir = self.types.ir(t)
        return raw if ir == "i64" else self.b.value(f"trunc i64 {raw} to {ir}")

    def _block(self, index: int) -> None:
        if index == 0:
            self.b.jump("b0")
        self.b.start(f"b{index}")
        for instr in self.fn.blocks[index].instrs:
            self._instruction(index, instr)
        self._ends[index] = self.b.label

    def _instruction(self, block: int, instr: ssa.Instruction) -> None:
        self._place(instr.pos)
        try:
            made = self._lower(block, instr)
        except Poisoned:
            made = None
            self._poison(instr)
        except Refused as refused:
            self.m.report(refused.pos, refused.message, refused.hint)
            made = None
            self._poison(instr)
        except Exception as fault:
            raise LoweringFault(
                f"{type(instr).__name__}: {fault or type(fault).__name__}", instr.pos
            ) from fault
        number = result(instr)
        if number is not None and made is not None:
            self.values[number] = made

    def _lower(self, block: int, instr: ssa.Instruction) -> Operand | None:
        if isinstance(instr, ssa.Phi):
            return self._phi(block, instr)
        if isinstance(instr, (ssa.Jump, ssa.If)):
            self._leave(block, instr)
            return None
        if isinstance(instr, ssa.RunDefers):
            return None  # a Defer is refused where it stands
        refusal = NOT_IN_KERNEL.get(type(instr))
        handler = HANDLERS.get(type(instr))
        if handler is not None:
            return handler(self, instr)
        if refusal is None:
            raise LoweringFault(f"no lowering for {type(instr).__name__}")
        self.check_operands(instr)
        if isinstance(instr, ssa.Range):
            raise Refused(instr.pos, self.types.problem(self.type_of(instr.x)) or refusal[0])
        raise Refused(instr.pos, *refusal)

    def check_operands(self, instr: ssa.Instruction) -> None:
        """Where an operand was refused, there is nothing more to say of what uses it."""
        if any(x in self._poisoned for x in operands(instr)):
            raise Poisoned

    def _poison(self, instr: ssa.Instruction) -> None:
        number = result(instr)
        if number is not None:
            self._poisoned.add(number)

    def _place(self, pos: ssa.Pos) -> None:
        self.pos = pos
        self.b.dbg = self.m.debug.location(pos, self._scope)

    # --- control

    def _leave(self, block: int, instr: ssa.Jump | ssa.If) -> None:
        succs = self.fn.blocks[block].succs
        if isinstance(instr, ssa.Jump):
            self.b.jump(f"b{succs[0]}")
        else:
            self.b.branch(self.scalar(instr.cond), f"b{succs[0]}", f"b{succs[1]}")

    def _phi(self, block: int, instr: ssa.Phi) -> Operand:
        t = instr.type
        if self.types.is_aggregate(t) or self.types.is_slice(t) or self.types.problem(t):
            raise LoweringFault("a phi of a value that does not fit a register")
        name = f"%phi{instr.id}"
        self._phis.append((self.b.reserve(), instr, block, self.b.dbg))
        return name

    def _write_phis(self) -> None:
        for line, instr, block, dbg in self._phis:
            preds = self.fn.blocks[block].preds
            edges = ", ".join(
                f"[ {self._edge(edge)}, %{self._ends[pred]} ]"
                for edge, pred in zip(instr.edges, preds, strict=True)
                if pred in self._ends
            )
            self.b.lines[line] = f"  %phi{instr.id} = phi {self.types.ir(instr.type)} {edges}{dbg}"

    def _edge(self, number: int) -> str:
        if number in self._poisoned:
            return "poison"  # of a function that was refused
        operand = self.operand(number)
        if not isinstance(operand, str):
            raise LoweringFault("a phi edge that is not in a register")
        return operand

    def panic_if(self, bad: str) -> None:
        """End the program where ``bad`` (an ``i1``) holds."""
        if bad == "false":
            return
        self.panics = True
        ok = self.b.new_label("ok")
        weights = self.m.debug.node('!{!"branch_weights", i32 1, i32 4000}')
        self.b.emit(f"br i1 {bad}, label %panic, label %{ok}, !prof {weights}")
        self.b.start(ok)

    def panic(self) -> None:
        """End the program."""
        self.panics = True
        self.b.jump("panic")

    def guard(self, value: str, limit: str, allowed: str = "ult") -> str:
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
        self.panic_if(bad)
        return b.value(f"select i1 {constant}, i64 {checked}, i64 {hide(b, checked)}")

    # --- returns

    def add_return(self, results: list[Operand]) -> None:
        label = self.b.label
        self._returns.append((self.b.reserve(), results, label, self.b.dbg))

    def _write_returns(self, convention: abi.Returns, results: tuple[int, ...]) -> None:
        """All returns, and the panic, meet in one block: LLVM lays that out better than many."""
        body, edges = self.b.lines, []
        for line, parts, label, dbg in self._returns:
            self.b.lines, self.b.dbg = [], dbg
            edges.append((self._returned(convention, parts, results), label))
            self.b.jump("ret")
            body[line] = "\n".join(self.b.lines)
        self.b.lines = body
        self.b.dbg = self.m.debug.location(self.fn.end if self.fn.end.line else self.fn.pos, self._scope)
        if self.panics:
            self.b.start("panic")
            self.held.release()
            edges.append((self._panic_result(convention), self.b.label))
            self.b.jump("ret")
        if not edges:
            return
        if len(edges) == 1 and self._returns:
            self.b.dbg = self._returns[0][3]
        self.b.start("ret")
        ir = self.entry.ir if self.entry else convention.ir
        if ir == "void":
            self.b.emit("ret void")
            return
        phi = ", ".join(f"[ {value}, %{label} ]" for value, label in edges)
        self.b.emit(f"ret {ir} {self.b.value(f'phi {ir} {phi}')}")

    def _returned(self, convention: abi.Returns, operands: list[Operand], results: tuple[int, ...]) -> str:
        """The value that goes back in the register; the others are stored for the caller."""
        if self.entry:
            return self._entry_result(operands, results)
        if convention.pointer:
            for operand, t, offset in zip(operands, results, convention.offsets, strict=True):
                self.store_value(operand, t, plus(self.b, "%results", offset))
        if convention.kind in ("void", "status"):
            return "0"
        value = self.materialise(operands[0])
        return value if convention.ir == "ptr" else self.widen(value, results[0], signed=False)

    def _entry_result(self, operands: list[Operand], results: tuple[int, ...]) -> str:
        assert self.entry is not None
        if not operands:
            return "0"
        value = self.materialise(operands[0])
        ir = self.types.ir(results[0])
        if ir == self.entry.ir:
            return value
        extend = "sext" if self.types.is_signed(results[0]) else "zext"
        return self.b.value(f"{extend} {ir} {value} to {self.entry.ir}")

    def _panic_result(self, convention: abi.Returns) -> str:
        if self.entry:
            return str(self.entry.on_panic)
        return str(abi.PANICKED if convention.kind == "packed" else 1)

    # --- operands

    def operand(self, number: int) -> Operand:
        if number in self._poisoned:
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
            if not self.types.is_int(value.type):
                raise Refused(self.pos, self.types.problem(value.type) or "constant of this type")
            return str(value.value)
        if isinstance(value, ssa.ConstBool):
            return "true" if value.value else "false"
        if isinstance(value, ssa.ConstNil):
            return self._zero(value.type)
        if isinstance(value, ssa.GlobalRef):
            return self.m.global_address(value.index, self.pos)
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
        if self.types.is_aggregate(t):
            slot = self.temporary(t)
            zero(self.b, slot, self.types.size(t), 8)
            return Memory(slot)
        return "null" if self.types.is_pointer(t) else "0"

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
        return self.types.is_aggregate(t) or self.types.is_slice(t)

    def storage(self, number: int) -> str:
        """The stack slot of an ``Alloc``."""
        number = self.shared.get(number, number)
        if number not in self._slots:
            t = self.types.elem(self.type_of(number))
            whole = self.in_memory(t)
            slot = self.temporary(t) if whole else self.b.slot(self.types.memory_ir(t), self.types.align(t))
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
        if self._may_be_nil(number):
            self.panic_if(self.b.value(f"icmp eq ptr {self.materialise(operand)}, null"))
        return address

    def _may_be_nil(self, number: int) -> bool:
        made = self.uses.made_by.get(number)
        if isinstance(made, (ssa.Alloc, ssa.FieldAddr, ssa.IndexAddr)):
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

    def load_value(self, t: int, ptr: str) -> Operand:
        """A scalar or slice loaded from ``ptr``; an array or struct copied to a temporary."""
        problem = self.types.problem(t)
        if problem:
            raise Refused(self.pos, problem)
        if self.types.is_slice(t):
            return self.load_slice(ptr)
        if self.types.is_aggregate(t):
            slot = self.temporary(t)
            copy(self.b, slot, ptr, self.types.size(t), self.types.align(t))
            return Memory(slot)
        loaded = self.b.value(f"load {self.types.memory_ir(t)}, ptr {ptr}, align {self.types.align(t)}")
        return self.b.value(f"icmp ne i8 {loaded}, 0") if self.types.is_bool(t) else loaded

    def store_value(self, operand: Operand, t: int, ptr: str) -> None:
        if isinstance(operand, SliceValue):
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
        parts = []
        for offset in (8, 12, 16):
            narrow = self.b.value(f"load i32, ptr {plus(self.b, ptr, offset)}, align 4")
            parts.append(self.b.value(f"zext i32 {narrow} to i64"))
        return SliceValue(base, *parts)

    def store_slice(self, s: SliceValue, ptr: str) -> None:
        self.b.emit(f"store ptr {s.base}, ptr {ptr}, align 8")
        for offset, part in ((8, s.off), (12, s.len), (16, s.end)):
            narrow = self.b.value(f"trunc i64 {part} to i32")
            self.b.emit(f"store i32 {narrow}, ptr {plus(self.b, ptr, offset)}, align 4")
        self.b.emit(f"store i32 0, ptr {plus(self.b, ptr, 20)}, align 4")

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
