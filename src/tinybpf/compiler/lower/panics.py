"""Panics counted by Go line, where the source says ``//bpf:panics lines``.

Each place that can panic has a counter of its own, a variable ``ebpf_panics_FILE_LINE`` in ``.bss``.
It is counted where the panic begins, in a block beside the way that the program takes else: there
is nothing of it on that way, and whatever the panic goes through (subprograms, callbacks) need
not know. What LLVM finds to be impossible is not in the object. A declaration tag of the
variable says the place: ``panic:`` and JSON, which loaders have no eye for.

A function of a package that the compiler provides counts nothing: its lines are not the user's.
It tells its caller the reason instead, by its number above the sign of a panic, and the caller
counts that at the line of the call. Such functions are inlined, so that the number is a constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import abi
from tinybpf.compiler.lower.debug import escape

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module
    from tinybpf.compiler.lower.values import Values

INDEX = "index out of range"
NIL = "nil pointer dereference"
DIVIDE = "integer divide by zero"
SHIFT = "negative shift amount"
SLICE = "slice bounds out of range"
ASSERT = "interface conversion"
CONVERT = "slice is shorter than the array"
APPEND = "append past the capacity"
UNSAFE = "length of an unsafe slice or string out of range"
STRING = "a string in too many bytes"
OTHER = "runtime error"

TAG = "panic:"
PREFIX = "ebpf_panics_"
_NO_LETTERS = re.compile(r"[^A-Za-z0-9_]+")
REASON_SHIFT = 33
"""The bit above the sign of a panic from which on a provided function tells the reason, counted from 1."""


class Site(msgspec.Struct, frozen=True):
    """What panics are counted for."""

    file: str
    line: int
    function: str
    reason: str


class Sites:
    """The places of one module that can panic."""

    def __init__(self, module: Module) -> None:
        self.m = module
        self._symbols: dict[Site, tuple[str, ssa.Pos]] = {}
        self._reasons: dict[str, int] = {}
        self._told: dict[int, list[str]] = {}
        for n, variable in enumerate(module.doc.globals):
            if variable.name.startswith(PREFIX):
                module.global_symbol(n)  # the source's own variables keep their names

    def code(self, reason: str) -> int:
        """What a provided function returns in place of ``abi.PANICKED``."""
        number = self._reasons.setdefault(reason, len(self._reasons) + 1)
        return number << REASON_SHIFT | abi.PANICKED

    def tells(self, function: int, reasons: list[str]) -> None:
        """For which reasons of its own a provided function panics."""
        self._told[function] = reasons

    def told(self, function: int) -> list[str]:
        return self._told.get(function, [])

    def count(self, f: Values, reason: str) -> None:
        """Count a panic at the line that is being lowered."""
        b = f.b
        b.emit(f"atomicrmw add ptr @{self._symbol(f, reason)}, i64 1 monotonic")
        # LLVM would make one block of all of these, with an instruction on the good way to tell which.
        b.emit('call void asm sideeffect "", ""()')

    def count_told(self, f: Values, callee: int, code: str) -> None:
        """Count what a provided function told; a code without a reason was counted already."""
        b = f.b
        number = b.value(f"lshr i64 {code}, {REASON_SHIFT}")
        for reason in self.told(callee):
            counted, other = b.new_label("told"), b.new_label("other")
            same = b.value(f"icmp eq i64 {number}, {self.code(reason) >> REASON_SHIFT}")
            b.branch(same, counted, other)
            b.start(counted)
            self.count(f, reason)
            f.end_in_panic(code)
            b.start(other)

    def _symbol(self, f: Values, reason: str) -> str:
        pos = f.pos if f.pos.line else f.fn.pos
        file = self.m.debug.paths[pos.file]
        name = f"{f.fn.package}.{f.fn.name}" if f.fn.path else f.fn.name
        site = Site(file, pos.line, name, reason)
        known = self._symbols.get(site)
        if known is None:
            base = _NO_LETTERS.sub("_", file.rpartition("/")[2]).strip("_")
            wanted = f"{PREFIX}{base}_{pos.line}"
            known = self._symbols[site] = self.m.name(site, wanted), pos
        return known[0]

    def lines(self) -> list[str]:
        """The definitions of the counters."""
        return [self._definition(site, symbol, pos) for site, (symbol, pos) in self._symbols.items()]

    def _definition(self, site: Site, symbol: str, pos: ssa.Pos) -> str:
        text = TAG + msgspec.json.encode(site).decode()
        return self.m.made.definition(symbol, pos, f'!{{!"btf_decl_tag", !"{escape(text)}"}}')


class NativeSites(Sites):
    """The places of code that runs when compiling: a panic leaves its number, from 1, in ``SYMBOL``."""

    SYMBOL = "panic.site"

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self._found: list[tuple[ssa.Pos, str]] = []

    def count(self, f: Values, reason: str) -> None:
        self._found.append((f.pos if f.pos.line else f.fn.pos, reason))
        f.b.emit(f"store i64 {len(self._found)}, ptr @{self.SYMBOL}")

    def place(self, number: int) -> tuple[ssa.Pos, str]:
        """Where a panic began, and its reason in Go's words."""
        return self._found[number - 1] if 0 < number <= len(self._found) else (ssa.NO_POS, OTHER)

    def lines(self) -> list[str]:
        return [f"@{self.SYMBOL} = internal global i64 0"]


def message(fn: ssa.Function, instr: ssa.Panic, made: ssa.Instruction | None) -> str:
    """The reason that a call of ``panic`` gives: its argument where that is constant, as Go prints it."""
    x = made.x if isinstance(made, ssa.MakeInterface) else instr.x
    value = fn.values[x] if x < len(fn.values) else None
    if isinstance(value, ssa.ConstString):
        return f"panic: {value.value.decode('utf-8', 'replace')}"
    if isinstance(value, ssa.ConstInt):
        return f"panic: {value.value}"
    if isinstance(value, ssa.ConstBool):
        return f"panic: {str(value.value).lower()}"
    return "panic"
