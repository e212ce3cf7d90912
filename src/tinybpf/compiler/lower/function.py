"""One Go function to one LLVM function.

The families of instructions (arithmetic, memory, …) register their lowering with ``lowers``;
what they work with is in ``values``. This module has what is the function's: blocks, phis, returns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import abi, printk, unpacking
from tinybpf.compiler.lower.builder import Memory, Operand, SliceValue, plus
from tinybpf.compiler.lower.debug import escape
from tinybpf.compiler.lower.held import Held
from tinybpf.compiler.lower.limits import other_limits
from tinybpf.compiler.lower.refuse import NOT_IN_KERNEL, LoweringFault, Poisoned, Refused
from tinybpf.compiler.lower.values import Values
from tinybpf.compiler.lower.walk import block_order, operands, result
from tinybpf.compiler.resolve import ops

if TYPE_CHECKING:
    from tinybpf.compiler.lower import runes
    from tinybpf.compiler.lower.module import Module

Handler = Callable[["FunctionLowering", Any], "Operand | None"]
HANDLERS: dict[type, Handler] = {}


def lowers(kind: type) -> Callable[[Handler], Handler]:
    """Registers how a kind of instruction is lowered."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


class FunctionLowering(Values):
    """The state of lowering one function; its text is complete after ``run``."""

    def __init__(self, module: Module, index: int, entry: abi.Entry | None) -> None:
        super().__init__(module, index, entry is not None)
        self.entry = entry
        self.held = Held(self)
        self.iterators: dict[int, runes.Iterator] = {}
        self._ends: dict[int, str] = {}
        self._phis: list[tuple[int, ssa.Phi, int, str]] = []
        self._returns: list[tuple[int, list[Operand], str, str]] = []
        self._scope = ""
        self._code = ""
        self.handlers = ops.handlers(self.fn)
        self.limits = other_limits(self.fn, self.uses)
        self.printed = printk.printed(self.m.doc, self.fn, self.uses)

    # --- the whole function

    def run(self) -> str:
        """The function's text."""
        signature = self.m.signature(self.index)
        symbol = self.entry.symbol if self.entry else self.m.function_symbol(self.index)
        outer = self.fn.values[: self.fn.params + self.fn.captures]
        names = [p.name for p in outer if isinstance(p, (ssa.Param, ssa.FreeVar))]
        params = [
            (n if n not in ("", "_") else f"arg{i}", t)
            for i, (n, t) in enumerate(zip(names, signature.params, strict=True))
        ]
        arguments = self.entry.arguments if self.entry else None
        if not self.ours:
            self._scope = self.m.debug.subprogram(
                symbol, self.fn.pos, params, signature.results, local=self.entry is None, unpacked=arguments
            )
        self._place(self.fn.pos)
        self._prologue(signature)
        for block in block_order(self.fn):
            self._block(block)
        self._write_phis()
        self._check_held()
        convention = abi.returns(self.types, signature.results, self.panics)
        self._write_returns(convention, signature.results)
        return self._text(symbol, convention)

    def _check_held(self) -> None:
        try:
            self.held.check()
        except Refused as refused:
            self.m.report(refused.pos, refused.message, refused.hint)

    def _text(self, symbol: str, convention: abi.Returns) -> str:
        unpacking: list[str] = []
        if self.entry:
            head = f"define {self.entry.ir} @{symbol}(ptr noundef nonnull %a0)"
        else:
            slots = abi.slots(self.types, self.m.signature(self.index).params, convention)
            unpacking = abi.unpacking(slots)
            head = f"define internal {convention.ir} @{symbol}({abi.declaration(slots)})"
        attributes = f'nounwind "no-builtins" "no-jump-tables"="true"{self._inlining()}'
        if self.m.native:
            attributes += ' "probe-stack"="inline-asm"'  # no frame, however large, steps over the guard page
        section = f' section "{escape(self.entry.section)}"' if self.entry else ""
        body = ["entry:", *self.b.entry, *unpacking, *self.b.lines]
        described = f" !dbg {self._scope}" if self._scope else ""
        return f"{head} {attributes}{section}{described} {{\n" + "\n".join(body) + "\n}\n"

    def _inlining(self) -> str:
        if self.entry is None and self.m.is_part(self.index):
            return " alwaysinline"
        return " noinline" if self.m.noinline(self.index) else ""

    def _prologue(self, signature: abi.Signature) -> None:
        self.b.label = "entry"
        if self.entry:
            if self.entry.arguments is not None:
                unpacking.unpack(self, self.entry.arguments)
            elif self.fn.params:
                self.values[0] = "%a0"
            return
        # How results come back depends on whether the body panics; arguments are unpacked by name.
        for n, t in enumerate(signature.params):
            self.values[n] = self._incoming(n, t)

    def _incoming(self, n: int, t: int) -> Operand:
        raw = f"%p{n}"
        if self.types.is_aggregate(t):
            return Memory(raw)
        if self.types.is_wide(t):
            return self.arrived(raw, t, n)
        if self.types.is_pointer(t):
            return raw
        ir = self.types.ir(t)
        return raw if ir == "i64" else self.b.value(f"trunc i64 {raw} to {ir}")

    def _block(self, index: int) -> None:
        if index == 0:
            self.b.jump("b0")
        self.b.start(f"b{index}")
        handler = self.handlers.get(index)
        self.panic_label = "panic" if handler is None else f"b{handler}"
        self.block = index
        for instr in self.fn.blocks[index].instrs:
            self._instruction(index, instr)
        self._ends[index] = self.b.label

    def _instruction(self, block: int, instr: ssa.Instruction) -> None:
        if id(instr) in self.printed.parts:
            return  # lowered with the call that it is an argument of
        self._place(instr.pos)
        try:
            made = self._lower(block, instr)
        except Poisoned:
            made = None
            self._poison(instr)
        except Refused as refused:
            self.m.refuse(self.fn, refused)
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
        if type(instr) is ssa.Phi:
            return self._phi(block, instr)
        if type(instr) is ssa.Jump or type(instr) is ssa.If:
            self._leave(block, instr)
            return None
        refusal = NOT_IN_KERNEL.get(type(instr))
        handler = HANDLERS.get(type(instr))
        if handler is not None:
            return handler(self, instr)
        if refusal is None:
            raise LoweringFault(f"no lowering for {type(instr).__name__}")
        self.check_operands(instr)
        raise Refused(instr.pos, *refusal)

    def check_operands(self, instr: ssa.Instruction) -> None:
        """Where an operand was refused, there is nothing more to say of what uses it."""
        if any(x in self.poisoned for x in operands(instr)):
            raise Poisoned

    def _poison(self, instr: ssa.Instruction) -> None:
        number = result(instr)
        if number is not None:
            self.poisoned.add(number)

    def _place(self, pos: ssa.Pos) -> None:
        self.pos = pos
        # Where the typed package's functions are inlined, LLVM gives their code the place of the call.
        scope = self._scope
        if scope and pos.file != self.fn.pos.file and pos.line:
            scope = self.m.debug.in_file(scope, pos.file)
        self.b.dbg = self.m.debug.location(pos, scope) if scope else ""

    # --- control

    def _leave(self, block: int, instr: ssa.Jump | ssa.If) -> None:
        succs = self.fn.blocks[block].succs
        if isinstance(instr, ssa.Jump):
            self.b.jump(f"b{succs[0]}")
        else:
            self.b.branch(self.scalar(instr.cond), f"b{succs[0]}", f"b{succs[1]}")

    def _phi(self, block: int, instr: ssa.Phi) -> Operand:
        t = instr.type
        if self.types.is_aggregate(t) or self.types.is_wide(t) or self.types.problem(t):
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
        if number in self.poisoned:
            return "poison"  # of a function that was refused
        operand = self.operand(number)
        if not isinstance(operand, str):
            raise LoweringFault("a phi edge that is not in a register")
        return operand

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
        self._place(self.fn.end if self.fn.end.line else self.fn.pos)
        if self.panics:
            self.b.start("panic")
            self._panic_code()
            if self.entry and (self.m.typed or self.m.sites is not None):
                self.m.made.count_panic(self.b)
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
                ptr = plus(self.b, "%results", offset)
                if isinstance(operand, SliceValue):
                    self.store_parts(operand, ptr)
                else:
                    self.store_value(operand, t, ptr, -1)
        if convention.kind in ("void", "status"):
            return "0"
        value = self.materialise(operands[0])
        return value if convention.ir in ("ptr", "i32") else self.widen(value, results[0], signed=False)

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

    def _panic_code(self) -> None:
        """In a provided function, where panics are counted by line: what it tells the caller."""
        if self.m.sites is not None and self.ours:
            edges = ", ".join(f"[ {code}, %{label} ]" for code, label in self.ends)
            self._code = self.b.value(f"phi i64 {edges}")
            self.m.sites.tells(self.index, list(self.reasons))

    def _panic_result(self, convention: abi.Returns) -> str:
        if self.entry:
            return str(self.entry.on_panic)
        if self._code:
            return self._code
        return str(abi.PANICKED if convention.kind == "packed" else 1)
