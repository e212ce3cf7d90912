"""A whole program to one LLVM module: which functions, in what order, maps, variables, licence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.initial import Image
from tinybpf.compiler.kernel.helpers import Helper
from tinybpf.compiler.lower import abi, arithmetic, calls, convert, memory, trace  # noqa: F401  (they register their instructions)
from tinybpf.compiler.lower.debug import DebugInfo, MapField, escape
from tinybpf.compiler.lower.escape import EscapeCheck
from tinybpf.compiler.lower.frames import context_parts_travel
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.infer import Usage, agreed, infer
from tinybpf.compiler.lower.names import Names, qualified
from tinybpf.compiler.lower.order import OrderCheck
from tinybpf.compiler.lower.pointsto import Place, PointsTo, package_variable
from tinybpf.compiler.lower.refuse import Poisoned, Refused
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import callees, instructions
from tinybpf.compiler.program import EntryPoint, MapDefinition, Program, find_helper, is_map, read_map

if TYPE_CHECKING:
    from tinybpf.compiler.startup import Initial

Report = Callable[[ssa.Pos, str, "str | None"], None]

LAYOUTS = {
    "bpfel": "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128",
    "bpfeb": "E-m:e-p:64:64-i64:64-i128:128-n32:64-S128",
}

DECLARATIONS = """\
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i1 @llvm.is.constant.i64(i64)
declare ptr @llvm.preserve.static.offset(ptr)
declare ptr @llvm.preserve.struct.access.index.p0.p0(ptr, i32, i32)
"""


class Module:
    """The state of lowering one program."""

    def __init__(
        self,
        doc: ssa.Document,
        types: Types,
        program: Program,
        report: Report,
        initial: Initial,
        roots: Sequence[int] = (),
    ) -> None:
        """``roots`` are functions to lower beside the programs."""
        self.doc = doc
        self.types = types
        self.program = program
        self.report = report
        self.failed = False
        self.debug = DebugInfo(doc, types)
        self._names = Names()
        for e in program.entries:
            self._names.give(("entry", e.function), e.symbol)
        for e in program.entries:
            self._names.give(("section", e.section.name), e.section.name)
        self._conventions: dict[int, abi.Returns] = {}
        self._helpers: dict[int, Helper] = {}
        self._signatures: dict[int, abi.Signature] = {}
        self._globals: dict[int, str] = {}
        self._entry_functions = {e.function for e in program.entries}
        self.initial = initial
        self.order = self._call_order([*(e.function for e in program.entries), *roots])
        self.points = PointsTo(doc, types, self.order, self._entry_functions)
        self._find_helpers()

    # --- what functions ask

    def signature(self, index: int) -> abi.Signature:
        known = self._signatures.get(index)
        if known is None:
            t = self.types.under(self.doc.functions[index].type)
            assert isinstance(t, ssa.Signature)
            known = self._signatures[index] = abi.Signature(tuple(t.params), tuple(t.results))
        return known

    def convention(self, index: int) -> abi.Returns:
        known = self._conventions.get(index)
        if known is None:
            raise Poisoned  # a recursive call, reported already
        return known

    def function_symbol(self, index: int) -> str:
        fn = self.doc.functions[index]
        return self._names.give(("function", index), qualified(fn.package, fn.name))

    def function_position(self, symbol: str) -> ssa.Pos:
        """Where the function of that symbol stands."""
        entry = next((e.function for e in self.program.entries if e.symbol == symbol), None)
        found = (
            entry
            if entry is not None
            else next((i for i in self.order if self.function_symbol(i) == symbol), None)
        )
        return self.doc.functions[found].pos if found is not None else ssa.NO_POS

    def largest_variables(self, symbols: Sequence[str]) -> str:
        """The largest variables of functions and of what is inlined there, for a message; or nothing."""
        wanted = {i for i in self.order if self.function_symbol(i) in symbols}
        wanted |= {e.function for e in self.program.entries if e.symbol in symbols}
        for f in reversed(self.order):
            if f in wanted:
                wanted |= {callee for _, callee in callees(self.doc.functions[f])}
        found = [
            (self.types.size(self.types.elem(i.type)), i.comment, self.doc.functions[f].name)
            for f in self.order
            if f in wanted
            for i in instructions(self.doc.functions[f])
            if isinstance(i, ssa.Alloc) and i.comment.isidentifier()
        ]
        large = sorted((v for v in found if v[0] >= 32), key=lambda v: -v[0])[:3]
        return ", ".join(f"{name} in {function} ({size} bytes)" for size, name, function in large)

    def noinline(self, index: int) -> bool:
        return any(d.text.split()[0] == "//go:noinline" for d in self.doc.functions[index].directives)

    def helper(self, index: int, pos: ssa.Pos) -> Helper:
        known = self._helpers.get(index)
        if known is None:
            known = self._helpers[index] = find_helper(self.doc.functions[index], pos)
        return known

    def helper_name(self, index: int) -> str:
        """The helper that a function without a body stands for, empty for any other."""
        known = self._helpers.get(index)
        return known.name if known is not None else ""

    def global_address(self, index: int, pos: ssa.Pos) -> str:
        variable = self.doc.globals[index]
        if not self._visible(index):
            raise Refused(
                pos,
                f"variable {variable.name} is //go:extern: it names a type of the kernel and has no memory",
                "declare a variable of the type, and copy the kernel's struct with bpf_probe_read_kernel",
            )
        if not self._is_map(index):
            problem = self.types.problem(variable.type)
            if problem:
                raise Refused(pos, f"variable {variable.name}: {problem}")
        return f"@{self.global_symbol(index)}"

    def is_map_global(self, places: set[Place]) -> bool:
        return any(p.kind == "global" and self._is_map(p.id) for p in places)

    def written_whole(self, function: int, alloc: ssa.Alloc) -> bool:
        names = {i: h.name for i, h in self._helpers.items()}
        return trace.written_whole(
            self.doc, self.types, self.points.uses[function], self.doc.functions[function], alloc, names
        )

    def shown_to_kernel(self, function: int, alloc: int) -> bool:
        """Whether a helper is given the variable's address: then it stays in memory."""
        return Place("local", function, alloc) in self._shown

    @cached_property
    def _shown(self) -> set[Place]:
        shown: set[Place] = set()
        for f in self.order:
            for call, callee in callees(self.doc.functions[f]):
                if callee in self._helpers:
                    for x in call.args:
                        shown |= self.points.value(f, x)
        return shown

    @cached_property
    def context_parts_travel(self) -> bool:
        return context_parts_travel(self.points, self.order)

    @cached_property
    def has_array_pointers(self) -> bool:
        return any(
            isinstance(i, ssa.SliceToArrayPointer)
            for f in self.order
            for i in instructions(self.doc.functions[f])
        )

    # --- the module

    def bodies(self) -> list[str]:
        """The text of each function, callees first."""
        EscapeCheck(self.doc, self.points, self.order, self.report)
        OrderCheck(self.doc, self.points, self.order, self._written_by_call, self.report)
        entries = {e.function: e for e in self.program.entries}
        called = {callee for f in self.order for _, callee in callees(self.doc.functions[f])}
        inner = [self._function(i, None) for i in self.order if i in called or i not in entries]
        return inner + [self._function(e.function, e) for e in self.program.entries]

    def run(self) -> str:
        """The module's text; ``report`` was told all that is wrong, and ``failed`` says if anything was."""
        bodies = self.bodies()
        variables = self._variables()
        triple = "bpfel"
        head = f'target triple = "{triple}"\ntarget datalayout = "{LAYOUTS[triple]}"\n'
        return "\n".join([head, DECLARATIONS, *variables, self._license(), *bodies, self.debug.text(), ""])

    def _function(self, index: int, entry: EntryPoint | None) -> str:
        described = None
        if entry is not None:
            result = self.signature(index).results[0]
            wide = not self.types.is_bool(result) and self.types.size(result) == 8
            described = abi.Entry(entry.symbol, entry.section.name, "i64" if wide else "i32", entry.on_panic)
        lowering = FunctionLowering(self, index, described)
        text = lowering.run()
        if entry is None:
            self._conventions[index] = abi.returns(self.types, self.signature(index).results, lowering.panics)
        return text

    def _call_order(self, roots: list[int]) -> list[int]:
        """The functions that the programs reach, callees before callers; recursion is refused."""
        done: dict[int, bool] = {}
        order: list[int] = []
        for root in roots:
            self._visit(root, done, order, [])
        return order

    def _visit(self, index: int, done: dict[int, bool], order: list[int], chain: list[int]) -> None:
        done[index] = False
        for call, callee in callees(self.doc.functions[index]):
            if not self.doc.functions[callee].blocks:
                continue
            if callee not in done:
                self._visit(callee, done, order, [*chain, index])
            elif not done[callee]:
                cycle = [*chain, index]
                names = [self.doc.functions[i].name for i in cycle[cycle.index(callee) :]]
                path = " calls ".join([*names, self.doc.functions[callee].name])
                self.report(
                    call.pos, f"recursion: {path}; the kernel's stack does not grow", "write it as a loop"
                )
        done[index] = True
        order.append(index)

    def _find_helpers(self) -> None:
        for f in self.order:
            for call, callee in callees(self.doc.functions[f]):
                if not self.doc.functions[callee].blocks and callee not in self._helpers:
                    try:
                        self.helper(callee, call.pos)
                    except Refused:
                        continue  # reported where the call is lowered

    # --- variables

    def _is_map(self, index: int) -> bool:
        return is_map(self.types, self.doc.globals[index])

    def global_symbol(self, index: int) -> str:
        variable = self.doc.globals[index]
        return self._names.give(("global", index), qualified(variable.package, variable.name))

    def _variables(self) -> list[str]:
        maps = {i for i, _ in enumerate(self.doc.globals) if self._is_map(i) and self._visible(i)}
        usage = infer(self.points, self.order, self._helpers, maps)
        written = self._written()
        lines = []
        for index, variable in enumerate(self.doc.globals):
            if not self._visible(index):
                continue
            try:
                if index in maps:
                    lines.append(self._map(index, usage[index]))
                elif self.types.problem(variable.type) is not None:
                    continue  # refused where it is used
                elif self.types.size(variable.type):
                    lines.append(self._variable(index, index in written))
                else:
                    lines.append(self._empty(index))
            except Refused as refused:
                self.report(refused.pos, refused.message, refused.hint)
        return lines

    def _empty(self, index: int) -> str:
        """A variable without a byte has an address all the same; nothing else knows of it."""
        kind = "internal constant [1 x i8] zeroinitializer"
        return f'@{self.global_symbol(index)} = {kind}, section ".rodata", align 1'

    def _visible(self, index: int) -> bool:
        variable = self.doc.globals[index]
        return variable.name != "_" and not any(d.text.startswith("//go:extern") for d in variable.directives)

    def _map(self, index: int, usage: Usage) -> str:
        image = None if index in self.initial.refused else self.initial.image(index)
        made = read_map(self.doc, self.types, index, image)
        self.program.maps[index] = made
        fields = self._map_fields(made, usage)
        pos = self.doc.globals[index].pos
        symbol = self.global_symbol(index)
        dbg = self.debug.variable(symbol, pos, self.debug.map_definition(pos, fields))
        return (
            f'@{symbol} = dso_local global [{len(fields) * 8} x i8] zeroinitializer, section ".maps", align '
            f"8{dbg}"
        )

    def _map_fields(self, made: MapDefinition, usage: Usage) -> list[MapField]:
        event = next(iter(usage.events)) if made.kind.events and len(usage.events) == 1 else None
        known = event is not None and self.types.problem(event) is None
        fields = [
            MapField(
                "type", made.kind.number, self.debug.type(event) if known and event is not None else None
            )
        ]
        key, value = self._map_types(made, usage)
        for name, node, size in (("key", key, made.key_size), ("value", value, made.value_size)):
            if size:
                fields.append(MapField(name, None, node) if node else MapField(f"{name}_size", size))
        for name, number in (
            ("max_entries", made.max_entries),
            ("map_flags", made.flags),
            ("pinning", made.pinning),
        ):
            if number:
                fields.append(MapField(name, number))
        return fields

    def _map_types(self, made: MapDefinition, usage: Usage) -> tuple[str | None, str | None]:
        """The types of key and value; the kernel takes both or none, and of keys not all."""
        if not made.kind.kernel_btf:
            return None, None
        key = agreed(self.points, usage.keys, made.key_size) if made.key_size else None
        value = agreed(self.points, usage.values, made.value_size) if made.value_size else None
        if key is None and value is None:
            return None, None
        if made.kind.key == (4,):
            node = self.debug.type(key) if key is not None and self.types.is_int(key) else None
            return node or self.debug.c_int("uint32"), self._map_type(value, made.value_size)
        if made.kind.name == "LPM_TRIE" and (key is None or not self.types.is_struct(key)):
            return None, None
        return self._map_type(key, made.key_size), self._map_type(value, made.value_size)

    def _map_type(self, t: int | None, size: int) -> str | None:
        """A key's or value's type; bytes where the program's uses do not tell."""
        if t is not None:
            return self.debug.type(t)
        return self.debug.byte_array(size) if size else None

    def _variable(self, index: int, written: bool) -> str:
        variable = self.doc.globals[index]
        if index in self.initial.refused:
            raise self.initial.refused[index]
        symbol = self.global_symbol(index)
        image = self.initial.image(index)
        section = ".rodata" if not written else ".bss" if image.zero else ".data"
        dbg = self.debug.variable(symbol, variable.pos, self.debug.type(variable.type))
        kind = "global" if written else "constant"
        # User space may have changed it before the program runs: its value here is not its value there.
        return (
            f"@{symbol} = dso_local externally_initialized {kind} [{len(image.data)} x i8] "
            f"{bytes_constant(image)}, "
            f'section "{section}", align {max(self.types.align(variable.type), 1)}{dbg}'
        )

    def _written(self) -> set[int]:
        """The variables that the program writes, or that something it calls may write."""
        written: set[Place] = set()
        for f in self.order:
            fn = self.doc.functions[f]
            for instr in instructions(fn):
                if isinstance(instr, ssa.Store):
                    written |= self.points.value(f, instr.addr)
                elif isinstance(instr, ssa.Call):
                    written |= self._written_by_call(f, fn, instr)
        return {i for i in range(len(self.doc.globals)) if package_variable(i) in written}

    def _written_by_call(self, f: int, fn: ssa.Function, instr: ssa.Call) -> set[Place]:
        target = fn.values[instr.fn] if instr.fn < len(fn.values) else None
        if isinstance(target, ssa.Builtin):
            return self.points.value(f, instr.args[0]) if target.name in ("copy", "clear") else set()
        helper = self._helpers.get(target.index) if isinstance(target, ssa.FuncRef) else None
        if helper is None:
            return set()
        places: set[Place] = set()
        for n, x in enumerate(instr.args):
            read_only = n < len(helper.args) and helper.args[n].kind == "const_ptr"
            places |= set() if read_only else self.points.value(f, x)
        return places

    def _license(self) -> str:
        text, symbol = self.program.license, self._names.give("license", "_license")
        value = f'[{len(text) + 1} x i8] c"{escape(text)}\\00"'
        return f'@{symbol} = dso_local constant {value}, section "license", align 1'


def bytes_constant(image: Image) -> str:
    if image.zero:
        return "zeroinitializer"
    return 'c"' + "".join(f"\\{b:02X}" for b in image.data) + '"'
