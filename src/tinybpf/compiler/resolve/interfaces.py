"""Interfaces: a number for the type, and a word: the value itself where it is one, else its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import INT_BITS
from tinybpf.compiler.resolve import ops
from tinybpf.compiler.resolve.analysis import NIL, Dyn

if TYPE_CHECKING:
    from tinybpf.compiler.resolve.body import Body
    from tinybpf.compiler.resolve.kinds import Kinds

TYPE, DATA = 0, 1
"""The fields of the struct."""


def form(kinds: Kinds, t: int) -> str:
    """How a value is kept: ``address``, ``function``, ``int`` and ``bool`` in the word itself, ``nothing``
    where it has no bytes, ``memory`` by its address."""
    under = kinds.under(t)
    if isinstance(under, ssa.Pointer) or kinds.is_unsafe_pointer(t):
        return "address"
    if isinstance(under, ssa.Signature):
        return "function"
    if isinstance(under, ssa.Basic) and under.string in INT_BITS:
        return "int"
    if isinstance(under, ssa.Basic) and under.string in ("bool", "untyped bool"):
        return "bool"
    return "nothing" if under.size == 0 else "memory"


def make(body: Body, instr: ssa.MakeInterface) -> None:
    users = [body.fn.blocks[b].instrs[i] for b, i in body.clone.uses.of(instr.id)]
    if all(isinstance(user, ssa.Panic) for user in users):
        body.keep(instr)  # nobody looks at it
        return
    w, t = body.w, body.type_of(instr.x)
    x = body.number(instr.x)
    whole = w.variable(instr.type, ops.INTERFACE)
    w.store(_field(body, instr.type, whole, TYPE), w.word(body.r.type_id(t)))
    _put(body, _field(body, instr.type, whole, DATA), x, t)
    body.define(instr.id, w.load(whole, instr.type))


def _field(body: Body, t: int, address: int, field: int) -> int:
    inner = (body.kinds.uint64, body.kinds.address)[field]
    return body.w.made(ssa.FieldAddr, body.kinds.pointer(inner), address, field)


def _put(body: Body, word: int, x: int, t: int) -> None:
    w, kinds, kept = body.w, body.kinds, form(body.kinds, t)
    if kept == "address":
        w.store(word, w.convert(x, kinds.address))
    elif kept == "function":
        w.store(word, w.as_type(x, kinds.address))
    elif kept in ("int", "bool"):
        w.store(w.as_type(word, kinds.pointer(kinds.uint64)), _as_word(body, x, kept))
    elif kept == "memory":
        copy = w.variable(t, ops.BOXED)
        w.store(copy, x)
        w.store(word, w.convert(copy, kinds.address))


def _as_word(body: Body, x: int, kept: str) -> int:
    value = body.w.values[x] if x < len(body.w.values) else None
    if isinstance(value, (ssa.ConstInt, ssa.ConstBool)):
        return body.w.word(int(value.value) & ((1 << 64) - 1))
    return body.w.convert(x if kept == "int" else _bit(body, x), body.kinds.uint64)


def _bit(body: Body, x: int) -> int:
    """A bool as a number, by way of its byte in memory."""
    w, kinds = body.w, body.kinds
    byte = kinds.basic("uint8", 1)
    variable = w.variable(kinds.bool, "")
    w.store(variable, x)
    return w.load(w.as_type(variable, kinds.pointer(byte)), byte)


def _type_word(body: Body, whole: int) -> int:
    return body.w.made(ssa.FieldOp, body.kinds.uint64, whole, TYPE)


def _data_word(body: Body, whole: int) -> int:
    return body.w.made(ssa.FieldOp, body.kinds.address, whole, DATA)


def require_some(body: Body, whole: int) -> None:
    """A panic where an interface is nil."""
    w = body.w
    w.require(w.binop("!=", _type_word(body, whole), w.word(0)))


def unboxed(body: Body, whole: int, t: int, ok: int | None = None) -> int:
    """The value of type ``t`` in an interface; where ``ok`` is given and does not hold, the zero value."""
    w, kinds, kept = body.w, body.kinds, form(body.kinds, t)
    if kept == "nothing":
        return w.leaf(body.r.zero(t))
    data = _data_word(body, whole)
    if kept == "memory":
        address = w.convert(data, kinds.pointer(t))
        return w.load(address, t) if ok is None else w.made(ops.LoadIf, t, address, ok)
    if kept == "address":
        value = w.convert(data, t)
    elif kept == "function":
        value = w.as_type(data, t)
    else:
        number = w.convert(data, kinds.basic("uintptr", 8))
        value = (
            w.convert(number, t)
            if kept == "int"
            else w.binop("!=", number, w.constant(kinds.basic("uintptr", 8), 0), t)
        )
    return value if ok is None else w.made(ops.Choose, t, value, ok)


# --- assertions


def type_assert(body: Body, instr: ssa.TypeAssert) -> None:
    w, kinds = body.w, body.kinds
    held = body.things(instr.x)
    if not held:
        raise Refused(
            instr.pos, f"what the {kinds.string(body.type_of(instr.x))} holds is not known here", None
        )
    whole = body.number(instr.x)
    types = {thing.type for thing in held if isinstance(thing, Dyn)}
    wanted = {t for t in types if _fits(body, t, instr.asserted)}
    known = None
    if not wanted:
        known = False
    elif wanted == types and NIL not in held:
        known = True
    ok = _fitting(body, whole, wanted) if known is None else w.truth(known)
    if not instr.comma_ok:
        if known is not True:
            w.require(ok, asserts=True)
        body.define(instr.id, _value(body, instr, whole, None if known is not False else False))
        return
    given = _value(body, instr, whole, ok if known is None else known)
    body.tuples[instr.id] = [given, ok]


def _fits(body: Body, t: int, asserted: int) -> bool:
    if body.kinds.is_interface(asserted):
        return asserted in body.r.analysis.implements.get(t, ())
    return t == asserted


def _fitting(body: Body, whole: int, wanted: set[int]) -> int:
    ids = sorted(body.r.type_id(t) for t in wanted)
    word = _type_word(body, whole)
    if len(ids) == 1:
        return body.w.equal(word, body.w.word(ids[0]))
    return body.w.made(ops.TypeIs, body.kinds.bool, word, tuple(ids))


def _value(body: Body, instr: ssa.TypeAssert, whole: int, ok: int | bool | None) -> int:
    """What the assertion gives; ``ok``: None and True where it holds, False where not."""
    w, t = body.w, instr.asserted
    if ok is False:
        return w.leaf(body.r.zero(t))
    cond = None if ok is None or ok is True else ok
    if not body.kinds.is_interface(t):
        return unboxed(body, whole, t, cond)
    same = w.as_type(whole, t)
    if cond is None:
        return same
    copy = w.variable(t, ops.INTERFACE)
    w.store(copy, same)
    return w.made(ops.LoadIf, t, copy, cond)


# --- comparison


def compare(body: Body, instr: ssa.BinOp) -> None:
    w = body.w
    nil = next((n for n in (instr.x, instr.y) if _is_nil(body, n)), None)
    if nil is not None:
        other = body.number(instr.y if nil == instr.x else instr.x)
        body.define(instr.id, w.binop(instr.operator, _type_word(body, other), w.word(0), instr.type))
        return
    x, y = body.number(instr.x), body.number(instr.y)
    held = [{thing.type for thing in body.things(n) if isinstance(thing, Dyn)} for n in (instr.x, instr.y)]
    common = sorted(held[0] & held[1])
    for t in common:
        if not body.r.analysis.comparable.get(t, True):
            raise Refused(
                instr.pos,
                f"comparison of interfaces that may hold {body.kinds.string(t)}, which has no ==: "
                "it would panic",
                "compare the parts that can be compared",
            )
    deep = [t for t in common if form(body.kinds, t) == "memory"]
    for t in deep:
        if body.kinds.holds(t):
            _check_words(body, instr, {t})
    if not deep:
        body.define(instr.id, w.binop(instr.operator, x, y, instr.type))
        return
    same = w.made(ssa.Call, instr.type, body.r.comparison(w, deep, body.type_of(instr.x), instr), [x, y])
    if instr.operator == "!=":
        same = w.made(ssa.UnOp, instr.type, "!", same)
    body.define(instr.id, same)


def check_parts(body: Body, instr: ssa.BinOp) -> None:
    """Structs and arrays are compared word by word: the interfaces in them must hold words."""
    t = body.type_of(instr.x)
    for path, value in body.kinds.leaves(t):
        if not value:
            continue
        types = [
            {thing.type for thing in body.things(n, path) if isinstance(thing, Dyn)}
            for n in (instr.x, instr.y)
        ]
        _check_words(body, instr, types[0] & types[1])


def _check_words(body: Body, instr: ssa.BinOp, types: set[int]) -> None:
    for t in sorted(types):
        if form(body.kinds, t) in ("memory", "function"):
            raise Refused(
                instr.pos,
                f"comparison of {body.kinds.string(body.type_of(instr.x))}: an interface in it may hold "
                f"{body.kinds.string(t)}",
                "compare the parts one by one",
            )


def _is_nil(body: Body, n: int) -> bool:
    return n < len(body.fn.values) and isinstance(body.fn.values[n], ssa.ConstNil)
