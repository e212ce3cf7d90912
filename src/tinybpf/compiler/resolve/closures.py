"""Function values: a small number where nothing is captured, else the address of number and captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.callbacks import calls_back
from tinybpf.compiler.resolve import ops
from tinybpf.compiler.resolve.analysis import Clone, Fun
from tinybpf.compiler.resolve.ops import CALLBACK, CAPTURES, FuncId

if TYPE_CHECKING:
    from tinybpf.compiler.resolve.body import Body
    from tinybpf.compiler.resolve.rewrite import Rewriter
    from tinybpf.compiler.resolve.writer import Writer


def make(body: Body, instr: ssa.MakeClosure) -> None:
    target = body.fn.values[instr.fn]
    assert isinstance(target, ssa.FuncRef)
    if _only_called_back(body, instr) and all(_is_address(body, x) for x in instr.bindings):
        return  # made by the call that it is for
    w, fun = body.w, Fun(target.index, body.clone.number, instr.id)
    if not instr.bindings:
        number = body.r.fun_id(Fun(target.index))
        body.define(instr.id, w.leaf(FuncId(instr.type, number)))  # type: ignore[arg-type]
        return
    struct = body.kinds.closure(captured(body.r, fun))
    made = w.variable(struct, CAPTURES)
    w.store(w.field_address(struct, made, 0), w.word(body.r.fun_id(fun)))
    for n, x in enumerate(instr.bindings, 1):
        w.store(w.field_address(struct, made, n), body.number(x))
    body.define(instr.id, w.as_type(made, instr.type))


def _only_called_back(body: Body, instr: ssa.MakeClosure) -> bool:
    users = [body.fn.blocks[b].instrs[i] for b, i in body.clone.uses.of(instr.id)]
    return all(isinstance(u, ssa.Call) and calls_back(body.r.doc, body.fn, u) for u in users)


def _is_address(body: Body, x: int) -> bool:
    return isinstance(body.kinds.under(body.type_of(x)), ssa.Pointer)


def captured(r: Rewriter, fun: Fun) -> tuple[int, ...]:
    """The types of what a function value captures."""
    fn = r.doc.functions[fun.fn]
    return tuple(v.type for v in fn.values[fn.params : fn.params + fn.captures])


def opened(r: Rewriter, w: Writer, fun: Fun, value: int, unsure: bool) -> tuple[int, int]:
    """The struct of number and captures, and its address.

    ``unsure``: where it was not looked at yet the value may be a number or nil.
    """
    struct = r.kinds.closure(captured(r, fun))
    address = w.made(ops.Captured if unsure else ssa.ChangeType, r.kinds.pointer(struct), value)
    return struct, address


def bindings(r: Rewriter, w: Writer, fun: Fun, value: int, unsure: bool) -> list[int]:
    """What the function value captures, read from it."""
    types = captured(r, fun) if fun.clone >= 0 else ()
    if not types:
        return []
    struct, made = opened(r, w, fun, value, unsure)
    return [w.load(w.field_address(struct, made, n), t) for n, t in enumerate(types, 1)]


def callback(body: Body, instr: ssa.Call) -> int:
    """What a helper is to call back, in the form that lowering knows: a function, or a literal."""
    number = instr.args[-1]
    targets = body.r.targets(body, instr)
    made = body.clone.uses.made_by.get(number)
    if len(targets) == 1 and instr.id not in body.clone.nil_calls:
        (fun, target), *_ = targets
        literal = isinstance(made, ssa.MakeClosure) and _only_called_back(body, made)
        if literal and isinstance(made, ssa.MakeClosure) and all(_is_address(body, x) for x in made.bindings):
            return _literal(body, instr, target, [body.number(x) for x in made.bindings])
        if all(isinstance(body.kinds.under(t), ssa.Pointer) for t in captured(body.r, fun)):
            return _literal(body, instr, target, bindings(body.r, body.w, fun, body.number(number), False))
    t = body.type_of(number)
    variable = body.w.variable(t, CALLBACK)
    body.w.store(variable, body.number(number))
    wrapper = body.r.callback_wrapper(instr, t, targets, instr.id in body.clone.nil_calls)
    ref = body.w.leaf(ssa.FuncRef(body.r.functions[wrapper].type, wrapper))
    return body.w.made(ssa.MakeClosure, t, ref, [variable])


def _literal(body: Body, instr: ssa.Call, target: Clone, held: list[int]) -> int:
    ref = body.r.reference(body.w, target)
    if not held:
        return ref
    return body.w.made(ssa.MakeClosure, body.type_of(instr.args[-1]), ref, held)
