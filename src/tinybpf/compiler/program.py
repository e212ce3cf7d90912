"""What a package declares for the kernel: programs, helpers, licence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from tinybpf.compiler import directives, signatures, ssa, typed
from tinybpf.compiler.kernel import helpers, returns, sections
from tinybpf.compiler.lower.abi import Arguments
from tinybpf.compiler.lower.names import qualified
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.mapdefs import MapDefinition

Report = Callable[[ssa.Pos, str, "str | None"], None]

DEFAULT_LICENSE = "GPL"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = {"license"}
"""Sections that each object has besides its programs'."""


class EntryPoint(msgspec.Struct, frozen=True):
    """A program: the Go function, its symbol, its section, what it returns after a panic, and where its
    parameters are, if they are not just the context."""

    function: int
    symbol: str
    section: sections.Section
    on_panic: int
    arguments: Arguments | None = None

    @property
    def takes_context(self) -> bool:
        """Whether the first parameter, if there is one, is the context."""
        return self.arguments is None or self.arguments.offsets[0] is None


class Program(msgspec.Struct):
    entries: list[EntryPoint] = []
    maps: dict[int, MapDefinition] = {}
    license: str = DEFAULT_LICENSE
    counts_lines: bool = False
    """Whether panics are counted by line."""


class Choices(msgspec.Struct, frozen=True):
    """What the caller and the project's file say beside the source."""

    sections: Mapping[str, str] = {}
    configured: Mapping[str, str] = {}
    programs: Sequence[str] = ()
    machine: str = "x86_64"


class Reader:
    """Reads the declarations of one document; what is wrong goes to ``report``."""

    def __init__(self, doc: ssa.Document, types: Types, choices: Choices, report: Report) -> None:
        self.doc = doc
        self.types = types
        self.choices = choices
        self.report = report

    def read(self) -> Program:
        program = Program(license=self._license(), counts_lines=self._counts_lines())
        directives.check(self._directives(), self._is_program, self.report)
        self._check_tags()
        self._check_kernel_structs()
        exported = list(self._exported())
        self._check_names([name for _, name, _ in exported])
        symbols: dict[str, ssa.Pos] = {}
        for index, name, pos in exported:
            if self.choices.programs and name not in self.choices.programs:
                continue
            if name in symbols:
                self.report(pos, f"two programs of the name {name}", "give one of them another name")
                continue
            symbols[name] = pos
            entry = self._entry(index, name, pos)
            if entry is not None:
                program.entries.append(entry)
        self._check_symbols(program)
        self._check_counters(program)
        if not any(self._is_program(fn) for fn in self.doc.functions):
            self._no_program()
        return program

    def _no_program(self) -> None:
        message = "no program in this package: no function has a //bpf:section line"
        spaced = self._with_a_space()
        if spaced is not None:
            self.report(spaced, message, "this line would be one without the space after //")
        else:
            hint = "write //bpf:section SECTION above the function that the kernel calls: //bpf:section xdp"
            self.report(ssa.NO_POS, message, hint)

    def _with_a_space(self) -> ssa.Pos | None:
        """Where a directive of ours stands as an ordinary comment: Go's directives have no space."""
        for n, file in enumerate(self.doc.files):
            for line, text in enumerate(file.text.split("\n"), 1):
                if re.match(r"//\s+(bpf:section|export)\s", text):
                    return ssa.Pos(n, line, 1)
        return None

    # --- programs

    def _is_program(self, fn: ssa.Function) -> bool:
        if fn.path:
            return False
        return any(_says(fn, word) for word in ("//export", "//bpf:section")) or bool(self._by_name(fn))

    def _by_name(self, fn: ssa.Function) -> str | None:
        """The section of a function that is named for its tracepoint, and takes such a one's context."""
        section = typed.tracepoint_section(fn.name)
        t = self.types.under(fn.type)
        if section is None or not isinstance(t, ssa.Signature) or len(t.params) != 1:
            return None
        param = self.types[t.params[0]]
        target = param.elem if isinstance(param, ssa.Pointer) else t.params[0]
        return section if typed.of_tracepoint(typed.named(self.types.table, target)) else None

    def _exported(self) -> Iterator[tuple[int, str, ssa.Pos]]:
        for index, fn in enumerate(self.doc.functions):
            if not self._is_program(fn):
                continue
            found = self._argument(fn.directives, "//export")
            name, pos = (found[0] or fn.name, found[1]) if found else (fn.name, fn.pos)
            shown = f"//export {name}" if found else f"program {name}"
            if not fn.blocks:
                self.report(fn.pos, f"{shown} stands above a function without a body", None)
            elif "." in fn.name:
                hint = "write a function that calls it"
                self.report(fn.pos, f"{shown} stands above a method: programs are functions", hint)
            else:
                yield index, name, pos

    def _check_tags(self) -> None:
        """User space would not know what a misspelt ``show`` asks for."""
        import difflib

        for field in typed.fields(self.types.table):
            shown = typed.shown_as(field)
            if shown is not None and shown not in typed.SHOWN:
                near = difflib.get_close_matches(shown, typed.SHOWN, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(typed.SHOWN)}"
                self.report(field.pos, f'field {field.name}: unknown tag show:"{shown}"', hint)

    def _check_kernel_structs(self) -> None:
        """A struct that stands for one of the kernel's says so, and of each field, by tags."""
        for t in self.types.table:
            if not isinstance(t, ssa.Struct):
                continue
            marks = [f for f in t.fields if typed.named(self.types.table, f.type) == typed.KERNEL_STRUCT]
            for field in t.fields if marks else ():
                marker = field in marks
                if (field.name == "_" and not marker) or _IDENTIFIER.fullmatch(
                    typed.kernel_name(field) or ""
                ):
                    continue
                what = "struct" if marker else "field"
                example = "task_struct" if marker else "pid"
                self.report(
                    field.pos,
                    f"field {field.name} does not say for which {what} of the kernel it stands",
                    f'write a tag behind it, such as `bpf:"{example}"`',
                )

    def _directives(self) -> Iterator[tuple[ssa.Directive, ssa.Function | None]]:
        yield from ((d, None) for f in self.doc.files for d in f.directives)
        yield from ((d, fn) for fn in self.doc.functions for d in fn.directives)
        yield from ((d, None) for g in self.doc.globals for d in g.directives)

    def _check_symbols(self, program: Program) -> None:
        """ELF has one table for the names of sections, programs and variables that loaders see."""
        used = {e.section.name: e.symbol for e in program.entries}
        for e in program.entries:
            if e.symbol in RESERVED or used.get(e.symbol, e.symbol) != e.symbol:
                whose = f"the section of program {used[e.symbol]}" if e.symbol in used else "a section"
                self.report(
                    self.doc.functions[e.function].pos,
                    f"program {e.symbol} is named like {whose}, which the object format does not allow",
                    f"rename it, for instance to {e.symbol}_prog",
                )
        symbols = {e.symbol for e in program.entries}
        for g in self.doc.globals:
            name = qualified(g)
            if name in used or name in symbols or name in RESERVED:
                what = f"program {name}" if name in symbols else f"section {name}"
                self.report(
                    g.pos,
                    f"variable {g.name} is named like {what}, which the object format does not allow",
                    f"rename it, for instance to {g.name}Value",
                )

    def _check_names(self, exported: Sequence[str]) -> None:
        """Names that the caller gives must be there; those of the project's file may be another package's."""
        import difflib

        for option, names in (("--section", self.choices.sections), ("--program", self.choices.programs)):
            for name in names:
                if name not in exported:
                    near = difflib.get_close_matches(name, exported, n=1)
                    hint = (
                        f"did you mean {near[0]}?"
                        if near
                        else f"programs here: {', '.join(exported) or 'none'}"
                    )
                    self.report(
                        ssa.NO_POS,
                        f"{option} names {name}, but there is no program of that name",
                        hint,
                    )

    def _entry(self, index: int, name: str, pos: ssa.Pos) -> EntryPoint | None:
        fn = self.doc.functions[index]
        try:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                only = "ASCII letters, digits and underscores only"
                hint = "give it another name in the object: write //export NAME above it"
                raise Refused(pos, f"program {name}: its name may have {only}", hint)
            section = self._section(fn, name)
            arguments = signatures.check(self.doc, self.types, fn, section, self.choices.machine)
            return EntryPoint(index, name, section, self._on_panic(fn, section), arguments)
        except Refused as refused:
            self.report(refused.pos, refused.message, refused.hint)
            return self._for_its_body(index, name)

    def _for_its_body(self, index: int, name: str) -> EntryPoint | None:
        """A program of no kind in particular: what is wrong in its body is told in the same run."""
        section = sections.parse_section("syscall")
        assert section is not None
        arguments = signatures.any_arguments(self.types, self.doc.functions[index])
        return None if arguments is None else EntryPoint(index, name, section, 0, arguments)

    def _section(self, fn: ssa.Function, name: str) -> sections.Section:
        directive = self._argument(fn.directives, "//bpf:section")
        text = (
            self.choices.sections.get(name)
            or (directive or ("", fn.pos))[0]
            or self.choices.configured.get(name)
            or self._by_name(fn)
        )
        pos = directive[1] if directive and name not in self.choices.sections else fn.pos
        if directive and not directive[0]:
            raise Refused(directive[1], "//bpf:section names no section", "such as //bpf:section xdp")
        if not text:
            raise Refused(
                fn.pos,
                f"program {name} has no section, so its type is not known",
                f"write //bpf:section tracepoint/CATEGORY/NAME above it, pass --section {name}=SECTION, or "
                "set build.programs in tinybpf.json",
            )
        if not text.isprintable() or '"' in text:
            raise Refused(
                pos,
                f"program {name}: a section name has printable characters and no quotes: {text!r}",
                "write it as it is: //bpf:section xdp",
            )
        section = sections.parse_section(text)
        if section is None:
            near = sections.nearest_section(text)
            raise Refused(
                pos,
                f"unknown section {text} for program {name}",
                f"did you mean {near}?"
                if near
                else "such as xdp, tc, kprobe/FUNCTION, tracepoint/CATEGORY/NAME",
            )
        incomplete = sections.incomplete(text)
        if incomplete:
            raise Refused(
                pos, f"section {text} of program {name} {incomplete[0]}", f"such as {incomplete[1]}"
            )
        if text == name:
            raise Refused(
                pos,
                f"program {name} is named like its section, which the object format does not allow",
                f"rename it, for instance to {name}_prog",
            )
        return section

    def _on_panic(self, fn: ssa.Function, section: sections.Section) -> int:
        given = self._argument(fn.directives, "//bpf:onpanic")
        if given is None:
            return returns.safe_value(section).value
        shown = f"//bpf:onpanic {given[0]}".rstrip()
        try:
            value = int(given[0], 0)
            self._check_fits(fn, value)
        except ValueError:
            raise Refused(
                given[1],
                f"{shown}: an integer of the program's result type is expected",
                "write the value that the kernel gets, such as 0",
            ) from None
        problem = returns.check_return(section, value)
        if problem:
            raise Refused(given[1], f"//bpf:onpanic {given[0]}: {problem}")
        return value

    def _check_fits(self, fn: ssa.Function, value: int) -> None:
        t = self.types.under(fn.type)
        assert isinstance(t, ssa.Signature)
        bits = 64 if self.types.size(t.results[0]) == 8 else 32
        if not -(1 << bits - 1) <= value < 1 << bits:
            raise ValueError

    def _argument(self, directives: Sequence[ssa.Directive], word: str) -> tuple[str, ssa.Pos] | None:
        for d in directives:
            first, _, rest = d.text.partition(" ")
            if first == word:
                return rest.strip(), d.pos
        return None

    def _license(self) -> str:
        given = self._argument([d for d, _ in self._directives()], "//bpf:license")
        if given is None:
            return DEFAULT_LICENSE
        text = given[0].strip('"')
        if not text or not text.isascii() or not text.isprintable():
            self.report(given[1], "//bpf:license names no licence", "such as //bpf:license GPL")
            return DEFAULT_LICENSE
        return text

    def _check_counters(self, program: Program) -> None:
        """The variables that the compiler adds cannot be the source's, too."""
        is_typed = typed.is_used(self.doc)
        for variable in self.doc.globals:
            name = qualified(variable)
            panics = name == "ebpf_panics" and (is_typed or program.counts_lines)
            if panics or (is_typed and name.startswith("ebpf_lost_")):
                what = "panics" if panics else "lost events"
                hint = "rename it"
                self.report(variable.pos, f"the compiler counts {what} in a variable {name} of its own", hint)

    def _counts_lines(self) -> bool:
        given = self._argument([d for d, _ in self._directives()], "//bpf:panics")
        if given is None:
            return False
        if given[0] != "lines":
            shown = f"//bpf:panics {given[0]}".rstrip()
            self.report(given[1], f"{shown}: what to count is missing", "write //bpf:panics lines")
        return True


def _says(fn: ssa.Function, word: str) -> bool:
    return any(d.text.split(None, 1)[0] == word for d in fn.directives)


# --- maps


def extern_name(directives: Sequence[ssa.Directive]) -> str | None:
    """The name behind ``//go:extern``, empty where there is none behind it."""
    for d in directives:
        word, _, rest = d.text.partition(" ")
        if word == "//go:extern":
            return rest.strip()
    return None


def find_helper(fn: ssa.Function, pos: ssa.Pos) -> helpers.Helper:
    """The helper that a function without a body stands for; ``Refused`` where there is none."""
    named = extern_name(fn.directives)
    if typed.builtin(fn):
        raise Refused(pos, f"{fn.name} is made by the compiler and cannot be used as a helper")
    if fn.name.startswith("bpfKfunc"):
        raise Refused(
            pos,
            f"kernel function {named or fn.name}: kfuncs are not supported yet",
            "use a helper where there is one",
        )
    found = helpers.helper(named) if named else None
    found = found or helpers.by_go_name(fn.name)
    if found is not None:
        return found
    if not named:
        raise Refused(
            fn.pos,
            f"function {fn.name} has no body",
            "declare a helper with //go:extern bpf_NAME above it, or write the body",
        )
    near = helpers.nearest(named)
    raise Refused(
        fn.pos,
        f"the kernel has no helper {named}",
        f"did you mean {near}?" if near else "docs/helpers.md lists those that there are",
    )
