"""Calls: Go functions, the kernel's helpers, built-in functions; returns and panics."""

from __future__ import annotations

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel.helpers import Helper
from tinybpf.compiler.lower import abi, append, builtins, core, interfaces, panics, slices, strings, unsafe  # noqa: F401
from tinybpf.compiler.lower.builder import (
    Address,
    Builder,
    Memory,
    Operand,
    PointerInt,
    SliceValue,
    TupleValue,
    plus,
)
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.refuse import BUILTINS, FUNCTION_VALUE, INTERFACE, Poisoned, Refused
from tinybpf.compiler.lower.values import is_literal


@lowers(ssa.Call)
def call(f: FunctionLowering, instr: ssa.Call) -> Operand | None:
    if instr.method:
        raise Refused(instr.pos, f"call of interface method {instr.method}: {INTERFACE}")
    target = f.fn.values[instr.fn] if instr.fn < len(f.fn.values) else None
    if isinstance(target, ssa.Builtin):
        return _builtin(f, instr, target.name)
    if not isinstance(target, ssa.FuncRef):
        f.operand(instr.fn)  # says no by itself where it comes from something refused
        raise Refused(instr.pos, FUNCTION_VALUE)
    if f.m.doc.functions[target.index].blocks:
        return _go_call(f, instr, target.index)
    made = typed.builtin(f.m.doc.functions[target.index])
    if made is not None:
        return builtins.call(f, instr, made)
    return _helper_call(f, instr, target.index)


# --- Go functions


def _go_call(f: FunctionLowering, instr: ssa.Call, callee: int) -> Operand | None:
    results = f.m.signature(callee).results
    returned = _called(f, instr, callee)
    pointer = len(results) == 1 and f.types.is_pointer(results[0]) and isinstance(returned, str)
    f.held.after_go_call(instr, callee, returned if pointer and isinstance(returned, str) else None)
    return returned


def _called(f: FunctionLowering, instr: ssa.Call, callee: int) -> Operand | None:
    signature, convention = f.m.signature(callee), f.m.convention(callee)
    args = []
    results = ""
    if convention.pointer:
        results = f.b.slot(f"[{max(8, convention.size)} x i8]", 8)
        args.append(("ptr", results))
    for number, t in zip(instr.args, signature.params, strict=True):
        args.append((abi.slot_type(f.types, t), _outgoing(f, number, t)))
    f.held.before_go_call(callee)
    text = f"call {convention.ir} @{f.m.function_symbol(callee)}({arguments(f.b, args)})"
    if convention.kind == "void":
        f.b.emit(text)
    else:
        returned = f.b.value(text)
    if convention.kind == "packed":
        f.panicked_if(f.b.value(f"icmp ugt i64 {returned}, {abi.PANICKED - 1}"), callee, returned)
        return _narrow(f, returned, signature.results[0])
    if convention.kind == "status":
        f.panicked_if(f.b.value(f"icmp ne i64 {returned}, 0"), callee, returned)
    if convention.kind == "value":
        return returned if convention.ir == "i32" else _narrow(f, returned, signature.results[0])
    return _from_memory(f, convention, signature.results, results, instr.id)


def _outgoing(f: FunctionLowering, number: int, t: int) -> str:
    operand = f.operand(number)
    if isinstance(operand, SliceValue):
        slot = f.b.slot(f"[{abi.PASSED_WIDE} x i8]", 8)
        f.store_parts(operand, slot)
        return slot
    if isinstance(operand, Memory) or f.types.is_pointer(t):
        return f.materialise(operand)
    return f.widen(f.materialise(operand), t)


def arguments(b: Builder, args: list[tuple[str, str]]) -> str:
    """The argument list; what does not fit the registers goes through memory."""
    if len(args) > abi.REGISTERS:
        rest = args[abi.REGISTERS - 1 :]
        slot = b.slot(f"[{len(rest)} x i64]", 8)
        for n, (ir, value) in enumerate(rest):
            b.emit(f"store {ir} {value}, ptr {plus(b, slot, n * 8)}, align 8")
        args = [*args[: abi.REGISTERS - 1], ("ptr", slot)]
    return ", ".join(f"{ir} {value}" for ir, value in args)


def _narrow(f: FunctionLowering, value: str, t: int) -> str:
    ir = f.types.ir(t)
    return value if ir in ("i64", "ptr") else f.b.value(f"trunc i64 {value} to {ir}")


def _from_memory(
    f: FunctionLowering, convention: abi.Returns, results: tuple[int, ...], slot: str, number: int
) -> Operand | None:
    """The results at ``slot``; together they are value ``number``."""
    parts: list[Operand] = []
    for offset, t in zip(convention.offsets, results, strict=True):
        ptr = plus(f.b, slot, offset)
        if f.types.is_aggregate(t):
            parts.append(Memory(ptr))
        else:
            parts.append(f.arrived(ptr, t, number) if f.types.is_wide(t) else f.load_value(t, ptr, -1))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else TupleValue(tuple(parts))


@lowers(ssa.Extract)
def extract(f: FunctionLowering, instr: ssa.Extract) -> Operand:
    return f.tuple(instr.tuple).parts[instr.index]


@lowers(ssa.Return)
def return_(f: FunctionLowering, instr: ssa.Return) -> None:
    f.add_return([_settled(f, x) for x in instr.results])


def _settled(f: FunctionLowering, number: int) -> Operand:
    """The operand as instructions can be made of it now: returns are written later."""
    operand = f.operand(number)
    if isinstance(operand, (Memory, SliceValue, TupleValue)):
        return operand
    return f.materialise(operand)


@lowers(ssa.Panic)
def panic(f: FunctionLowering, instr: ssa.Panic) -> None:
    f.panic(panics.message(f.fn, instr, f.uses.made_by.get(instr.x)))


@lowers(ssa.MakeInterface)
def make_interface(f: FunctionLowering, instr: ssa.MakeInterface) -> Operand | None:
    """The argument of ``panic`` is an interface that nothing looks at; a context is the pointer in it."""
    if f.types.is_pointer(instr.type):
        return _pointer_in(f, instr)
    users = [f.fn.blocks[b].instrs[i] for b, i in f.uses.of(instr.id)]
    if not all(isinstance(user, ssa.Panic) for user in users):
        raise Refused(instr.pos, INTERFACE)
    return None


def _pointer_in(f: FunctionLowering, instr: ssa.MakeInterface) -> Operand:
    given = f.type_of(instr.x)
    if not f.types.is_pointer(given):
        raise Refused(
            instr.pos,
            f"{f.types.string(given)} is no pointer: {f.types.string(instr.type)} holds the address that the "
            "kernel knows",
            "pass the program's context, or the address of a map",
        )
    return f.operand(instr.x)


@lowers(ssa.ChangeInterface)
def change_interface(f: FunctionLowering, instr: ssa.ChangeInterface) -> Operand:
    if not (f.types.is_pointer(instr.type) and f.types.is_pointer(f.type_of(instr.x))):
        f.check_operands(instr)
        raise Refused(instr.pos, INTERFACE)
    return f.operand(instr.x)


@lowers(ssa.MakeClosure)
def make_closure(f: FunctionLowering, instr: ssa.MakeClosure) -> None:
    """Of a literal that a helper calls back; it is not a value. Others are written out before."""


# --- helpers


def _helper_call(f: FunctionLowering, instr: ssa.Call, index: int) -> Operand | None:
    helper = f.m.helper(index, instr.pos)
    signature = f.m.signature(index)
    struct = core.copied_struct(f, helper.name, instr)
    if struct is not None:
        return _helper_result(
            f, helper.name, core.copy_struct(f, struct, helper.number, instr), signature.results
        )
    if len(instr.args) > abi.REGISTERS:
        raise Refused(
            instr.pos, f"{helper.name} is called with {len(instr.args)} arguments; helpers take at most 5"
        )
    _check_maps(f, helper, instr)
    args = [_helper_argument(f, helper.name, x, t) for x, t in zip(instr.args, signature.params, strict=True)]
    pointer = len(signature.results) == 1 and f.types.is_pointer(signature.results[0])
    f.held.before_helper(helper.name, instr)
    effects = _effects(f, helper, args)
    target = f"{'ptr' if pointer else 'i64'} inttoptr (i64 {helper.number} to ptr)"
    returned = f.b.value(f"call {target}({', '.join(args)}){effects}")
    f.held.after_helper(helper.name, instr, returned)
    return _helper_result(f, helper.name, returned, signature.results)


def _effects(f: FunctionLowering, helper: Helper, args: list[str]) -> str:
    """What LLVM may know of a call's effects on the program's memory, so that it does not store in vain."""
    if all(a.kind == "scalar" for a in helper.args):
        return " memory(inaccessiblemem: readwrite) willreturn"
    if helper.name == "bpf_get_current_comm":
        # Linux 6.1 leaves what stands behind the name as it was: the buffer is not written whole.
        args[0] = args[0].replace("ptr ", "ptr captures(none) writeonly ", 1)
        return " memory(argmem: write, inaccessiblemem: readwrite) willreturn"
    return ""


def _check_maps(f: FunctionLowering, helper: Helper, instr: ssa.Call) -> None:
    """Where a map is wanted, the address of one is given: the verifier would only say ``map_ptr``."""
    for n, (arg, x) in enumerate(zip(helper.args, instr.args, strict=False), 1):
        places = f.places(x)
        wrong = any(p.kind in ("local", "global", "context", "nil") for p in places)
        if arg.kind == "map" and wrong and not f.m.is_map_global(places):
            raise Refused(
                instr.pos,
                f"argument {n} of {helper.name} must be a map",
                "pass unsafe.Pointer(&m), m being a package variable of a bpfMapDef type",
            )


def _helper_argument(f: FunctionLowering, helper: str, number: int, t: int) -> str:
    problem = f.types.problem(t)
    if problem is None and (f.types.is_aggregate(t) or f.types.is_wide(t)):
        what = "array" if f.types.is_wide(t) else "variable"
        raise Refused(
            f.pos,
            f"helper {helper} takes integers and pointers, not {f.types.string(t)}",
            f"declare the parameter as unsafe.Pointer, and pass the {what}'s address: unsafe.Pointer(&x)",
        )
    if problem:
        raise Refused(f.pos, f"helper {helper}: {problem}")
    operand = f.operand(number)
    if isinstance(operand, PointerInt):
        at = operand.offset
        return f"ptr {plus(f.b, operand.ptr, int(at) if is_literal(at) else at)}"
    value = f.materialise(operand)
    return f"ptr {value}" if f.types.is_pointer(t) else f"i64 {f.widen(value, t)}"


def _helper_result(
    f: FunctionLowering, helper: str, returned: str, results: tuple[int, ...]
) -> Operand | None:
    if not results:
        return None
    t = results[0]
    if len(results) > 1 or f.types.problem(t) or f.types.is_aggregate(t) or f.types.is_wide(t):
        given = f.types.string(t) if len(results) == 1 else f"{len(results)} results"
        raise Refused(
            f.pos,
            f"helper {helper} returns one integer or pointer, not {given}",
            "declare it with one result, such as int64",
        )
    if f.types.is_bool(t):
        return f.b.value(f"icmp ne i64 {returned}, 0")
    return _narrow(f, returned, t)


# --- built-in functions


def _builtin(f: FunctionLowering, instr: ssa.Call, name: str) -> Operand | None:
    f.check_operands(instr)
    if name in ("len", "cap"):
        return _length(f, instr, name)
    if name == "copy":
        return _copy(f, instr)
    if name == "clear" and f.types.is_slice(f.type_of(instr.args[0])):
        slices.clear_elements(f, f.slice(instr.args[0]), f.types.elem(f.type_of(instr.args[0])))
        return None
    if name in ("min", "max"):
        return _extreme(f, instr, name)
    if name in ("Add", "unsafe.Add"):
        return _add(f, instr)
    if name in ("SliceData", "StringData") and f.types.is_wide(f.type_of(instr.args[0])):
        return slices.data(f, instr.args[0])
    if name in ("Slice", "String") and f.types.is_wide(instr.type):
        return unsafe.from_address(f, instr, name)
    if name == "append":
        return append.append(f, instr)
    if name == "ssa:wrapnilchk":
        f.address(instr.args[0])
        return f.operand(instr.args[0])
    if name == "ssa:deferstack":
        raise Poisoned  # of a function with defer statements, which are refused where they stand
    if name in BUILTINS:
        raise Refused(instr.pos, *BUILTINS[name])
    for t in (instr.type, *(f.type_of(x) for x in instr.args)):
        problem = f.types.problem(t)
        if problem:
            raise Refused(instr.pos, problem)
    raise Refused(instr.pos, f"built-in function {name} is not supported")


def _add(f: FunctionLowering, instr: ssa.Call) -> Operand:
    """``unsafe.Add``."""
    base, offset = f.operand(instr.args[0]), f.index64(instr.args[1])
    if is_literal(offset):
        known = base if isinstance(base, Address) else Address(f.materialise(base), 0)
        return Address(known.base, known.offset + int(offset))
    core.check_moved(f, instr.args[0])
    return f.b.value(f"getelementptr i8, ptr {f.materialise(base)}, i64 {f.opaque(offset)}")


def _length(f: FunctionLowering, instr: ssa.Call, name: str) -> str:
    t = f.type_of(instr.args[0])
    if not f.types.is_wide(t):
        raise Refused(instr.pos, f.types.problem(t) or f"{name} of {f.types.string(t)} is not supported")
    s = f.slice(instr.args[0])
    if name == "len":
        return s.len
    return f.b.value(f"sub i64 {s.end}, {s.off}")


def _copy(f: FunctionLowering, instr: ssa.Call) -> str:
    for x in instr.args:
        t = f.type_of(x)
        if not f.types.is_wide(t):
            raise Refused(instr.pos, f.types.problem(t) or f"copy of {f.types.string(t)} is not supported")
    target, source = f.slice(instr.args[0]), f.slice(instr.args[1])
    # Where an array pointer was made of a slice, one array has several bases.
    one_base = not (f.m.has_array_pointers and f.places(instr.args[0]) & f.places(instr.args[1]))
    return slices.copy_elements(
        f, target, source, f.types.size(f.types.elem(f.type_of(instr.args[0]))), one_base
    )


def _extreme(f: FunctionLowering, instr: ssa.Call, name: str) -> Operand:
    t = instr.type
    if f.types.is_string(t):
        return strings.extreme(f, name, instr.args)
    if not f.types.is_int(t):
        raise Refused(instr.pos, f.types.problem(t) or f"{name} of {f.types.string(t)} is not supported")
    order = f"{'s' if f.types.is_signed(t) else 'u'}{'lt' if name == 'min' else 'gt'}"
    ir = f.types.ir(t)
    best = f.scalar(instr.args[0])
    for x in instr.args[1:]:
        other = f.scalar(x)
        best = f.b.value(
            f"select i1 {f.b.value(f'icmp {order} {ir} {other}, {best}')}, {ir} {other}, {ir} {best}"
        )
    return best
