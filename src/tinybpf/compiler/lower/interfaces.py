"""The instructions that ``resolve`` makes of assertions and of what goes with them."""

from __future__ import annotations

from tinybpf.compiler.lower import abi, panics
from tinybpf.compiler.lower.builder import Memory, Operand, copy, hide, zero
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.refuse import LoweringFault, Poisoned
from tinybpf.compiler.resolve import ops


@lowers(ops.TypeIs)
def type_is(f: FunctionLowering, instr: ops.TypeIs) -> Operand:
    word = f.scalar(instr.x)
    found = "false"
    for number in instr.ids:
        same = f.b.value(f"icmp eq i64 {word}, {number}")
        found = same if found == "false" else f.b.value(f"or i1 {found}, {same}")
    return found


@lowers(ops.Choose)
def choose(f: FunctionLowering, instr: ops.Choose) -> Operand:
    ir = f.types.ir(instr.type)
    zero = "null" if ir == "ptr" else "false" if ir == "i1" else "0"
    return f.b.value(f"select i1 {f.scalar(instr.cond)}, {ir} {f.scalar(instr.x)}, {ir} {zero}")


@lowers(ops.LoadIf)
def load_if(f: FunctionLowering, instr: ops.LoadIf) -> Operand:
    """A copy of what is there: it is looked at only where the type is the right one."""
    if not f.in_memory(instr.type):
        raise LoweringFault("a value in a register is not loaded")
    slot, size, align = f.temporary(instr.type), f.types.size(instr.type), f.types.align(instr.type)
    zero(f.b, slot, size, align)
    held, done = f.b.new_label("held"), f.b.new_label("loaded")
    f.b.branch(f.scalar(instr.cond), held, done)
    f.b.start(held)
    copy(f.b, slot, f.scalar(instr.x), size, align)
    f.b.jump(done)
    f.b.start(done)
    return f.load_value(instr.type, slot, instr.id) if f.types.is_wide(instr.type) else Memory(slot)


@lowers(ops.Captured)
def captured(f: FunctionLowering, instr: ops.Captured) -> Operand:
    return hide(f.b, f.scalar(instr.x), "ptr")


@lowers(ops.Require)
def require(f: FunctionLowering, instr: ops.Require) -> None:
    reason = panics.ASSERT if instr.asserts else panics.NIL
    f.panic_if(f.b.value(f"xor i1 {f.scalar(instr.cond)}, true"), reason)


@lowers(ops.PanicOn)
def panic_on(f: FunctionLowering, instr: ops.PanicOn) -> None:
    f.end_in_panic(str(abi.PANICKED))


@lowers(ops.Poison)
def poison(f: FunctionLowering, instr: ops.Poison) -> None:
    raise Poisoned
