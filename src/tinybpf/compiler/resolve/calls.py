"""Calls: of a function by its name, of a function value, of an interface's method.

A function value that can be but one function is a call of that one, with what it captures as further
arguments. Where it can be several, a function that the compiler makes, a *dispatcher*, looks which one
it is; LLVM leaves it out where it finds that out by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.callbacks import calls_back
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.resolve import closures, early, interfaces
from tinybpf.compiler.resolve.analysis import Clone, Dyn, Fun
from tinybpf.compiler.resolve.ops import FuncId
from tinybpf.compiler.resolve.words import DYNAMIC_HINT, UNKNOWN_HINT

if TYPE_CHECKING:
    from tinybpf.compiler.resolve.body import Body
    from tinybpf.compiler.resolve.rewrite import Rewriter
    from tinybpf.compiler.resolve.writer import Writer

Targets = list[tuple[Fun, Clone]]


def call(body: Body, instr: ssa.Call) -> None:
    target = body.fn.values[instr.fn] if instr.fn < len(body.fn.values) else None
    if instr.method:
        _invoke(body, instr)
    elif isinstance(target, ssa.Builtin):
        body.keep(instr)
    elif isinstance(target, ssa.FuncRef):
        _named(body, instr, target)
    else:
        _value(body, instr)


def _named(body: Body, instr: ssa.Call, target: ssa.FuncRef) -> None:
    function = body.r.doc.functions[target.index]
    if calls_back(body.r.doc, body.fn, instr):
        back = closures.callback(body, instr)
        args = [*(body.number(x) for x in instr.args[:-1]), back]
        ref = body.w.leaf(target)
        body.define(instr.id, body.w.made(ssa.Call, instr.type, ref, args))
    elif not function.blocks:
        _check_given(body, instr, function)
        args = [body.number(x) for x in instr.args]
        body.define(instr.id, body.w.made(ssa.Call, instr.type, body.w.leaf(target), args))
    else:
        clone = body.clone.targets[instr.id][Fun(target.index)]
        _direct(body, instr, clone, [body.number(x) for x in instr.args])


def _check_given(body: Body, instr: ssa.Call, function: ssa.Function) -> None:
    """The kernel cannot call what it is given by a helper, nor tell an interface's type."""
    if typed.builtin(function) is not None:
        return
    for x in instr.args:
        t = body.type_of(x)
        if body.kinds.leaves(t):
            raise Refused(
                instr.pos,
                f"{function.name} is a helper of the kernel, which takes integers and addresses, and "
                f"is given a value of type {body.kinds.string(t)}",
                "pass a number or an address; what calls back is ebpf.Loop, and ForEach of a hash map",
            )


def _direct(body: Body, instr: ssa.Call, clone: Clone, args: list[int]) -> None:
    results = body.kinds.results(body.r.doc.functions[clone.fn].type)
    if clone in body.r.inlined:
        early.check(body, instr, clone)
        _keep_results(body, instr, body.r.write_inline(body, clone, args))
        return
    ref = body.r.reference(body.w, clone)
    t = results[0] if len(results) == 1 else instr.type
    body.define(instr.id, body.w.made(ssa.Call, t, ref, args))


def _keep_results(body: Body, instr: ssa.Call, results: list[int]) -> None:
    if len(results) == 1:
        body.define(instr.id, results[0])
    else:
        body.tuples[instr.id] = results


# --- function values


def _value(body: Body, instr: ssa.Call) -> None:
    function = body.number(instr.fn)
    targets = body.r.targets(body, instr)
    may_be_nil = instr.id in body.clone.nil_calls
    if not targets and not may_be_nil:
        raise Refused(instr.pos, "which function is called here is not known", UNKNOWN_HINT)
    args = [body.number(x) for x in instr.args]
    if may_be_nil:
        body.w.not_nil(function)
    if not targets:
        _nothing(body, instr)
    elif len(targets) == 1:
        (fun, clone), *_ = targets
        _direct(body, instr, clone, [*args, *closures.bindings(body.r, body.w, fun, function, may_be_nil)])
    elif any(clone in body.r.inlined for _, clone in targets):
        for _, clone in targets:
            early.check(body, instr, clone)
        _keep_results(body, instr, chosen(body, instr, function, targets, args))
    else:
        ref = body.r.dispatcher(body.w, body.type_of(instr.fn), targets, instr.pos, may_be_nil)
        body.define(instr.id, body.w.made(ssa.Call, instr.type, ref, [function, *args]))


def _nothing(body: Body, instr: ssa.Call) -> None:
    """The call of what is nil: it has panicked, and its results are never looked at."""
    results = body.kinds.results(body.type_of(instr.fn)) if not instr.method else _types(body, instr.type)
    _keep_results(body, instr, [body.w.leaf(body.r.zero(t)) for t in results])


def _types(body: Body, t: int) -> list[int]:
    under = body.kinds.under(t)
    return under.types if isinstance(under, ssa.Tuple) else [t]


def chosen(body: Body, instr: ssa.Call, function: int, targets: Targets, args: list[int]) -> list[int]:
    """The calls themselves, one of which is made, where some are written into this function."""
    w, results = body.w, body.kinds.results(body.type_of(instr.fn))
    variables = [w.variable(t, "") for t in results]
    done = w.block("call.done", w.at.handler)
    unsure = instr.id in body.clone.nil_calls or some_capture_nothing(targets)
    for n, (fun, clone) in enumerate(targets):
        if n + 1 < len(targets):
            this, other = w.block("call.this", done.handler), w.block("call.other", done.handler)
            w.branch(is_function(body.r, w, fun, function, unsure), this, other)
            w.at = this
        given = [*args, *closures.bindings(body.r, w, fun, function, unsure)]
        for variable, x in zip(variables, _called(body, clone, given, results), strict=True):
            w.store(variable, x)
        w.jump(done)
        if n + 1 < len(targets):
            w.at = other
    w.at = done
    return [w.load(v, t) for v, t in zip(variables, results, strict=True)]


def _called(body: Body, clone: Clone, args: list[int], results: list[int]) -> list[int]:
    if clone in body.r.inlined:
        return body.r.write_inline(body, clone, args)
    return made_call(body.r, body.w, clone, args, results)


def made_call(r: Rewriter, w: Writer, clone: Clone, args: list[int], results: list[int]) -> list[int]:
    """A call, and its results one by one."""
    made = w.call(r.reference(w, clone), args, results)
    if len(results) == 1:
        return [made]
    return [w.made(ssa.Extract, t, made, n) for n, t in enumerate(results)]


def some_capture_nothing(targets: Targets) -> bool:
    return any(fun.clone < 0 for fun, _ in targets)


def is_function(r: Rewriter, w: Writer, fun: Fun, value: int, unsure: bool) -> int:
    """Whether a function value is this one of several; those without captures are asked for first."""
    number = r.fun_id(fun)
    if fun.clone < 0:
        return w.equal(value, w.leaf(FuncId(w.types[value], number)))  # type: ignore[arg-type]
    struct, made = closures.opened(r, w, fun, value, unsure)
    return w.equal(w.load(w.field_address(struct, made, 0), r.kinds.uint64), w.word(number))


# --- methods of interfaces


def _invoke(body: Body, instr: ssa.Call) -> None:
    types = sorted({thing.type for thing in body.things(instr.fn) if isinstance(thing, Dyn)})
    kinds, targets = body.kinds, body.clone.targets.get(instr.id, {})
    shown = kinds.string(body.type_of(instr.fn))
    if not types and instr.id not in body.clone.nil_calls:
        raise Refused(
            instr.pos, f"call of method {instr.method} of {shown}: its type is not known here", UNKNOWN_HINT
        )
    if len(types) > 1:
        names = ", ".join(kinds.string(t) for t in types[:-1]) + f" or {kinds.string(types[-1])}"
        raise Refused(
            instr.pos,
            f"dynamic dispatch: the {shown} whose method {instr.method} is called may hold {names}",
            DYNAMIC_HINT,
        )
    whole = body.number(instr.fn)
    args = [body.number(x) for x in instr.args]
    if instr.id in body.clone.nil_calls:
        interfaces.require_some(body, whole)
    if not types:
        _nothing(body, instr)
        return
    clone = targets.get(types[0])
    if clone is None:
        raise Refused(
            instr.pos, f"method {instr.method} of {kinds.string(types[0])} is not known here", UNKNOWN_HINT
        )
    receiver = interfaces.unboxed(body, whole, types[0])
    _direct(body, instr, clone, [receiver, *args])
