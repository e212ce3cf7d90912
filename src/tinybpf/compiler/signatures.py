"""What a program may declare: its context, or the arguments of what it watches.

One pointer is the context. Anything else is arguments: of numbers and addresses, in the order in
which the kernel's function has them, after the context where the program wants that, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel import arguments
from tinybpf.compiler.kernel.sections import Section
from tinybpf.compiler.lower.abi import Arguments
from tinybpf.compiler.lower.names import legal
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import Types

NOTE = "argument:"
"""Begins the notes on a program in BTF that tell loaders of its parameters: ``argument:fd:32``, with the
name, and the size in bits or ``address``; ``context`` in place of these is no argument."""

_CONTEXT_NAMES = ("ctx", "context")
_REGISTERS = ("registers", "result", "syscall")


def check(
    doc: ssa.Document, types: Types, fn: ssa.Function, section: Section, machine: str
) -> Arguments | None:
    """Where the program's parameters are, None where there is but its context; ``Refused`` where its
    signature is not one for the section."""
    return _Check(doc, types, fn, section, machine).run()


def any_arguments(types: Types, fn: ssa.Function) -> Arguments | None:
    """Some place for parameters of a function that was refused, so that its body can be looked at."""
    t = types.under(fn.type)
    assert isinstance(t, ssa.Signature)
    if not _returns_number(types, t) or any(types.is_wide(p) or types.is_aggregate(p) for p in t.params):
        return None
    return Arguments((None, *(8 * n for n in range(len(t.params) - 1))))


def _returns_number(types: Types, t: ssa.Signature) -> bool:
    return len(t.results) == 1 and (types.is_int(t.results[0]) or types.is_bool(t.results[0]))


class _Check:
    """One program's signature against its section."""

    def __init__(
        self, doc: ssa.Document, types: Types, fn: ssa.Function, section: Section, machine: str
    ) -> None:
        self.types = types
        self.fn = fn
        self.section = section
        self.machine = machine
        self.typed = typed.is_used(doc)
        self.convention = arguments.convention(section)
        t = types.under(fn.type)
        assert isinstance(t, ssa.Signature)
        self.signature = t
        self.params = [p for p in fn.values[: fn.params] if isinstance(p, ssa.Param)]

    def run(self) -> Arguments | None:
        found = None if self._is_context_alone() else self._arguments()
        if not _returns_number(self.types, self.signature):
            message = (
                f"program {self.fn.name} must return one integer: the kernel takes one from programs of "
            )
            right = self._with_result() if found else self._right()
            raise Refused(self.fn.pos, f"{message}section {self.section.name}", f"write {right}")
        if found is None and self.params:
            self._check_context(self._pointee(self.params[0]))
        return found

    def _refused(self, message: str, pos: ssa.Pos | None = None) -> Refused:
        return Refused(pos or self.fn.pos, message, f"write {self._right()}")

    # --- the context

    def _is_context_alone(self) -> bool:
        if not self.params:
            return True
        if len(self.params) > 1 or not self.types.is_pointer(self.params[0].type):
            return False
        return self.convention is None or not self._leads_to_kernel(self.params[0], self._keeps_registers())

    def _check_context(self, name: str) -> None:
        if typed.is_context(name) and name != typed.context_of(self.section)[0]:
            raise self._refused(
                f"program {self.fn.name} takes *ebpf.{name}, which is not the context of section "
                f"{self.section.name}"
            )

    def _pointee(self, param: ssa.Param) -> str:
        """The name of the package's type that a parameter points to, or nothing."""
        given = self.types[param.type]
        return typed.named(self.types.table, given.elem) if isinstance(given, ssa.Pointer) else ""

    def _is_context(self, param: ssa.Param) -> bool:
        """Whether the first of several parameters is the context."""
        if typed.named(self.types.table, param.type) == typed.CONTEXT:
            return True
        name = self._pointee(param)
        if self._keeps_registers() and name == "PtRegs":
            return True
        return name != "" and name == typed.context_of(self.section)[0]

    # --- arguments

    def _arguments(self) -> Arguments:
        if self.convention is None:
            shown = self.signature.string.removeprefix("func")
            raise self._refused(
                f"program {self.fn.name} takes {shown}; the kernel passes one pointer, the context"
            )
        if self.convention.kind == "registers" and "+" in self.section.target:
            raise Refused(
                self.fn.pos,
                f"program {self.fn.name} takes arguments, which are there only where a function begins, and "
                f"section {self.section.name} is inside of one",
                "take the context, which leads to the registers",
            )
        first = 1 if self._is_context(self.params[0]) else 0
        given = self.params[first:]
        offsets, through = self._offsets(len(given))
        for param in given:
            self._check_param(param)
        if len(self.params) > 1 and not first:
            self._check_first(self.params[0])
        notes = [NOTE + "context"] * first + [self._note(param) for param in given]
        return Arguments((*[None] * first, *offsets), through, tuple(notes))

    def _offsets(self, count: int) -> tuple[Sequence[int], int | None]:
        """The places of so many arguments, and where the address is that they are counted from."""
        assert self.convention is not None
        kind, most = self.convention.kind, self.convention.most
        if kind == "words":
            self._check_count(count, most)
            return [arguments.WORD * n for n in range(count)], None
        machine = arguments.machine(self.machine)
        if machine is None:
            raise Refused(
                self.fn.pos,
                f"program {self.fn.name} takes arguments, which are in registers in section "
                f"{self.section.name}; those of {self.machine} are not known",
                f"known are {' and '.join(arguments.MACHINES)}; or take the context, which leads to them",
            )
        if kind == "result":
            self._check_count(count, 1)
            return [machine.result], None
        places = machine.syscall if kind == "syscall" else machine.arguments
        self._check_count(count, len(places))
        return places[:count], machine.arguments[0] if kind == "syscall" else None

    def _check_count(self, count: int, most: int | None) -> None:
        if most is None or count <= most:
            return
        kind = arguments.kind_of(self.section)
        assert self.convention is not None
        if self.convention.kind == "result":
            why = "one: the result; the arguments are gone when the function returns"
        elif self.convention.kind == "registers":
            why = f"the first {most}, which are in registers of {self.machine}"
        else:
            why = f"at most {most}"
        raise self._refused(f"program {self.fn.name} takes {count} arguments; section {kind} has {why}")

    def _check_first(self, param: ssa.Param) -> None:
        """Nobody should take an argument for the context."""
        if param.name in _CONTEXT_NAMES and self.types.is_unsafe_pointer(param.type):
            hint = "leave it out, or give it the name that the function's first argument has"
            if self.typed:
                hint = f"write {param.name} ebpf.Context for the context"
            raise Refused(
                param.pos,
                f"parameter {param.name} would be the first argument, not the context: with other parameters "
                "behind it, an unsafe.Pointer is an argument",
                hint,
            )

    def _check_param(self, param: ssa.Param) -> None:
        t, shown = param.type, self.types.string(param.type)
        if self.types.is_int(t) or self.types.is_bool(t) or self.types.is_unsafe_pointer(t):
            if typed.named(self.types.table, t) != typed.CONTEXT:
                return
            raise self._refused(f"parameter {param.name}: the context comes first", param.pos)
        if not isinstance(self.types.under(t), ssa.Pointer):
            raise Refused(
                param.pos,
                f"parameter {param.name} of type {shown}: an argument is a number or an address",
                f"declare it as {self._address()}, and copy what is there with {self._reader()}",
            )
        if not arguments.knows_types(self.section):
            raise Refused(
                param.pos,
                f"parameter {param.name} of type {shown}: in section {self.section.name} the verifier does "
                "not know what an argument leads to, and lets no program follow it",
                f"declare it as {self._address()}, and copy what is there with {self._reader()}",
            )
        if not self._leads_to_kernel(param):
            mark = (
                'mark the struct with _ ebpf.KernelStruct `bpf:"NAME"`'
                if self.typed
                else "name the struct bpfCore…"
            )
            raise Refused(
                param.pos,
                f"parameter {param.name} of type {shown}: what it leads to has the kernel's layout, not Go's",
                f"{mark}, or declare it as {self._address()}, and copy what is there with {self._reader()}",
            )

    def _keeps_registers(self) -> bool:
        """Whether the context is the registers."""
        return self.convention is not None and self.convention.kind in _REGISTERS

    def _leads_to_kernel(self, param: ssa.Param, but_registers: bool = False) -> bool:
        """Whether it is a pointer to a type that stands for one of the kernel's."""
        from tinybpf.compiler.lower import core

        given = self.types.under(param.type)
        if not isinstance(given, ssa.Pointer):
            return False
        target = self.types[given.elem]
        if isinstance(target, ssa.Named) and core.is_kernel_struct(self.types, given.elem):
            return not (but_registers and core.kernel_name(self.types.table, target) == "pt_regs")
        opaque = typed.is_opaque(self.types.table, given.elem)
        return opaque and not (but_registers and self._pointee(param) == "PtRegs")

    def _note(self, param: ssa.Param) -> str:
        t = param.type
        if self.types.is_pointer(t) or typed.named(self.types.table, t) == "Address":
            return f"{NOTE}{param.name}:address"
        return f"{NOTE}{param.name}:{self.types.size(t) * 8}"

    # --- what to write instead

    def _address(self) -> str:
        return "ebpf.Address" if self.typed else "unsafe.Pointer"

    def _reader(self) -> str:
        user = arguments.kind_of(self.section) in ("uprobe", "uprobe.multi", "ksyscall")
        if self.typed:
            return "ebpf.ReadUser" if user else "ebpf.ReadKernel"
        return "bpf_probe_read_user" if user else "bpf_probe_read_kernel"

    def _with_result(self) -> str:
        """The signature with a result that the kernel takes."""
        params = ", ".join(f"{p.name or '_'} {self.types.string(p.type)}" for p in self.params)
        result = typed.context_of(self.section)[1] if self.typed else "int32"
        return f"func {legal(self.fn.name)}({params}) {result}"

    def _right(self) -> str:
        """A signature that the section allows."""
        name, address = legal(self.fn.name), self._address()
        context, result = typed.context_of(self.section) if self.typed else (None, "int32")
        if self.convention is not None and self.params and not self._is_context_alone():
            if self.convention.kind == "result":
                return f"func {name}(ret int64) {result}"
            behind = ", …, ret int32" if self.convention.result else ", …"
            return f"func {name}(a {address}, b uint32{behind}) {result}"
        if not self.typed:
            return f"func {name}(ctx unsafe.Pointer) int32"
        return f"func {name}(ctx {f'*ebpf.{context}' if context else 'ebpf.Context'}) {result}"
