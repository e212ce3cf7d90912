"""Which variables a program writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel.helpers import Helper
from tinybpf.compiler.lower.pointsto import Place, PointsTo, package_variable
from tinybpf.compiler.lower.walk import instructions

WRITING = ("append", "clear", "copy")
"""The built-in functions that write to what their first argument leads to."""


class Writes:
    """Asked of the functions that a program reaches; ``helpers`` are known by function index."""

    def __init__(self, points: PointsTo, functions: Sequence[int], helpers: Mapping[int, Helper]) -> None:
        self.points = points
        self._functions = functions
        self._helpers = helpers

    def package_variables(self) -> set[int]:
        """The package variables that the program writes, or that something it calls may write."""
        written: set[Place] = set()
        for f in self._functions:
            fn = self.points.doc.functions[f]
            for instr in instructions(fn):
                if type(instr) is ssa.Store:
                    written |= self.points.value(f, instr.addr)
                elif type(instr) is ssa.Call:
                    written |= self.by_call(f, fn, instr)
        return {i for i in range(len(self.points.doc.globals)) if package_variable(i) in written}

    def by_call(self, f: int, fn: ssa.Function, instr: ssa.Call) -> set[Place]:
        """Where a helper or built-in function may write; a Go function's own stores are not counted."""
        target = fn.values[instr.fn] if instr.fn < len(fn.values) else None
        if isinstance(target, ssa.Builtin):
            return self.points.value(f, instr.args[0]) if target.name in WRITING else set()
        if isinstance(target, ssa.FuncRef) and typed.builtin(self.points.doc.functions[target.index]):
            return self._by_builtin(f, instr, typed.builtin(self.points.doc.functions[target.index]) or "")
        helper = self._helpers.get(target.index) if isinstance(target, ssa.FuncRef) else None
        if helper is None:
            return set()
        places: set[Place] = set()
        for n, x in enumerate(instr.args):
            read_only = n < len(helper.args) and helper.args[n].kind == "const_ptr"
            places |= set() if read_only else self.points.value(f, x)
        return places

    def _by_builtin(self, f: int, instr: ssa.Call, name: str) -> set[Place]:
        """Of what the compiler makes by itself, atomic operations write, but for the loads, and numbers
        in bytes that have an order."""
        if name.startswith("atomic_") and name != "atomic_load":
            return self.points.value(f, instr.args[0])
        return self.points.value(f, instr.args[1]) if name.startswith("store_") else set()
