"""What the front end promises of its document, checked before anything else reads it.

The lowering takes it for granted that numbers name something, that blocks are linked both ways, that an
instruction's operands have the types that it works on. A document that breaks such a promise is a fault
of tinybpf: it is told with the Go function and line, instead of a traceback or wrong code later on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tinybpf.compiler import ssa
from tinybpf.compiler.contract_types import NO_TYPE, Broken, Kind, TypeTable
from tinybpf.compiler.lower.refuse import LoweringFault

_ENDS: dict[type, int | None] = {ssa.Jump: 1, ssa.If: 2, ssa.Return: 0, ssa.Panic: 0}
"""How many blocks may follow one that ends so."""


def check(doc: ssa.Document) -> None:
    """``LoweringFault`` where the document contradicts itself; it names the function and the line."""
    try:
        types = TypeTable(doc.types)
    except Broken as problem:
        raise _fault("", str(problem), ssa.NO_POS) from None
    files = len(doc.files)
    for variable in doc.globals:
        if not 0 <= variable.type < len(doc.types):
            raise _fault(f"variable {variable.name}", f"there is no type {variable.type}", ssa.NO_POS)
        if not _is_place(variable.pos, files):
            raise _fault(f"variable {variable.name}", "its place is in no file", ssa.NO_POS)
    signatures = [_signature(doc, types, fn) for fn in doc.functions]
    _check_dynamic(doc, signatures)
    for fn, signature in zip(doc.functions, signatures, strict=True):
        _Function(doc, types, signatures, fn, signature).check()


def _check_dynamic(doc: ssa.Document, signatures: list[ssa.Signature]) -> None:
    """The methods of what interfaces hold take a value of its type first."""
    for entry in doc.dynamic:
        if not all(0 <= t < len(doc.types) for t in (entry.type, *entry.implements)):
            raise _fault("what interfaces hold", "there is no such type", ssa.NO_POS)
        whose = f"what interfaces hold, {doc.types[entry.type].string}"
        for method in entry.methods:
            if not 0 <= method.function < len(signatures):
                raise _fault(whose, f"there is no function {method.function}", ssa.NO_POS)
            if signatures[method.function].params[:1] != [entry.type]:
                raise _fault(whose, f"{method.name} is not a method of it", ssa.NO_POS)


def _fault(whose: str, what: str, pos: ssa.Pos) -> LoweringFault:
    return LoweringFault(f"the front end's document is broken: {whose}{': ' if whose else ''}{what}", pos)


def _is_place(pos: ssa.Pos, files: int) -> bool:
    return (0 <= pos.file < files and pos.line >= 0 and pos.col >= 0) or pos == ssa.NO_POS


def _signature(doc: ssa.Document, types: TypeTable, fn: ssa.Function) -> ssa.Signature:
    """A function's type; what the function says of itself outside of its blocks is right."""
    whose, files = f"function {fn.name}", len(doc.files)
    if not (_is_place(fn.pos, files) and _is_place(fn.end, files)):
        raise _fault(whose, "its place is in no file", ssa.NO_POS)
    found = types.under[fn.type] if 0 <= fn.type < len(doc.types) else None
    if not isinstance(found, ssa.Signature):
        raise _fault(whose, f"type {fn.type} is not a function's", fn.pos)
    leaves = [type(v) for v in fn.values[: fn.params + fn.captures]]
    if leaves != [ssa.Param] * fn.params + [ssa.FreeVar] * fn.captures:
        raise _fault(whose, "its values do not begin with its parameters and what it captures", fn.pos)
    if [v.type for v in fn.values[: fn.params]] != found.params:
        raise _fault(whose, "its parameters are not those of its type", fn.pos)
    if fn.parent is not None and not 0 <= fn.parent < len(doc.functions):
        raise _fault(whose, f"there is no function {fn.parent}", fn.pos)
    if not all(0 <= v < len(doc.globals) for v in fn.initialises):
        raise _fault(whose, "it initialises a variable that does not exist", fn.pos)
    return found


class _Function:
    """One function; ``of`` has the type of each value by its number."""

    def __init__(
        self,
        doc: ssa.Document,
        types: TypeTable,
        signatures: list[ssa.Signature],
        fn: ssa.Function,
        signature: ssa.Signature,
    ) -> None:
        self.doc = doc
        self.types = types
        self.kinds = types.kinds
        self.targets = types.targets
        self.signatures = signatures
        self.fn = fn
        self.signature = signature
        self.of: dict[int, int] = {}
        self.block = ssa.Block([])

    def check(self) -> None:
        """``LoweringFault`` names the instruction that is wrong."""
        at: ssa.Pos = self.fn.pos
        try:
            self._values()
            self._link()
            for block in self.fn.blocks:
                self.block = block
                for instr in block.instrs:
                    at = instr.pos
                    checked = _CHECKS.get(type(instr))
                    if checked is not None:
                        checked(self, instr)
        except _Misplaced as found:
            raise _fault(f"function {self.fn.name}", str(found), found.pos) from None
        except Broken as found:
            raise _fault(f"function {self.fn.name}", str(found), at) from None
        except KeyError as missing:
            raise _fault(f"function {self.fn.name}", f"there is no value {missing}", at) from None

    def _values(self) -> None:
        types, functions, variables = len(self.doc.types), len(self.doc.functions), len(self.doc.globals)
        for number, v in enumerate(self.fn.values):
            if not 0 <= v.type < types:
                raise Broken(f"there is no type {v.type}")
            self.of[number] = v.type
            if isinstance(v, ssa.FuncRef):
                if not 0 <= v.index < functions:
                    raise Broken(f"there is no function {v.index}")
            elif isinstance(v, ssa.GlobalRef):
                if not 0 <= v.index < variables or self.kinds[v.type] is not Kind.POINTER:
                    raise Broken(f"variable {v.index} has no address of type {self.name(v.type)}")
            elif isinstance(v, ssa.ConstInt) and not -(1 << 63) <= v.value < 1 << 64:
                raise Broken(f"constant {v.value} does not fit 64 bits")

    def _link(self) -> None:
        """Blocks follow each other as both sides say; values are numbered as they come."""
        of, types, files = self.of, len(self.doc.types), len(self.doc.files)
        number = len(of)
        forwards, backwards = [], []
        for n, block in enumerate(self.fn.blocks):
            last = len(block.instrs) - 1
            for i, instr in enumerate(block.instrs):
                pos = instr.pos
                if not (0 <= pos.file < files and pos.line >= 0 and pos.col >= 0) and pos != ssa.NO_POS:
                    raise _Misplaced(f"the place of {type(instr).__name__} is in no file", self.fn.pos)
                if isinstance(instr, ssa.Made):
                    if instr.id != number or not 0 <= instr.type < types:
                        what = f"value {instr.id} of type {instr.type} stands where {number} is expected"
                        raise _Misplaced(what, pos)
                    of[number] = instr.type
                    number += 1
                elif (type(instr) in _ENDS) != (i == last):
                    raise _Misplaced(f"{type(instr).__name__} at place {i} of block {n}", pos)
            if last < 0 or type(block.instrs[last]) not in _ENDS:
                raise Broken(f"block {n} does not end")
            if len(block.succs) != _ENDS[type(block.instrs[last])]:
                raise Broken(f"block {n} is followed by {len(block.succs)} blocks")
            forwards += [(n, to) for to in block.succs]
            backwards += [(before, n) for before in block.preds]
        if forwards != backwards and sorted(forwards) != sorted(backwards):
            odd = sorted(set(forwards) ^ set(backwards)) or forwards
            raise Broken(f"blocks {odd[0][0]} and {odd[0][1]} do not agree on which follows the other")
        self._inside(forwards)

    def _inside(self, edges: Iterable[tuple[int, int]]) -> None:
        blocks = len(self.fn.blocks)
        if not all(0 <= to < blocks for _, to in edges):
            raise Broken("a block is followed by one that does not exist")
        if self.fn.recover is not None and not 0 <= self.fn.recover < blocks:
            raise Broken(f"there is no block {self.fn.recover}")

    # --- what the checks by kind ask

    def name(self, t: int) -> str:
        return self.doc.types[t].string

    def expect(self, number: int, *kinds: Kind) -> int:
        """The type of a value, which is of one of some kinds."""
        t = self.of[number]
        if self.kinds[t] not in kinds:
            raise Broken(f"value {number} has type {self.name(t)}, which is no {kinds[0].value}")
        return t

    def same(self, a: int, b: int) -> None:
        """Two types are of one form: the lowering moves a value of one to a place of the other."""
        if a != b and not self.types.alike(a, b):
            raise Broken(f"{self.name(a)} stands where {self.name(b)} is expected")

    def target(self, t: int) -> int:
        """What a pointer type leads to."""
        found = self.targets[t]
        if found == NO_TYPE:
            raise Broken(f"a value of type {self.name(t)} is taken for a pointer")
        return found

    def integer(self, number: int | None) -> None:
        if number is not None:
            self.expect(number, Kind.INT)


class _Misplaced(Broken):
    """A broken promise with a place of its own."""

    def __init__(self, message: str, pos: ssa.Pos) -> None:
        super().__init__(message)
        self.pos = pos


# --- by kind of instruction

_Check = Callable[[_Function, Any], None]


def _alloc(f: _Function, i: ssa.Alloc) -> None:
    if f.kinds[i.type] is not Kind.POINTER:
        raise Broken(f"a variable's address has type {f.name(i.type)}")


def _phi(f: _Function, i: ssa.Phi) -> None:
    if len(i.edges) != len(f.block.preds):
        raise Broken(f"a phi has {len(i.edges)} edges in a block that {len(f.block.preds)} lead to")
    for edge in i.edges:
        f.same(f.of[edge], i.type)


_COMPARE = frozenset(("==", "!=", "<", "<=", ">", ">="))
_OPERATORS = _COMPARE | frozenset(("+", "-", "*", "/", "%", "&", "|", "^", "&^"))


def _binop(f: _Function, i: ssa.BinOp) -> None:
    x, y, operator = f.of[i.x], f.of[i.y], i.operator
    if operator in ("<<", ">>"):
        f.expect(i.y, Kind.INT)
        f.same(x, i.type)
        return
    if operator not in _OPERATORS:
        raise Broken(f"there is no operator {operator}")
    f.same(x, y)
    if operator not in _COMPARE:
        f.same(x, i.type)
    elif f.kinds[i.type] is not Kind.BOOL:
        raise Broken(f"the result of {operator} has type {f.name(i.type)}")


def _unop(f: _Function, i: ssa.UnOp) -> None:
    x = f.of[i.x]
    if i.operator == "*":
        target = f.target(x)
        if target != i.type:
            f.same(i.type, target)
    elif i.operator in ("-", "^", "!"):
        f.same(x, i.type)
        if (i.operator == "!") != (f.kinds[x] is Kind.BOOL):
            raise Broken(f"operator {i.operator} on {f.name(x)}")
    elif i.operator != "<-":
        raise Broken(f"there is no operator {i.operator}")


def _call(f: _Function, i: ssa.Call | ssa.Defer) -> None:
    target = f.fn.values[i.fn] if 0 <= i.fn < len(f.fn.values) else None
    given = [f.of[x] for x in i.args]
    if isinstance(target, ssa.Builtin) or i.method:
        f.of[i.fn]
        return
    called: ssa.Type = (
        f.signatures[target.index] if isinstance(target, ssa.FuncRef) else f.types.under[f.of[i.fn]]
    )
    if not isinstance(called, ssa.Signature):
        raise Broken(f"a value of type {f.name(f.of[i.fn])} is called")
    if len(given) != len(called.params):
        raise Broken(f"a call has {len(given)} arguments for {len(called.params)} parameters")
    if given != called.params:
        for t, parameter in zip(given, called.params, strict=True):
            f.same(t, parameter)
    if isinstance(i, ssa.Call):
        _results(f, i.type, called.results)


def _results(f: _Function, t: int, results: list[int]) -> None:
    made = f.types.under[t]
    parts = made.types if isinstance(made, ssa.Tuple) else [t]
    if len(parts) != len(results):
        raise Broken(f"a call gives {len(parts)} results of {len(results)}")
    for a, b in zip(parts, results, strict=True):
        f.same(a, b)


def _closure(f: _Function, i: ssa.MakeClosure) -> None:
    target = f.fn.values[i.fn] if 0 <= i.fn < len(f.fn.values) else None
    if not isinstance(target, ssa.FuncRef):
        raise Broken("a closure of what is no function")
    fn = f.doc.functions[target.index]
    captured = [v.type for v in fn.values[fn.params : fn.params + fn.captures]]
    bound = [f.of[x] for x in i.bindings]
    if len(captured) != len(bound):
        raise Broken(f"a closure binds {len(bound)} of {len(captured)} variables")
    for a, b in zip(bound, captured, strict=True):
        f.same(a, b)


def _make_slice(f: _Function, i: ssa.MakeSlice) -> None:
    f.integer(i.len)
    f.integer(i.cap)


def _slice(f: _Function, i: ssa.SliceOp) -> None:
    t = f.expect(i.x, Kind.SLICE, Kind.POINTER, Kind.STRING)
    if f.kinds[t] is Kind.POINTER and f.kinds[f.target(t)] is not Kind.ARRAY:
        raise Broken(f"a value of type {f.name(t)} is sliced")
    f.integer(i.low)
    f.integer(i.high)
    f.integer(i.max)


def _field_address(f: _Function, i: ssa.FieldAddr) -> None:
    target = f.target(f.of[i.x])
    f.same(f.target(i.type), f.types.field(target, i.field))


def _field(f: _Function, i: ssa.FieldOp) -> None:
    f.same(i.type, f.types.field(f.of[i.x], i.field))


def _index_address(f: _Function, i: ssa.IndexAddr) -> None:
    t = f.of[i.x]
    f.expect(i.index, Kind.INT)
    f.same(f.target(i.type), f.types.element(t if f.targets[t] == NO_TYPE else f.targets[t]))


def _index(f: _Function, i: ssa.Index) -> None:
    f.expect(i.index, Kind.INT)
    t = f.expect(i.x, Kind.ARRAY, Kind.STRING)
    if f.kinds[t] is Kind.ARRAY:
        f.same(i.type, f.types.element(t))


def _lookup(f: _Function, i: ssa.Lookup) -> None:
    f.of[i.x], f.of[i.index]


def _next(f: _Function, i: ssa.Next) -> None:
    f.of[i.iter]


def _assert(f: _Function, i: ssa.TypeAssert) -> None:
    f.of[i.x]
    if not 0 <= i.asserted < len(f.doc.types):
        raise Broken(f"there is no type {i.asserted}")


def _extract(f: _Function, i: ssa.Extract) -> None:
    made = f.types.under[f.of[i.tuple]]
    if not isinstance(made, ssa.Tuple) or not 0 <= i.index < len(made.types):
        raise Broken(f"there is no part {i.index} of {f.name(f.of[i.tuple])}")
    f.same(i.type, made.types[i.index])


def _if(f: _Function, i: ssa.If) -> None:
    f.expect(i.cond, Kind.BOOL)


def _return(f: _Function, i: ssa.Return) -> None:
    results = f.signature.results
    if len(i.results) != len(results):
        raise Broken(f"{len(i.results)} results are returned of {len(results)}")
    for x, t in zip(i.results, results, strict=True):
        f.same(f.of[x], t)


def _store(f: _Function, i: ssa.Store) -> None:
    value, target = f.of[i.value], f.target(f.of[i.addr])
    if value != target:
        f.same(value, target)


def _unary(f: _Function, i: ssa.Unary | ssa.Panic) -> None:
    f.of[i.x]


def _change_type(f: _Function, i: ssa.ChangeType) -> None:
    f.same(f.of[i.x], i.type)


def _array_pointer(f: _Function, i: ssa.SliceToArrayPointer) -> None:
    f.expect(i.x, Kind.SLICE)
    if f.kinds[f.target(i.type)] is not Kind.ARRAY:
        raise Broken(f"a slice becomes {f.name(i.type)}")


_CHECKS: dict[type, _Check] = {
    ssa.Alloc: _alloc,
    ssa.Phi: _phi,
    ssa.BinOp: _binop,
    ssa.UnOp: _unop,
    ssa.Call: _call,
    ssa.Defer: _call,
    ssa.MakeClosure: _closure,
    ssa.MakeSlice: _make_slice,
    ssa.SliceOp: _slice,
    ssa.FieldAddr: _field_address,
    ssa.FieldOp: _field,
    ssa.IndexAddr: _index_address,
    ssa.Index: _index,
    ssa.Lookup: _lookup,
    ssa.Next: _next,
    ssa.TypeAssert: _assert,
    ssa.Extract: _extract,
    ssa.If: _if,
    ssa.Return: _return,
    ssa.Store: _store,
    ssa.ChangeType: _change_type,
    ssa.SliceToArrayPointer: _array_pointer,
    ssa.Convert: _unary,
    ssa.MultiConvert: _unary,
    ssa.ChangeInterface: _unary,
    ssa.MakeInterface: _unary,
    ssa.Range: _unary,
    ssa.Panic: _unary,
}
