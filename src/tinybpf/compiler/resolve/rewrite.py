"""The document written anew without function values, interfaces and ``defer``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.callbacks import calls_back
from tinybpf.compiler.lower.refuse import DISPATCHER, Refused
from tinybpf.compiler.lower.types import INT_BITS
from tinybpf.compiler.lower.walk import instructions
from tinybpf.compiler.resolve import calls, closures, defers
from tinybpf.compiler.resolve.analysis import Analysis, Clone, Dyn, Fun, Thing
from tinybpf.compiler.resolve.body import Body, Inlined
from tinybpf.compiler.resolve.interfaces import TYPE, form
from tinybpf.compiler.resolve.kinds import Kinds
from tinybpf.compiler.resolve.merge import merged
from tinybpf.compiler.resolve.ops import FuncId
from tinybpf.compiler.resolve.shape import FIRST, shifted
from tinybpf.compiler.resolve.writer import Writer

Report = Callable[[ssa.Pos, str, "str | None"], None]


class Rewriter:
    def __init__(self, doc: ssa.Document, report: Report) -> None:
        self.report = report
        self._next = FIRST << 4
        self.kinds = Kinds(doc.types)
        self.doc = self._without_defer(doc)
        self.functions = list(self.doc.functions)
        self.analysis = Analysis(self.doc, self.kinds, self.fresh)
        self.inlined: set[Clone] = set()
        self.writing: dict[Clone, bool] = {}
        self._same: dict[Clone, Clone] = {}
        self._funs: dict[Fun, int] = {}
        self._type_ids: dict[int, int] = {}
        self._indices: dict[Clone, int] = {}
        self._waiting: list[Clone] = []
        self._made: dict[object, int] = {}

    def run(self, roots: Iterable[int]) -> ssa.Document:
        """``Refused``: there is recursion, and nothing more to say."""
        self.analysis.run(roots)
        for fn, refused in self.analysis.refused:
            self.refuse(fn, refused)
        self._find_inlined()
        self._same = merged(self.analysis, self.inlined)
        for clone in self.analysis.clones:
            if self._index(clone) is not None and clone not in self.inlined:
                self._write(clone)
        while self._waiting:
            self._write(self._waiting.pop())
        return msgspec.structs.replace(
            self.doc, functions=self.functions, types=self.kinds.with_interfaces_as_structs()
        )

    def fresh(self) -> int:
        self._next += 1
        return self._next

    def refuse(self, fn: ssa.Function, refused: Refused) -> None:
        self.report(refused.pos, refused.message, refused.hint)

    # --- defer

    def _without_defer(self, doc: ssa.Document) -> ssa.Document:
        chosen = [i for i, fn in enumerate(doc.functions) if defers.defers(fn)]
        if not chosen:
            return doc
        functions = list(doc.functions)
        for i in chosen:
            try:
                functions[i] = defers.written_out(self.kinds, shifted(functions[i]), self.fresh)
            except Refused as refused:
                self.refuse(functions[i], refused)
                functions[i] = defers.left_out(functions[i])
        return msgspec.structs.replace(doc, functions=functions)

    # --- numbers

    def fun_id(self, fun: Fun) -> int:
        """The number of a function value, from 1."""
        return self._funs.setdefault(fun, len(self._funs) + 1)

    def type_id(self, t: int) -> int:
        return self._type_ids.setdefault(t, len(self._type_ids) + 1)

    def function_id(self, value: ssa.FuncRef) -> ssa.Value:
        return FuncId(value.type, self.fun_id(Fun(value.index)))  # type: ignore[return-value]

    def zero(self, t: int) -> ssa.Value:
        under = self.kinds.under(t)
        if isinstance(under, ssa.Basic) and under.string in INT_BITS:
            return ssa.ConstInt(t, 0)
        if isinstance(under, ssa.Basic) and under.string in ("bool", "untyped bool"):
            return ssa.ConstBool(t, False)
        return ssa.ConstNil(t)

    def targets(self, body: Body, instr: ssa.Call) -> list[tuple[Fun, Clone]]:
        """The functions that a function value may be, those without captures first."""
        found = body.clone.targets.get(instr.id, {})
        funs = sorted((f for f in found if isinstance(f, Fun)), key=lambda f: (f.clone >= 0, f))
        return [(fun, found[fun]) for fun in funs]

    # --- which functions

    def _index(self, clone: Clone) -> int | None:
        """The place in the document of a clone that is all there is of its function."""
        return None if clone.parent is not None and self.analysis.carrier(clone.fn) else clone.fn

    def reference(self, w: Writer, clone: Clone) -> int:
        clone = self._same.get(clone, clone)
        index = self._index(clone)
        if index is None:
            index = self._indices.get(clone)
        if index is None:
            index = self._indices[clone] = len(self.functions)
            self.functions.append(clone.body)
            self._waiting.append(clone)
        return w.leaf(ssa.FuncRef(self.doc.functions[clone.fn].type, index))

    def _write(self, clone: Clone) -> None:
        index = self._index(clone)
        if index is not None and self._unchanged(clone):
            return
        if index is None:
            index = self._indices[clone]
        fn = clone.body
        count = fn.params + fn.captures
        w = Writer(self.kinds, fn.values[:count], self.fresh)
        Body(self, clone, w, list(range(count))).run()
        self.functions[index] = w.function(fn)

    def _unchanged(self, clone: Clone) -> bool:
        fn = clone.body
        if fn is not self.doc.functions[clone.fn]:
            return False
        return not any(self._concerns(clone, fn, i) for i in instructions(fn) if id(i) not in clone.printed)

    def _concerns(self, clone: Clone, fn: ssa.Function, instr: ssa.Instruction) -> bool:
        known = len(fn.values)
        if isinstance(instr, (ssa.MakeClosure, ssa.MakeInterface, ssa.TypeAssert, ssa.ChangeInterface)):
            return True
        if isinstance(instr, ssa.Call):
            target = fn.values[instr.fn] if instr.fn < known else None
            if isinstance(target, ssa.FuncRef):
                carries = bool(self.doc.functions[target.index].blocks) and self.analysis.carrier(
                    target.index
                )
                return carries or calls_back(self.doc, fn, instr) is not None or self._refers(fn, instr.args)
            return not isinstance(target, ssa.Builtin)
        if isinstance(instr, ssa.BinOp):
            return self.kinds.carries(clone.uses.type_of[instr.x])
        if isinstance(instr, ssa.Store):
            return self._refers(fn, [instr.value])
        return isinstance(instr, ssa.Return) and self._refers(fn, instr.results)

    @staticmethod
    def _refers(fn: ssa.Function, numbers: Iterable[int]) -> bool:
        return any(n < len(fn.values) and isinstance(fn.values[n], ssa.FuncRef) for n in numbers)

    # --- functions that are a part of their callers

    def _find_inlined(self) -> None:
        """Those that hand to their caller what is in variables of their own."""
        a = self.analysis
        called_back = self._called_back()
        open_ = [c for c in a.clones if c.parent is not None and a.carrier(c.fn) and c not in called_back]
        more = True
        while more:
            more = False
            kept = self._kept()
            for c in open_:
                if c not in self.inlined and (c in kept or any(self._owner(t) is c for t in a.given(c))):
                    self.inlined.add(c)
                    more = True

    def _called_back(self) -> set[Clone]:
        found: set[Clone] = set()
        for c in self.analysis.clones:
            for instr in instructions(c.body):
                if isinstance(instr, ssa.Call) and calls_back(self.doc, c.body, instr):
                    found.update(c.targets.get(instr.id, {}).values())
        return found

    def _kept(self) -> set[Clone]:
        """Clones of which a variable of another function holds something."""
        found: set[Clone] = set()
        for number, _, things in self.analysis.cells():
            if number < 0:
                continue
            frame = self._frame(self.analysis.clones[number])
            for thing in things:
                owner = self._owner(thing)
                if owner is not None and owner is not frame and self._calls(frame, owner):
                    found.add(owner)
        return found

    @staticmethod
    def _calls(frame: Clone, owner: Clone) -> bool:
        at: Clone | None = owner
        while at is not None and at is not frame:
            at = at.parent
        return at is not None

    def _frame(self, clone: Clone) -> Clone:
        """The function whose variables a clone's are."""
        while clone in self.inlined:
            assert clone.parent is not None
            clone = clone.parent
        return clone

    def _owner(self, thing: Thing) -> Clone | None:
        """In whose variables a function value or an interface keeps what it holds."""
        if isinstance(thing, Fun):
            return self._frame(self.analysis.clones[thing.clone]) if thing.clone >= 0 else None
        if not isinstance(thing, Dyn):
            return None
        maker, kept = self.analysis.clones[thing.clone], form(self.kinds, thing.type)
        local = isinstance(maker.uses.made_by.get(thing.value), ssa.Alloc)
        return self._frame(maker) if kept == "memory" or (kept == "address" and local) else None

    def write_inline(self, body: Body, clone: Clone, args: list[int]) -> list[int]:
        """A function's body at the place of a call; its results."""
        w, pos = body.w, body.w.pos
        types = self.kinds.results(self.doc.functions[clone.fn].type)
        variables = [w.variable(t, "") for t in types]
        handler = w.at.handler
        done = w.block("inlined.done", handler)
        Body(self, clone, w, args, Inlined(variables, done), handler).run()
        w.at, w.pos = done, pos
        return [w.load(v, t) for v, t in zip(variables, types, strict=True)]

    # --- functions that are made here

    def dispatcher(self, w: Writer, t: int, targets: calls.Targets, pos: ssa.Pos, may_be_nil: bool) -> int:
        """A function that takes a function value of type ``t``, and arguments, and calls it."""
        found = tuple((fun, w.values[self.reference(w, clone)]) for fun, clone in targets)
        key = ("dispatcher", t, found, may_be_nil)
        index = self._made.get(key)
        if index is None:
            index = self._made[key] = self._make_dispatcher(t, targets, pos, may_be_nil)
        return w.leaf(ssa.FuncRef(self.functions[index].type, index))

    def _signature(self, t: int) -> ssa.Signature:
        under = self.kinds.under(t)
        assert isinstance(under, ssa.Signature)
        return under

    def _make_dispatcher(self, t: int, targets: calls.Targets, pos: ssa.Pos, may_be_nil: bool) -> int:
        s = self._signature(t)
        params = [ssa.Param("f", t), *(ssa.Param(f"a{n}", p) for n, p in enumerate(s.params))]
        w = Writer(self.kinds, params, self.fresh)
        w.pos = pos
        self._arms(w, 0, list(range(1, len(params))), targets, s.results, may_be_nil)
        signature = self.kinds.signature((t, *s.params), tuple(s.results))
        return self._add(w, "call", signature, len(params), 0, pos)

    def _arms(
        self,
        w: Writer,
        value: int,
        args: list[int],
        targets: calls.Targets,
        results: list[int],
        may_be_nil: bool,
    ) -> None:
        unsure = may_be_nil or calls.some_capture_nothing(targets)
        for n, (fun, clone) in enumerate(targets):
            if n + 1 < len(targets):
                this, other = w.block("call.this"), w.block("call.other")
                w.branch(calls.is_function(self, w, fun, value, unsure), this, other)
                w.at = this
            given = [*args, *closures.bindings(self, w, fun, value, unsure)]
            w.emit(ssa.Return(w.pos, calls.made_call(self, w, clone, given, results)))
            if n + 1 < len(targets):
                w.at = other

    def callback_wrapper(self, instr: ssa.Call, t: int, targets: calls.Targets, may_be_nil: bool) -> int:
        """A function that a helper can call back, for a function value in a variable that it captures."""
        s = self._signature(t)
        if not targets:
            raise Refused(instr.pos, "which function is called back here is not known", None)
        params: list[ssa.Value] = [ssa.Param(f"a{n}", p) for n, p in enumerate(s.params)]
        params.append(ssa.FreeVar("f", self.kinds.pointer(t)))
        w = Writer(self.kinds, params, self.fresh)
        w.pos = instr.pos
        value = w.load(len(params) - 1, t)
        if may_be_nil:
            w.not_nil(value)
        self._arms(w, value, list(range(len(s.params))), targets, s.results, may_be_nil)
        signature = self.kinds.signature(tuple(s.params), tuple(s.results))
        return self._add(w, "callback", signature, len(s.params), 1, instr.pos)

    def comparison(self, w: Writer, deep: list[int], t: int, instr: ssa.BinOp) -> int:
        """A function that compares interfaces which may hold values of the types ``deep`` by address."""
        key = ("comparison", t, tuple(deep))
        index = self._made.get(key)
        if index is None:
            index = self._made[key] = self._make_comparison(deep, t, instr.pos)
        return w.leaf(ssa.FuncRef(self.functions[index].type, index))

    def _make_comparison(self, deep: list[int], t: int, pos: ssa.Pos) -> int:
        w = Writer(self.kinds, [ssa.Param("x", t), ssa.Param("y", t)], self.fresh)
        w.pos = pos
        kinds = self.kinds
        words = [w.made(ssa.FieldOp, kinds.uint64, n, TYPE) for n in (0, 1)]
        same, differ = w.block("types.same"), w.block("types.differ")
        w.branch(w.equal(*words), same, differ)
        w.at = differ
        w.emit(ssa.Return(pos, [w.truth(False)]))
        w.at = same
        data = [w.made(ssa.FieldOp, kinds.address, n, 1) for n in (0, 1)]
        for held in deep:
            this, other = w.block("type.this"), w.block("type.other")
            w.branch(w.equal(words[0], w.word(self.type_id(held))), this, other)
            w.at = this
            values = [w.load(w.convert(d, kinds.pointer(held)), held) for d in data]
            w.emit(ssa.Return(pos, [w.equal(*values)]))
            w.at = other
        w.emit(ssa.Return(pos, [w.equal(*data)]))
        return self._add(w, "equal", kinds.signature((t, t), (kinds.bool,)), 2, 0, pos)

    def _add(self, w: Writer, name: str, t: int, params: int, captures: int, pos: ssa.Pos) -> int:
        like = ssa.Function(name, self.doc.package, t, pos, synthetic=DISPATCHER)
        self.functions.append(w.function(like, params=params, captures=captures))
        return len(self.functions) - 1


def is_needed(doc: ssa.Document) -> bool:
    """Whether anything in a document is for this step to write out."""
    interfaces = {
        i
        for i, t in enumerate(doc.types)
        if _is_interface(doc.types, t) and typed.named(doc.types, i) not in typed.POINTERS
    }
    return any(
        any(isinstance(v, ssa.ConstNil) and v.type in interfaces for v in fn.values)
        or any(_of_concern(doc, fn, i, interfaces) for i in instructions(fn) if type(i) in _CONCERNS)
        for fn in doc.functions
    )


def _is_interface(table: list[ssa.Type], t: ssa.Type) -> bool:
    under = table[t.underlying] if isinstance(t, ssa.Named) else t
    return isinstance(under, ssa.Foreign) and under.what == "interface"


_CONCERNS = {
    ssa.Call, ssa.MakeInterface, ssa.Alloc, ssa.Store, ssa.MakeClosure, ssa.TypeAssert, ssa.Defer,
}  # fmt: skip
"""What ``_of_concern`` has to look at."""


def _of_concern(doc: ssa.Document, fn: ssa.Function, instr: ssa.Instruction, interfaces: set[int]) -> bool:
    if isinstance(instr, ssa.Call):
        if instr.fn >= len(fn.values) or instr.method:
            return True
        target = fn.values[instr.fn]
        return isinstance(target, ssa.FuncRef) and any(
            x < len(fn.values) and isinstance(fn.values[x], ssa.FuncRef) for x in instr.args
        )
    if isinstance(instr, ssa.MakeInterface):
        return instr.type in interfaces
    if isinstance(instr, ssa.Alloc):
        pointer = doc.types[instr.type]
        return isinstance(pointer, ssa.Pointer) and pointer.elem in interfaces
    if isinstance(instr, ssa.Store):
        return instr.value < len(fn.values) and isinstance(fn.values[instr.value], ssa.FuncRef)
    return True


def resolve(doc: ssa.Document, roots: Iterable[int], report: Report) -> ssa.Document:
    """The document as lowering takes it; what has no form in the kernel goes to ``report``."""
    if not is_needed(doc):
        return doc
    return Rewriter(doc, report).run(roots)
