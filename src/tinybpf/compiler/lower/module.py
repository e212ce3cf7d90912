"""A whole program to one LLVM module: which functions, in what order, maps, variables, licence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel.helpers import MOVES_PACKET, Helper
from tinybpf.compiler.lower import abi, arithmetic, builtins, callbacks, calls, convert, memory, runes, trace  # noqa: F401  (they register their instructions)
from tinybpf.compiler.lower.assembly import Ahead, assemble
from tinybpf.compiler.lower.debug import DebugInfo
from tinybpf.compiler.lower.escape import EscapeCheck
from tinybpf.compiler.lower.exact import Exact
from tinybpf.compiler.lower.frames import context_parts_travel, must_inline
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.inlining import LARGE, inlined
from tinybpf.compiler.lower.loops import check as check_loops
from tinybpf.compiler.lower.names import Names, qualified
from tinybpf.compiler.lower.order import OrderCheck
from tinybpf.compiler.lower.panics import NativeSites, Sites
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.refuse import DISPATCHER, Poisoned, Refused, recursion
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.variables import string_constants
from tinybpf.compiler.lower.views import Views
from tinybpf.compiler.lower.walk import Calls, instructions
from tinybpf.compiler.lower.writes import Writes
from tinybpf.compiler.mapdefs import is_map, read_map
from tinybpf.compiler.packages import is_ours
from tinybpf.compiler.program import EntryPoint, Program, find_helper

if TYPE_CHECKING:
    from tinybpf.compiler.startup import Initial

Report = Callable[[ssa.Pos, str, "str | None"], None]


def forget(state: object) -> None:
    """Give back the memory of what is not needed any more.

    Its parts refer to it, so that only the garbage collector would; and that looks at all else there is.
    """
    state.__dict__.clear()


def _nobody(pos: ssa.Pos, message: str, hint: str | None) -> None:
    """Warnings that are not told."""


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
        big_endian: bool = False,
        directory: str = "",
        warn: Report | None = None,
    ) -> None:
        """``roots`` are functions to lower in place of programs, to run where the compiler runs;
        ``directory`` is the package's, as the files' paths have it; ``warn`` is told what is no error."""
        self.big_endian = big_endian
        self.triple = "bpfeb" if big_endian else "bpfel"
        self.native = bool(roots)
        self.doc = doc
        self.types = types
        self.program = program
        self.report = report
        self.warn = warn or _nobody
        self.debug = DebugInfo(doc, types, directory)
        self._names = Names()
        for e in program.entries:
            self._names.give(("entry", e.function), e.symbol)
        for e in program.entries:
            self._names.give(("section", e.section.name), e.section.name)
        self._conventions: dict[int, abi.Returns] = {}
        self._map_kinds: dict[int, str] = {}
        self.helpers: dict[int, Helper] = {}
        self.released: dict[int, set[Place]] = {}
        """By function: what it gives back that was taken elsewhere; filled by ``held``."""
        known = Calls(doc.functions)
        self.callees = known.of
        self._signatures: dict[int, abi.Signature] = {}
        self._inside: list[Refused] = []
        self._refused = False
        self.typed = typed.is_used(doc)
        self.made = builtins.Made(self)
        self.sites = NativeSites(self) if self.native else Sites(self) if program.counts_lines else None
        """Where panics are counted by line; None where they are not."""
        self.shims = callbacks.Shims(self)
        self._entry_functions = {e.function for e in program.entries}
        self.initial = initial
        self.order = self._call_order([*(e.function for e in program.entries), *roots])
        self._inlined = (
            set()
            if self.native
            else inlined(doc.functions, self.order, self.callees, self._stays, self.callbacks)
        )
        contexts = {e.function for e in program.entries if e.takes_context}
        self.points = PointsTo(doc, types, self.order, contexts, self._entry_functions, known)
        self.exact = Exact(self.points, self.order, self._entry_functions)
        self._find_helpers()
        self.writes = Writes(self.points, self.order, self.helpers)
        self.views = Views(self.points, self.order, self.writes)
        self.pool = initial.evaluator.pool
        self.pool_used = False
        self._texts: dict[int, str] = {}
        self.second = ""
        self._whole: Callable[[], str] = str
        """Where ``run`` gave the first half of the module ahead: the second."""
        self.decodes = False
        self.copies: dict[tuple[int, int], int] = {}
        """By function and conversion: how many bytes the copy has that was made."""

    # --- what functions ask

    def refuse(self, fn: ssa.Function, refused: Refused) -> None:
        """Tell of it; inside of the typed package only where nothing else is wrong: it follows from that."""
        if is_ours(fn.path):
            self._inside.append(refused)
        else:
            self._refused = True
            self.report(refused.pos, refused.message, refused.hint)

    def is_ours(self, index: int) -> bool:
        """Whether a function is of a package that the compiler provides."""
        return is_ours(self.doc.functions[index].path)

    def signature(self, index: int) -> abi.Signature:
        known = self._signatures.get(index)
        if known is None:
            t = self.types.under(self.doc.functions[index].type)
            assert isinstance(t, ssa.Signature)
            fn = self.doc.functions[index]
            captured = (v.type for v in fn.values[fn.params : fn.params + fn.captures])
            known = self._signatures[index] = abi.Signature((*t.params, *captured), tuple(t.results))
        return known

    def convention(self, index: int) -> abi.Returns:
        known = self._conventions.get(index)
        if known is None:
            raise Poisoned  # a recursive call, reported already
        return known

    def panics(self, index: int) -> bool:
        """Whether a function that was lowered may panic."""
        return self.convention(index).kind in ("packed", "status")

    def name(self, key: object, wanted: str) -> str:
        """A symbol of its own for something."""
        return self._names.give(key, wanted)

    def function_symbol(self, index: int) -> str:
        fn = self.doc.functions[index]
        return self._names.give(("function", index), qualified(fn))

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
                wanted |= {callee for _, callee in self.callees(f)}
        found = [
            (self.types.size(self.types.elem(i.type)), i.comment, self.doc.functions[f].name)
            for f in self.order
            if f in wanted and not self.is_ours(f)
            for i in instructions(self.doc.functions[f])
            if isinstance(i, ssa.Alloc) and i.comment.isidentifier()
        ]
        large = sorted((v for v in found if v[0] >= 32), key=lambda v: -v[0])[:3]
        return ", ".join(f"{name} in {function} ({size} bytes)" for size, name, function in large)

    def is_part(self, index: int) -> bool:
        """Whether a function becomes a part of its callers in any case."""
        return (
            self.is_ours(index)
            or self.doc.functions[index].synthetic == DISPATCHER
            or index in self._inlined
            or index in self.tail_callers
            or must_inline(self.points, index, self.context_parts_travel)
        )

    def _stays(self, index: int) -> bool:
        """Whether a function is not inlined at once. LLVM leaves out more copies of large variables in a
        function by itself than in what it has become a part of."""
        return (
            index in self._entry_functions
            or self.noinline(index)
            or any(
                isinstance(i, ssa.Alloc) and self.types.size(self.types.elem(i.type)) > LARGE
                for i in instructions(self.doc.functions[index])
            )
        )

    def noinline(self, index: int) -> bool:
        return any(d.text.split()[0] == "//go:noinline" for d in self.doc.functions[index].directives)

    def helper(self, index: int, pos: ssa.Pos) -> Helper:
        known = self.helpers.get(index)
        if known is None:
            known = self.helpers[index] = find_helper(self.doc.functions[index], pos)
        return known

    def helper_name(self, index: int) -> str:
        """The helper that a function without a body stands for, empty for any other."""
        known = self.helpers.get(index)
        return known.name if known is not None else ""

    def global_address(self, index: int, pos: ssa.Pos) -> str:
        variable = self.doc.globals[index]
        if not self.visible(index):
            raise Refused(
                pos,
                f"variable {variable.name} is //go:extern: it names a type of the kernel and has no memory",
                "declare a variable of the type, and copy the kernel's struct with bpf_probe_read_kernel",
            )
        if not self.is_map(index):
            problem = self.types.problem(variable.type)
            if problem:
                raise Refused(pos, f"variable {variable.name}: {problem}")
        return f"@{self.global_symbol(index)}"

    def is_map_global(self, places: set[Place]) -> bool:
        return any(p.kind == "global" and self.is_map(p.id) for p in places)

    @cached_property
    def tail_callers(self) -> set[int]:
        """The functions from which a tail call is reached.

        The kernel ends the function that makes the call, not its callers: such a function has to be
        a part of the program itself.
        """
        found: set[int] = set()
        for f in self.order:  # callees first
            for _, callee in self.callees(f):
                if callee in found or self.helper_name(callee) == "bpf_tail_call":
                    found.add(f)
        return found

    def _check_tail_calls(self) -> None:
        for f in sorted(self.tail_callers - self._entry_functions):
            if self.noinline(f):
                fn = self.doc.functions[f]
                self.report(
                    fn.pos,
                    f"function {fn.name} makes a tail call, which would end it and not the program",
                    "take away //go:noinline",
                )

    def map_kind(self, index: int) -> str:
        """The kernel's name of a map variable's type; empty for what is no map."""
        known = self._map_kinds.get(index)
        if known is None:
            known = self._map_kinds[index] = self._map_kind(index) if self.is_map(index) else ""
        return known

    def _map_kind(self, index: int) -> str:
        try:
            return read_map(self.doc, self.types, index, self.initial.image(index)).kind.name
        except Refused:
            return ""  # reported where the variable is defined

    def written_whole(self, function: int, alloc: ssa.Alloc) -> bool:
        names = {i: h.name for i, h in self.helpers.items()}
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
            for call, callee in self.callees(f):
                if callee in self.helpers:
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

    def check(self) -> None:
        """Tell of what is wrong that the lowering does not see."""
        EscapeCheck(self.doc, self.points, self.order, self.views, self.report)
        self._check_tail_calls()
        OrderCheck(self.doc, self.points, self.order, self.writes.by_call, self.report)

    def bodies(self) -> list[str]:
        """The text of each function, callees first."""
        bodies = self.some_bodies(self.order, self.program.entries)
        self.tell_inside()
        return bodies

    def tell_inside(self) -> None:
        """Tell of what is wrong inside of the typed package, where nothing else is."""
        for refused in self._inside if not self._refused else ():
            self.report(refused.pos, refused.message, refused.hint)

    def some_bodies(self, functions: Sequence[int], entries: Sequence[EntryPoint]) -> list[str]:
        """As ``bodies``, of some functions and programs."""
        shims = len(self.shims.texts)
        bodies = [self._inner(i) for i in functions if self._is_called(i)]
        bodies += [self._function(e.function, e) for e in entries]
        return bodies + self.shims.texts[shims:]

    def _inner(self, index: int) -> str:
        known = self._texts.get(index)
        if known is None:
            known = self._texts[index] = self._function(index, None)
        return known

    def _is_called(self, index: int) -> bool:
        return index in self._called or index not in self._entry_functions

    @cached_property
    def _called(self) -> set[int]:
        called = {callee for f in self.order for _, callee in self.callees(f)}
        return called | {back for f in self.order for _, back in self.callbacks(f)}

    def run(self, ahead: Ahead | None = None) -> None:
        """Makes ``text``; ``report`` was told all that is wrong, but for what ``check`` finds.

        ``ahead`` is given the target and the first half of a large module as soon as that is there; then
        ``second`` is the other.
        """
        self._whole, self.second = assemble(self, ahead)

    def text(self) -> str:
        """The module, made by ``run``."""
        return self._whole()

    def shared_lines(self) -> list[str]:
        """What functions share: the string constants, and the decoder of runes."""
        lines = [string_constants(self.pool)] if self.pool_used else []
        return [*lines, runes.DECODER] if self.decodes else lines

    def _function(self, index: int, entry: EntryPoint | None) -> str:
        described = None
        if entry is not None:
            result = self.signature(index).results[0]
            wide = not self.types.is_bool(result) and self.types.size(result) == 8
            described = abi.Entry(
                entry.symbol,
                entry.section.name,
                "i64" if wide else "i32",
                entry.on_panic,
                entry.arguments,
            )
        lowering = FunctionLowering(self, index, described)
        text = lowering.run()
        if not self.native and not lowering.ours:
            check_loops(lowering, self.report, self.warn)
        if entry is None:
            self._conventions[index] = abi.returns(self.types, self.signature(index).results, lowering.panics)
        forget(lowering)
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
        called = [*self.callees(index), *self.callbacks(index)]
        for call, callee in called:
            if not self.doc.functions[callee].blocks:
                continue
            if callee not in done:
                self._visit(callee, done, order, [*chain, index])
            elif not done[callee]:
                cycle = [*chain, index]
                around = [self.doc.functions[i] for i in [*cycle[cycle.index(callee) :], callee]]
                self.report(call.pos, *recursion(around))
        done[index] = True
        order.append(index)

    def callbacks(self, index: int) -> Iterator[tuple[ssa.Call, int]]:
        return callbacks.callbacks(self.doc, self.doc.functions[index]) if self.typed else iter(())

    def _find_helpers(self) -> None:
        for f in self.order:
            for call, callee in self.callees(f):
                fn = self.doc.functions[callee]
                if not fn.blocks and callee not in self.helpers and not typed.builtin(fn):
                    try:
                        self.helper(callee, call.pos)
                    except Refused:
                        continue  # reported where the call is lowered

    def packet_changes(self) -> bool:
        """Whether the packet may lie elsewhere after a helper was called."""
        return any(helper.name in MOVES_PACKET for helper in self.helpers.values())

    # --- variables

    def is_map(self, index: int) -> bool:
        return is_map(self.types, self.doc.globals[index])

    def global_symbol(self, index: int) -> str:
        variable = self.doc.globals[index]
        return self._names.give(("global", index), qualified(variable))

    def visible(self, index: int) -> bool:
        variable = self.doc.globals[index]
        return variable.name != "_" and not any(d.text.startswith("//go:extern") for d in variable.directives)

    def license_symbol(self) -> str:
        return self._names.give("license", "_license")
