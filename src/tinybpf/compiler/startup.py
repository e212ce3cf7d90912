"""Initialisers that do more than store constants, and ``func init``: run when compiling.

They are lowered like any other function, compiled for the machine that compiles, and called
there, so that loops, calls, tables and panics mean what they mean in the program. The kernel
never runs them: what they leave in the variables is what the object starts with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import llvm, ssa, typed
from tinybpf.compiler.initial import Evaluator, Image
from tinybpf.compiler.lower import builtins
from tinybpf.compiler.lower.panics import NativeSites
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import instructions
from tinybpf.compiler.mapdefs import is_map
from tinybpf.compiler.packages import is_ours
from tinybpf.compiler.pool import Pool
from tinybpf.compiler.program import Program

if TYPE_CHECKING:
    from tinybpf.compiler.lower.module import Module

Report = Callable[[ssa.Pos, str, "str | None"], None]

LIMIT = 64 << 20
"""Bytes that package variables may take together: each section is one value of a map."""

CONSTANT_HINT = "use constants, or let user space set the variable before it loads the program"


class Initial(msgspec.Struct):
    """The variables' bytes by index; ``refused`` says why there are none."""

    evaluator: Evaluator
    refused: dict[int, Refused] = {}

    def image(self, index: int) -> Image:
        return self.evaluator.image(index)


def evaluate(
    doc: ssa.Document,
    types: Types,
    report: Report,
    timeout: float = llvm.TIMEOUT,
    big_endian: bool = False,
) -> Initial:
    """The initial values of all package variables; ``Refused`` where these are too large.

    The bytes are those of a little-endian machine; with ``big_endian`` that is not what the program sees.
    """
    _check_sizes(doc, types)
    evaluator = Evaluator(doc, types, Pool(doc))
    initial = Initial(evaluator)
    evaluator.run_all()
    for index, pos in evaluator.unknown.items():
        refusal = _refusal(doc, types, index, pos)
        if refusal is not None:
            initial.refused[index] = refusal
    functions = _functions(doc, initial)
    if functions:
        _run(doc, types, report, initial, functions, timeout, big_endian)
    return initial


def initialising(doc: ssa.Document) -> list[int]:
    """The functions that nobody calls: those that give variables their values, and each ``func init``."""
    return [
        i
        for i, fn in enumerate(doc.functions)
        if fn.synthetic == "initialiser" or (fn.name.startswith("init#") and fn.blocks)
    ]


def _check_sizes(doc: ssa.Document, types: Types) -> None:
    total = 0
    for variable in doc.globals:
        size = types.size(variable.type) if types.problem(variable.type) is None else 0
        total += size
        if total > LIMIT:
            message = f"variable {variable.name} takes {size} bytes, which makes {total} for all variables"
            raise Refused(variable.pos, f"{message}; they may take {LIMIT}", "keep large data in a map")


def _refusal(doc: ssa.Document, types: Types, index: int, pos: ssa.Pos) -> Refused | None:
    """Why a variable's initialiser is not even tried."""
    variable = doc.globals[index]
    if is_map(types, variable):
        return Refused(
            pos, f"map {variable.name}: its definition is not constant", "use constants for all fields"
        )
    problem = types.problem(variable.type)
    if problem:
        return Refused(pos, f"variable {variable.name}: {problem}")
    if types.made_of_addresses[variable.type]:
        return Refused(
            pos,
            f"the initial value of {variable.name} holds an address, which is known only in the kernel",
            "assign it in the program, or keep an index instead of a pointer",
        )
    return None


def _functions(doc: ssa.Document, initial: Initial) -> list[int]:
    """The functions to call, in order: initialisers that do more, then each ``func init``.

    Imported packages come before those that import them, as in the document. Where there is any,
    the constant ones run too: what comes later may read what they stored.
    """
    initialisers = [
        i
        for i, fn in enumerate(doc.functions)
        if fn.synthetic == "initialiser" and not any(v in initial.refused for v in fn.initialises)
    ]
    inits = [i for i, fn in enumerate(doc.functions) if fn.name.startswith("init#") and fn.blocks]
    needed = any(v in initial.evaluator.unknown for i in initialisers for v in doc.functions[i].initialises)
    return sorted([*initialisers, *inits]) if needed or inits else []


def _run(
    doc: ssa.Document,
    types: Types,
    report: Report,
    initial: Initial,
    functions: list[int],
    timeout: float,
    big_endian: bool,
) -> None:
    from tinybpf.compiler.lower.module import Module

    failed = False

    def told(pos: ssa.Pos, message: str, hint: str | None) -> None:
        nonlocal failed
        failed = True
        report(pos, message, hint)

    usable = [i for i in functions if _lowerable(doc, types, i)]
    module = Module(doc, types, Program(), told, initial, usable, big_endian)
    module.check()
    bodies = module.bodies()
    variables = _variables(doc, types)
    if failed or _calls_helper(module, report) or _goes_round_types(module, report):
        return
    ir = _text(module, bodies, variables, usable)
    sizes = [(module.global_symbol(v), types.size(doc.globals[v].type)) for v in variables]
    try:
        result = llvm.run(ir, [f"run.{i}" for i in usable], sizes, timeout=timeout)
    except llvm.LlvmFailure as failure:
        late = f"computing it took longer than {timeout:.2g} s: does it end?"
        hint = late if failure.late else f"{failure.reason} while it computed them"
        initial.refused.update(_refusals(doc, types, functions, hint))
        return
    if isinstance(result, tuple):
        place, number = result
        fn = doc.functions[usable[place]]
        names = ", ".join(doc.globals[v].name for v in fn.initialises) or "func init"
        pos, reason = module.sites.place(number) if isinstance(module.sites, NativeSites) else (fn.pos, "")
        where = "" if (pos.file, pos.line) == (fn.pos.file, fn.pos.line) else f" (line {fn.pos.line})"
        report(
            pos if pos.line else fn.pos,
            f"the initialisation of {names}{where} panics: {reason}",
            "it runs when the program is compiled; what depends on the kernel is for the program itself",
        )
        return
    for index, data in zip(variables, result, strict=True):
        if any(any(data[at : at + 8]) for at in types.strings_in(doc.globals[index].type)):
            initial.refused[index] = _holds_bytes(doc, index)
            continue
        initial.image(index).data[:] = data


def _holds_bytes(doc: ssa.Document, index: int) -> Refused:
    variable = doc.globals[index]
    return Refused(
        variable.pos,
        f"the initial value of {variable.name} is a string made of bytes, which has an address",
        "use string constants, or keep the bytes in an array",
    )


def _lowerable(doc: ssa.Document, types: Types, function: int) -> bool:
    """Maps are definitions; variables that have no form in the kernel count only where they are used."""
    variables = [doc.globals[v] for v in doc.functions[function].initialises]
    return not any(is_map(types, v) or types.problem(v.type) for v in variables)


def _refusals(doc: ssa.Document, types: Types, functions: list[int], hint: str) -> dict[int, Refused]:
    found = {}
    for i in functions:
        for v in (v for v in doc.functions[i].initialises if not is_map(types, doc.globals[v])):
            message = (
                f"the initial value of {doc.globals[v].name} cannot be computed when the program is compiled"
            )
            found[v] = Refused(doc.functions[i].pos, message, hint)
    return found


def _calls_helper(module: Module, report: Report) -> bool:
    """Report calls of helpers; what a function of our packages calls, where that function is called."""
    found = False
    through: set[int] = set()
    for f in module.order:  # callees first
        for call, callee in module.callees(f):
            fn = module.doc.functions[callee]
            if callee not in through and (fn.blocks or builtins.computes(typed.builtin(fn))):
                continue
            if module.is_ours(f):
                through.add(f)
                continue
            name = f"ebpf.{fn.name}" if module.is_ours(callee) else fn.name
            where = _initialised(module, f)
            message = f"{name} is called to initialise {where}: helpers run in the kernel only"
            report(call.pos, message, CONSTANT_HINT)
            found = True
    return found


def _initialised(module: Module, function: int) -> str:
    """What an initialiser is for, by name; functions that it calls are for a variable."""
    names = [module.doc.globals[v].name for v in module.doc.functions[function].initialises]
    return f"variable {', '.join(names)}" if names else "a variable"


def _goes_round_types(module: Module, report: Report) -> bool:
    """The code runs in a process of the one who compiles: no source may reach beyond its own variables."""
    found = False
    for f in module.order:
        if is_ours(module.doc.functions[f].path):
            continue  # no source of the one who compiles
        uses = module.points.uses[f]
        for instr in instructions(module.doc.functions[f]):
            unsafe = isinstance(instr, ssa.Convert) and any(
                module.types.is_unsafe_pointer(t) for t in (instr.type, uses.type_of[instr.x])
            )
            if unsafe or (isinstance(instr, ssa.Call) and _adds_to_pointer(module.doc.functions[f], instr)):
                message = "unsafe.Pointer in code that initialises variables, which runs when compiling"
                report(instr.pos, message, CONSTANT_HINT)
                found = True
    return found


def _adds_to_pointer(fn: ssa.Function, call: ssa.Call) -> bool:
    target = fn.values[call.fn] if call.fn < len(fn.values) else None
    return isinstance(target, ssa.Builtin) and target.name not in _PLAIN_BUILTINS


_PLAIN_BUILTINS = ("append", "cap", "clear", "copy", "len", "max", "min", "ssa:wrapnilchk")


def _variables(doc: ssa.Document, types: Types) -> list[int]:
    return [
        i
        for i, g in enumerate(doc.globals)
        if g.name != "_" and types.problem(g.type) is None and types.size(g.type) and not is_map(types, g)
    ]


def _text(module: Module, bodies: list[str], variables: list[int], functions: list[int]) -> str:
    """The module for this machine; ``run.N`` calls function N and returns 0, or where it panicked."""
    from tinybpf.compiler.lower.assembly import DECLARATIONS

    lines = [DECLARATIONS]
    for v in variables:
        g = module.doc.globals[v]
        lines.append(
            f"@{module.global_symbol(v)} = global [{module.types.size(g.type)} x i8] zeroinitializer, align 8"
        )
    for i in functions:
        symbol, kind = module.function_symbol(i), module.convention(i).kind
        call = (
            f"  call void @{symbol}()\n  ret i64 0"
            if kind == "void"
            else f"  %s = call i64 @{symbol}()\n  %bad = icmp ne i64 %s, 0\n"
            f"  %site = load i64, ptr @{NativeSites.SYMBOL}\n"
            "  %r = select i1 %bad, i64 %site, i64 0\n  ret i64 %r"
        )
        lines.append(f"define i64 @run.{i}() {{\n{call}\n}}")
    sites = module.sites.lines() if module.sites is not None else []
    return "\n".join([*lines, *sites, *module.shared_lines(), *bodies, module.debug.text(), ""])
