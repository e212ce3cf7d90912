"""What the typed package declares and the compiler makes: counters, packet access, atomic operations.

Each stands in Go as a function without a body and with ``//bpf:builtin NAME``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import callbacks, numbers, printk
from tinybpf.compiler.lower.builder import Builder, Operand, hide, plus
from tinybpf.compiler.lower.names import legal
from tinybpf.compiler.lower.pointsto import CONTEXT
from tinybpf.compiler.lower.refuse import LoweringFault, Refused
from tinybpf.compiler.lower.values import is_literal
from tinybpf.compiler.typed import computes as computes

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering
    from tinybpf.compiler.lower.module import Module

PANICS = "ebpf_panics"
LOST = "ebpf_lost_"
ZEROS = "ebpf.zeros"
MAX_PACKET = 0xFFFF
"""Bytes from a packet's beginning to which the verifier follows a variable offset."""


class Made:
    """The variables that a module has besides the source's."""

    def __init__(self, module: Module) -> None:
        self.m = module
        self._counters: dict[str, None] = {}
        self._zeros = 0
        self._texts: dict[bytes, str] = {}
        self._packets: set[int] = set()
        self._definitions: dict[str, str] = {}

    def count(self, b: Builder, counter: str) -> None:
        """Add one to a counter that user space can read."""
        b.emit(f"atomicrmw add ptr {self.counter(counter)}, i64 1 monotonic")

    def counter(self, name: str) -> str:
        self._counters[name] = None
        return f"@{name}"

    def count_panic(self, b: Builder) -> None:
        self.count(b, PANICS)

    def zeros(self, size: int) -> str:
        """The address of ``size`` zero bytes."""
        self._zeros = max(self._zeros, size)
        return f"@{ZEROS}"

    def text(self, data: bytes) -> str:
        """The address of a constant text, which gets a 0 at its end."""
        return self._texts.setdefault(data, f"@ebpf.text.{len(self._texts)}")

    def packet(self, offset: int) -> str:
        """A function that gives the address which the context has at ``offset``."""
        self._packets.add(offset)
        return f"@ebpf.packet.{offset}"

    def late(self) -> str:
        """The functions that LLVM sees only when it has optimised everything else."""
        return "".join(
            f"define linkonce_odr ptr @ebpf.packet.{offset}(ptr %ctx) alwaysinline {{\n"
            f"  %at = getelementptr i8, ptr %ctx, i64 {offset}\n"
            "  %narrow = load i32, ptr %at, align 4\n"
            "  %wide = zext i32 %narrow to i64\n"
            "  %address = inttoptr i64 %wide to ptr\n"
            "  ret ptr %address\n}\n"
            for offset in sorted(self._packets)
        )

    def lines(self) -> list[str]:
        memory = "read" if self.m.packet_changes() else "none"
        return [
            *(
                f"declare ptr @ebpf.packet.{offset}(ptr) nounwind willreturn speculatable memory({memory})"
                for offset in sorted(self._packets)
            ),
            *(self._counter(name) for name in self._counters),
            *(self._text(symbol, data) for data, symbol in self._texts.items()),
            *([_constant(f"@{ZEROS}", self._zeros, "zeroinitializer", 8)] if self._zeros else []),
        ]

    def _counter(self, name: str) -> str:
        return self.definition(name, ssa.NO_POS)

    def definition(self, name: str, pos: ssa.Pos, tag: str = "") -> str:
        """A counter, and what its declaration tag is; the same each time."""
        known = self._definitions.get(name)
        if known is None:
            known = self._definitions[name] = self._define(name, pos, tag)
        return known

    def _define(self, name: str, pos: ssa.Pos, tag: str) -> str:
        uint64 = self.m.debug.node(
            f'!DIDerivedType(tag: DW_TAG_typedef, name: "uint64", baseType: {self.m.debug.c_int("uint64")})'
        )
        dbg = self.m.debug.variable(name, pos, uint64, tag)
        # Internal, so that one that nothing counts is not in the object; those that are left are made
        # external by the worker.
        return f'@{name} = internal externally_initialized global i64 0, section ".bss", align 8{dbg}'

    @staticmethod
    def _text(symbol: str, data: bytes) -> str:
        shown = "".join(f"\\{byte:02X}" for byte in data)
        return _constant(symbol, len(data) + 1, f'c"{shown}\\00"', 1)


def _constant(symbol: str, size: int, value: str, align: int) -> str:
    return f'{symbol} = internal constant [{size} x i8] {value}, section ".rodata", align {align}'


def call(f: FunctionLowering, instr: ssa.Call, name: str) -> Operand | None:
    """What a call of the builtin ``name`` gives."""
    made = _BUILTINS.get(name)
    if made is None:
        raise LoweringFault(f"no builtin {name}", instr.pos)
    return made(f, instr)


def _count_lost(f: FunctionLowering, instr: ssa.Call) -> None:
    """Which map it was is known where the method is inlined: then one comparison of these is left."""
    maps = sorted(p.id for p in f.places(instr.args[0]) if p.kind == "global" and f.m.is_map(p.id))
    if not maps:
        return
    address = f.scalar(instr.args[0])
    first, *others = [f.m.global_symbol(i) for i in maps]
    chosen = f.m.made.counter(LOST + legal(first))
    for symbol in others:
        same = f.b.value(f"icmp eq ptr {address}, @{symbol}")
        chosen = f.b.value(f"select i1 {same}, ptr {f.m.made.counter(LOST + legal(symbol))}, ptr {chosen}")
    f.b.emit(f"atomicrmw add ptr {chosen}, i64 1 monotonic")


def _zeros(f: FunctionLowering, instr: ssa.Call) -> Operand:
    size = f.scalar(instr.args[0])
    if not is_literal(size):
        raise LoweringFault("the size of zeros is not constant", instr.pos)
    return f.m.made.zeros(int(size))


def _packet_at(f: FunctionLowering, instr: ssa.Call) -> Operand:
    """The verifier knows a packet's pointer by the register that was compared with the packet's end.

    LLVM must not compute the address for the comparison and the one that is used from different
    registers, which it would where the offset is variable.
    """
    b = f.b
    data, end = (_packet_end(f, instr.args[0], f.index64(x)) for x in instr.args[1:3])
    b.emit(f"call void @llvm.assume(i1 {b.value(f'icmp ne ptr {data}, null')})")
    offset, size = f.index64(instr.args[3]), f.index64(instr.args[4])
    constant = b.value(f"call i1 @llvm.is.constant.i64(i64 {offset})")
    last = b.value(f"sub i64 {MAX_PACKET}, {size}")  # the verifier follows to the end of what is read
    far = b.value(f"icmp ugt i64 {offset}, {last}")
    known = b.value(f"call i1 @llvm.is.constant.i1(i1 {far})")
    seen = b.value(f"select i1 {known}, i64 {offset}, i64 {hide(b, offset)}")
    beyond, done = b.new_label("beyond"), b.new_label("packet")
    checked = b.value(f"icmp ugt i64 {seen}, {last}")
    b.start(f.unless(b.value(f"select i1 {known}, i1 {far}, i1 {checked}"), beyond))
    at = b.value(f"getelementptr inbounds i8, ptr {data}, i64 {seen}")
    start = b.value(f"select i1 {constant}, ptr {at}, ptr {hide(b, at, 'ptr')}")
    b.emit(f"call void @llvm.assume(i1 {b.value(f'icmp ne ptr {start}, null')})")
    after = b.value(f"getelementptr inbounds i8, ptr {start}, i64 {size}")
    b.start(f.unless(b.value(f"icmp ugt ptr {after}, {end}"), beyond))
    found = b.label
    b.jump(done)
    b.start(beyond)
    b.jump(done)
    b.start(done)
    return b.value(f"phi ptr [ {start}, %{found} ], [ null, %{beyond} ]")


def _packet_end(f: FunctionLowering, context: int, offset: str) -> str:
    """One of the packet's ends, by a call that becomes a load when all is optimised.

    LLVM would take the load and the extension to 64 bits that makes an address of it apart: the verifier
    knows the address by the load alone.
    """
    return f.b.value(f"call ptr {f.m.made.packet(int(offset))}(ptr {f.scalar(context)})")


def _context_address(f: FunctionLowering, instr: ssa.Call) -> Operand:
    address = plus(f.b, f.scalar(instr.args[0]), f.index64(instr.args[1]))
    return f.b.value(f"ptrtoint ptr {address} to i64")


# --- atomic operations


def _atomic(operation: str) -> Callable[[FunctionLowering, ssa.Call], Operand]:
    """Read, change, write; ``add`` gives the new value as Go's does, the others the old one."""

    def made(f: FunctionLowering, instr: ssa.Call) -> Operand:
        pointer, ir, _ = _target(f, instr)
        value = f.scalar(instr.args[1])
        old = f.b.value(f"atomicrmw {operation} ptr {pointer}, {ir} {value} seq_cst")
        return f.b.value(f"add {ir} {old}, {value}") if operation == "add" else old

    return made


def _atomic_load(f: FunctionLowering, instr: ssa.Call) -> Operand:
    pointer, ir, size = _target(f, instr)
    return f.b.value(f"load volatile {ir}, ptr {pointer}, align {size}")


def _atomic_store(f: FunctionLowering, instr: ssa.Call) -> None:
    """An exchange: the kernel's machine has no other store with an order."""
    pointer, ir, _ = _target(f, instr)
    f.b.value(f"atomicrmw xchg ptr {pointer}, {ir} {f.scalar(instr.args[1])} seq_cst")


def _atomic_compare_and_swap(f: FunctionLowering, instr: ssa.Call) -> Operand:
    pointer, ir, _ = _target(f, instr)
    old, new = f.scalar(instr.args[1]), f.scalar(instr.args[2])
    pair = f.b.value(f"cmpxchg ptr {pointer}, {ir} {old}, {ir} {new} seq_cst seq_cst")
    return f.b.value(f"extractvalue {{ {ir}, i1 }} {pair}, 1")


def _target(f: FunctionLowering, instr: ssa.Call) -> tuple[str, str, int]:
    """The pointer, and LLVM's type and the size of what it leads to."""
    t = f.types.elem(f.type_of(instr.args[0]))
    if CONTEXT in f.places(instr.args[0]):
        raise Refused(
            f.pos,
            "atomic operation on the program's context: the verifier lets it be read and written only",
            "assign the field, or copy it to a variable first",
        )
    return f.reach(instr.args[0]), f.types.ir(t), f.types.size(t)


_BUILTINS: dict[str, Callable[[FunctionLowering, ssa.Call], Operand | None]] = {
    **numbers.BUILTINS,
    "atomic_add": _atomic("add"),
    "atomic_and": _atomic("and"),
    "atomic_or": _atomic("or"),
    "atomic_swap": _atomic("xchg"),
    "atomic_load": _atomic_load,
    "atomic_store": _atomic_store,
    "atomic_compare_and_swap": _atomic_compare_and_swap,
    "count_lost": _count_lost,
    "zeros": _zeros,
    "packet_at": _packet_at,
    "context_address": _context_address,
    "loop": callbacks.call,
    "for_each": callbacks.call,
    "printk": printk.call,
}
