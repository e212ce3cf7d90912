"""Callbacks: a function literal, or a function by its name, that a helper calls for each of many things.

The kernel hands a callback one pointer of ours. It leads to a frame on the stack of the caller::

    status      8 bytes: 1 where the callback has panicked
    captured    8 bytes for each variable that the literal captures: its address

Between the helper and the Go function stands a *shim*, which has the parameters that the helper
wants. It reads the captured addresses, calls the function, leaves the status, and tells the helper
to stop where the function has panicked or wants no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel.helpers import helper
from tinybpf.compiler.lower import abi
from tinybpf.compiler.lower.builder import Builder, Operand, hide, plus
from tinybpf.compiler.lower.refuse import FUNCTION_VALUE, Refused
from tinybpf.compiler.lower.walk import Uses, instructions

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering
    from tinybpf.compiler.lower.module import Module


class Kind(msgspec.Struct, frozen=True):
    """A helper that calls back: its parameters before ours, and which of them the Go function gets."""

    helper: str
    params: tuple[tuple[str, str], ...]
    given: tuple[int, ...]


KINDS = {
    "loop": Kind("bpf_loop", (("i64", "index"),), (0,)),
    "for_each": Kind("bpf_for_each_map_elem", (("ptr", "map"), ("ptr", "key"), ("ptr", "value")), (1, 2)),
}
"""By the name of the builtin."""


def callback_of(fn: ssa.Function, uses: Uses, number: int) -> tuple[int, list[int]] | None:
    """The function that a value is, by index, and what it captures; None where that is not known."""
    made = uses.made_by.get(number)
    bindings = made.bindings if isinstance(made, ssa.MakeClosure) else []
    named = made.fn if isinstance(made, ssa.MakeClosure) else number
    target = fn.values[named] if named < len(fn.values) else None
    return (target.index, bindings) if isinstance(target, ssa.FuncRef) else None


def calls_back(doc: ssa.Document, fn: ssa.Function, call: ssa.Call) -> str | None:
    """The builtin's name where a call is of one that calls back."""
    target = fn.values[call.fn] if call.fn < len(fn.values) else None
    name = typed.builtin(doc.functions[target.index]) if isinstance(target, ssa.FuncRef) else None
    return name if name in KINDS else None


def callbacks(doc: ssa.Document, fn: ssa.Function) -> Iterator[tuple[ssa.Call, int]]:
    """The calls in ``fn`` that call back, with the function that is called."""
    named = (v.index for v in fn.values if isinstance(v, ssa.FuncRef))
    if not any(typed.builtin(doc.functions[index]) in KINDS for index in named):
        return
    calls = [i for i in instructions(fn) if type(i) is ssa.Call and calls_back(doc, fn, i)]
    uses = Uses(fn) if calls else None
    for call in calls:
        found = callback_of(fn, uses, call.args[-1]) if uses else None
        if found is not None:
            yield call, found[0]


def call(f: FunctionLowering, instr: ssa.Call) -> Operand | None:
    name = calls_back(f.m.doc, f.fn, instr)
    assert name is not None
    kind, found = KINDS[name], callback_of(f.fn, f.uses, instr.args[-1])
    if found is None:
        raise Refused(instr.pos, FUNCTION_VALUE, "write the function literal in the call")
    function, bindings = found
    if not f.m.doc.functions[function].blocks:
        raise Refused(instr.pos, f"{f.m.doc.functions[function].name} has no body to call back")
    _forget(f, function, bindings)
    frame = f.b.slot(f"[{1 + len(bindings)} x i64]", 8)
    f.b.emit(f"store i64 0, ptr {frame}, align 8")
    for n, binding in enumerate(bindings, 1):
        f.b.emit(f"store ptr {f.scalar(binding)}, ptr {plus(f.b, frame, 8 * n)}, align 8")
    known = helper(kind.helper)
    assert known is not None
    first = f.index64(instr.args[0]) if name == "loop" else f.scalar(instr.args[0])
    ir = "i64" if name == "loop" else "ptr"
    shim = f.m.shims.of(kind, function, instr.pos)
    made = f.b.value(
        f"call i64 inttoptr (i64 {known.number} to ptr)({ir} {first}, ptr @{shim}, ptr {frame}, i64 0)"
    )
    if f.m.panics(function):
        status = f.b.value(f"load i64, ptr {frame}, align 8")
        f.panicked_if(f.b.value(f"icmp ne i64 {status}, 0"), function, status)
    return f.b.value(f"trunc i64 {made} to i32") if name == "loop" else None


def _forget(f: FunctionLowering, function: int, bindings: list[int]) -> None:
    """Make the verifier forget the values of the numbers that the callback changes.

    It would go through as many turns as it takes until a counter that the callback compares, whose
    value it knows at first, is no longer of any new value.
    """
    changed = [
        b
        for n, b in enumerate(bindings)
        if f.types.is_int(f.types.elem(f.type_of(b))) and _writes(f.m.doc.functions[function], n)
    ]
    if not changed:
        return
    number = helper("bpf_get_prandom_u32")
    assert number is not None
    some = f.b.value(f"call i64 inttoptr (i64 {number.number} to ptr)()")
    # 0, which the verifier does not know; of a helper with few results it may.
    nothing = f.b.value(f"sub i64 {hide(f.b, some)}, {some}")
    for b in changed:
        t = f.types.elem(f.type_of(b))
        ir, align, pointer = f.types.ir(t), f.types.align(t), f.scalar(b)
        value = f.b.value(f"load {ir}, ptr {pointer}, align {align}")
        zero = nothing if ir == "i64" else f.b.value(f"trunc i64 {nothing} to {ir}")
        f.b.emit(f"store {ir} {f.b.value(f'add {ir} {value}, {zero}')}, ptr {pointer}, align {align}")


def _writes(back: ssa.Function, capture: int) -> bool:
    """Whether a function literal writes the variable that it captures as its number ``capture``."""
    variable = back.params + capture
    return any(
        (isinstance(i, ssa.Store) and i.addr == variable)
        or (isinstance(i, ssa.MakeClosure) and variable in i.bindings)
        for i in instructions(back)
    )


class Shims:
    """The shims of one module, each made once."""

    def __init__(self, module: Module) -> None:
        self.m = module
        self.texts: list[str] = []
        self._symbols: dict[tuple[str, int], str] = {}

    def of(self, kind: Kind, function: int, pos: ssa.Pos) -> str:
        key = (kind.helper, function)
        if key not in self._symbols:
            symbol = self.m.name(("shim", *key), f"{self.m.function_symbol(function)}_callback")
            self._symbols[key] = symbol
            self.texts.append(self._text(kind, function, symbol, pos))
        return self._symbols[key]

    def _text(self, kind: Kind, function: int, symbol: str, pos: ssa.Pos) -> str:
        scope = self.m.debug.shim(symbol, pos, [*(name for _, name in kind.params), "frame"])
        b = Builder()
        b.dbg = self.m.debug.location(pos, scope)
        params = [f"{ir} noundef %{name}" for ir, name in kind.params] + ["ptr noundef %frame"]
        b.emit(f"ret i64 {self._call(b, kind, function)}")
        head = f"define internal i64 @{symbol}({', '.join(params)})"
        attributes = 'nounwind noinline "no-builtins" "no-jump-tables"="true"'
        lines = ["entry:", *b.entry, *b.lines]
        return f"{head} {attributes} !dbg {scope} {{\n" + "\n".join(lines) + "\n}\n"

    def _call(self, b: Builder, kind: Kind, function: int) -> str:
        """Whether the helper shall stop, as the number that it wants."""
        from tinybpf.compiler.lower.calls import arguments

        convention, captures = self.m.convention(function), self.m.doc.functions[function].captures
        args = [(kind.params[n][0], f"%{kind.params[n][1]}") for n in kind.given]
        for n in range(1, captures + 1):
            args.append(("ptr", b.value(f"load ptr, ptr {plus(b, '%frame', 8 * n)}, align 8")))
        target = f"@{self.m.function_symbol(function)}"
        returned = b.value(f"call {convention.ir} {target}({arguments(b, args)})")
        more = b.value(f"trunc i64 {returned} to i1")
        stop = b.value(f"xor i1 {more}, true")
        if convention.kind == "packed":
            bad = b.value(f"icmp ugt i64 {returned}, {abi.PANICKED - 1}")
            provided = self.m.sites is not None and self.m.is_ours(function)
            sign = f"select i1 {bad}, i64 {returned}, i64 0" if provided else f"zext i1 {bad} to i64"
            b.emit(f"store i64 {b.value(sign)}, ptr %frame, align 8")
            stop = b.value(f"or i1 {bad}, {stop}")
        return b.value(f"zext i1 {stop} to i64")
