"""Which functions and concrete types each function value and interface may be.

Inclusion-based, over the functions that the roots reach. It tells the fields of structs apart, but not
the elements of an array, nor what is assigned to one variable at different times (``webs`` does before).

A function that takes, gives or captures such values is looked at once for each call of it, so that what
one call hands in is not taken for what another one does; a *clone* is a function as one call sees it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower import printk
from tinybpf.compiler.lower.callbacks import calls_back
from tinybpf.compiler.lower.refuse import Refused, recursion
from tinybpf.compiler.lower.walk import Uses, instructions
from tinybpf.compiler.resolve.kinds import ANY, Kinds, Path
from tinybpf.compiler.resolve.webs import Split, split

NESTED = 8
"""How often a function may be entered within itself until it counts as recursion."""
MAX_CLONES = 4096


class Fun(NamedTuple):
    """A function value: the function, and which clone's ``MakeClosure`` made it (-1 without captures)."""

    fn: int
    clone: int = -1
    made: int = -1


class Dyn(NamedTuple):
    """What an interface holds: a concrete type, and which value of which clone was put into it."""

    type: int
    clone: int
    value: int
    made: int


class Cell(NamedTuple):
    """A variable or a part of it: ``clone`` is -1 for a package variable."""

    clone: int
    id: int
    path: Path = ()


class Nil(NamedTuple):
    pass


NIL = Nil()
Thing = Fun | Dyn | Cell | Nil
Node = int


class Clone(msgspec.Struct, eq=False):
    """A function as seen by one call, or by all where that makes no difference."""

    number: int
    fn: int
    split: Split
    uses: Uses
    parent: Clone | None = None
    key: object = None
    pos: ssa.Pos = ssa.NO_POS
    targets: dict[int, dict[object, Clone]] = {}
    """By call: where it may go, by function value or concrete type."""
    nil_calls: set[int] = set()
    printed: set[int] = set()
    """The identities of instructions that only wrap arguments of Printk."""

    @property
    def body(self) -> ssa.Function:
        return self.split.fn


class Analysis:
    def __init__(self, doc: ssa.Document, kinds: Kinds, fresh: Callable[[], int]) -> None:
        self.doc = doc
        self.kinds = kinds
        self._fresh = fresh
        self.clones: list[Clone] = []
        self._by_key: dict[object, Clone] = {}
        self._splits: dict[int, tuple[Split, Uses]] = {}
        self._nodes: dict[object, Node] = {}
        self._sets: list[set[Thing]] = []
        self._copies: list[set[Node]] = []
        self._watchers: dict[Node, list[Callable[[Thing], None]]] = defaultdict(list)
        self._work: list[tuple[Node, set[Thing]]] = []
        self._new: list[Clone] = []
        self._carriers: dict[int, bool] = {}
        self.refused: list[tuple[ssa.Function, Refused]] = []
        self.methods = {d.type: {m.name: m.function for m in d.methods} for d in doc.dynamic}
        self.implements = {d.type: set(d.implements) for d in doc.dynamic}
        self.comparable = {d.type: d.comparable for d in doc.dynamic}
        for i, g in enumerate(doc.globals):
            self._zero(("c", -1, i), g.type)

    def run(self, roots: Iterable[int]) -> None:
        for root in roots:
            self._clone((root,), root, None, ssa.NO_POS)
        while self._new or self._work:
            if self._new:
                self._function(self._new.pop())
            else:
                self._step()

    # asking

    def things(self, clone: Clone, value: int, path: Path = ()) -> set[Thing]:
        node = self._nodes.get((clone.number, value, path))
        return self._sets[node] if node is not None else set()

    def cells(self) -> Iterable[tuple[int, int, set[Thing]]]:
        """What may be kept in each variable: clone, number, things."""
        for key, node in self._nodes.items():
            if isinstance(key, tuple) and key[0] == "c":
                yield key[1], key[2], self._sets[node]

    def given(self, clone: Clone) -> set[Thing]:
        """What the clone's results have in them."""
        found: set[Thing] = set()
        for n, t in enumerate(self.kinds.results(self.doc.functions[clone.fn].type)):
            for path, value in self.kinds.leaves(t):
                node = self._nodes.get(("r", clone.number, (n, *path)))
                if value and node is not None:
                    found |= self._sets[node]
        return found

    # nodes

    def _node(self, key: object) -> Node:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self._sets)
            self._sets.append(set())
            self._copies.append(set())
        return node

    def _add(self, node: Node, things: set[Thing]) -> None:
        new = things - self._sets[node]
        if new:
            self._sets[node] |= new
            self._work.append((node, new))

    def _copy(self, source: Node, target: Node) -> None:
        if source != target and target not in self._copies[source]:
            self._copies[source].add(target)
            self._add(target, self._sets[source])

    def _watch(self, node: Node, told: Callable[[Thing], None]) -> None:
        """Tell of each thing that the node has or gets."""
        self._watchers[node].append(told)
        for thing in tuple(self._sets[node]):
            told(thing)

    def _step(self) -> None:
        node, new = self._work.pop()
        for target in tuple(self._copies[node]):
            self._add(target, new)
        for told in tuple(self._watchers.get(node, ())):
            for thing in new:
                told(thing)

    def _zero(self, prefix: tuple[object, ...], t: int) -> None:
        """A nil function or interface, or an address that leads nowhere, in each part."""
        for path, _ in self.kinds.leaves(t):
            self._add(self._node((*prefix, path)), {NIL})

    def _assign(self, source: tuple[object, ...], target: tuple[object, ...], t: int) -> None:
        """All parts of a value of type ``t``; the last part of each key is where it begins."""
        *from_, s = source
        *to, d = target
        assert isinstance(s, tuple) and isinstance(d, tuple)
        for path, _ in self.kinds.leaves(t):
            self._copy(self._node((*from_, s + path)), self._node((*to, d + path)))

    # clones

    def carrier(self, fn: int) -> bool:
        known = self._carriers.get(fn)
        if known is None:
            function = self.doc.functions[fn]
            types = [v.type for v in function.values[: function.params + function.captures]]
            types += self.kinds.results(function.type)
            known = self._carriers[fn] = any(self.kinds.leaves(t) for t in types)
        return known

    def _clone(self, key: tuple[object, ...], fn: int, parent: Clone | None, pos: ssa.Pos) -> Clone:
        known = self._by_key.get(key)
        if known is None:
            if parent is not None:
                self._check_recursion(fn, parent, key[1] if len(key) > 1 else None, pos)
            if fn not in self._splits:
                made = split(self.kinds, self.doc.functions[fn], self._fresh)
                self._splits[fn] = made, Uses(made.fn)
            parted, uses = self._splits[fn]
            of = key[1] if len(key) > 1 else None
            known = Clone(len(self.clones), fn, parted, uses, parent, of, pos)
            self.clones.append(known)
            self._by_key[key] = known
            self._new.append(known)
        return known

    def target(self, caller: Clone, site: int, fn: int, of: object, pos: ssa.Pos) -> Clone:
        """The clone that a call goes to; ``of`` tells apart what one call may be of."""
        key: tuple[object, ...] = (fn, of, caller.number, site) if self.carrier(fn) else (fn,)
        return self._clone(key, fn, caller, pos)

    def _check_recursion(self, fn: int, caller: Clone, of: object, pos: ssa.Pos) -> None:
        chain = []
        at: Clone | None = caller
        while at is not None:
            chain.append(at)
            at = at.parent
        times = sum(c.fn == fn and c.key == of for c in chain)
        if times < NESTED and len(self.clones) < MAX_CLONES:
            return
        last = next((n for n, c in enumerate(chain) if c.fn == fn), len(chain) - 1)
        around = [self.doc.functions[n] for n in [*(c.fn for c in chain[last::-1]), fn]]
        raise Refused(pos, *recursion(around))

    # constraints

    def _function(self, c: Clone) -> None:
        fn = c.body
        calls_printk = any(
            isinstance(v, ssa.FuncRef) and typed.builtin(self.doc.functions[v.index]) == "printk"
            for v in fn.values
        )
        if calls_printk:
            c.printed = printk.printed(self.doc, fn, c.uses).parts
        for number, value in enumerate(fn.values):
            self._leaf(c, number, value)
        for instr in instructions(fn):
            handler = _HANDLERS.get(type(instr))
            if handler is not None and id(instr) not in c.printed:
                handler(self, c, instr)

    def _leaf(self, c: Clone, number: int, value: ssa.Value) -> None:
        if isinstance(value, ssa.FuncRef):
            self._add(self._node((c.number, number, ())), {Fun(value.index)})
        elif isinstance(value, ssa.ConstNil):
            self._zero((c.number, number), value.type)
        elif isinstance(value, ssa.GlobalRef) and self.kinds.leaves(value.type):
            self._add(self._node((c.number, number, ())), {Cell(-1, value.index)})

    def _flow(self, c: Clone, instr: ssa.Unary) -> None:
        self._assign((c.number, instr.x, ()), (c.number, instr.id, ()), instr.type)

    def _convert(self, c: Clone, instr: ssa.Convert) -> None:
        """What goes by way of an ``unsafe.Pointer`` is not followed."""
        source, target = c.uses.type_of[instr.x], instr.type
        for t, other in ((source, target), (target, source)):
            if self._hides(t) and self.kinds.is_unsafe_pointer(other):
                refused = Refused(
                    instr.pos,
                    f"conversion of {self.kinds.string(source)} to {self.kinds.string(target)}: there is a "
                    "function or an interface in what it points to, which would be lost sight of",
                    "keep functions and interfaces out of what is handed to the kernel",
                )
                self.refused.append((c.body, refused))

    def _hides(self, t: int) -> bool:
        under = self.kinds.under(t)
        return isinstance(under, ssa.Pointer) and self.kinds.carries(under.elem)

    def _alloc(self, c: Clone, instr: ssa.Alloc | ssa.MakeSlice) -> None:
        elem = self.kinds.elem(instr.type)
        if self.kinds.leaves(elem):
            self._add(self._node((c.number, instr.id, ())), {Cell(c.number, instr.id)})
            if instr.id not in c.split.assigned and not self._assigned_first(c, instr.id):
                self._zero(("c", c.number, instr.id), elem)

    def _assigned_first(self, c: Clone, variable: int) -> bool:
        """Whether it is given a value before anything else happens to it."""
        block, at = c.uses.place[variable]
        users = [i for b, i in c.uses.of(variable) if b == block and i > at]
        first = c.body.blocks[block].instrs[min(users)] if users else None
        return isinstance(first, ssa.Store) and first.addr == variable

    def _unop(self, c: Clone, instr: ssa.UnOp) -> None:
        if instr.operator == "*":
            self._load(c, instr.x, (c.number, instr.id, ()), instr.type)

    def _load(self, c: Clone, address: int, target: tuple[object, ...], t: int) -> None:
        if not self.kinds.leaves(t):
            return

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell):
                self._assign(("c", thing.clone, thing.id, thing.path), target, t)
            elif thing == NIL:
                *to, at = target
                assert isinstance(at, tuple)
                for path, _ in self.kinds.leaves(t):
                    self._add(self._node((*to, at + path)), {NIL})

        self._watch(self._node((c.number, address, ())), told)

    def _store(self, c: Clone, instr: ssa.Store) -> None:
        t = c.uses.type_of[instr.value]
        if not self.kinds.leaves(t):
            return

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell):
                self._assign((c.number, instr.value, ()), ("c", thing.clone, thing.id, thing.path), t)

        self._watch(self._node((c.number, instr.addr, ())), told)

    def _part(self, c: Clone, instr: ssa.FieldAddr | ssa.IndexAddr | ssa.SliceOp) -> None:
        """The address of a part; a slice is the address of its elements."""
        if not self.kinds.leaves(instr.type):
            return
        step: Path = (instr.field,) if isinstance(instr, ssa.FieldAddr) else (ANY,)
        if isinstance(self.kinds.under(c.uses.type_of[instr.x]), ssa.Slice):
            step = ()
        result = self._node((c.number, instr.id, ()))

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell):
                self._add(result, {thing._replace(path=thing.path + step)})
            elif thing == NIL:
                self._add(result, {NIL})

        self._watch(self._node((c.number, instr.x, ())), told)

    def _to_array(self, c: Clone, instr: ssa.SliceToArrayPointer) -> None:
        result = self._node((c.number, instr.id, ()))

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell) and thing.path[-1:] == (ANY,):
                self._add(result, {thing._replace(path=thing.path[:-1])})

        self._watch(self._node((c.number, instr.x, ())), told)

    def _take(self, c: Clone, instr: ssa.FieldOp | ssa.Index | ssa.Extract) -> None:
        """A part of a value."""
        if isinstance(instr, ssa.Extract):
            whole, step = instr.tuple, instr.index
        else:
            whole, step = instr.x, instr.field if isinstance(instr, ssa.FieldOp) else ANY
        self._assign((c.number, whole, (step,)), (c.number, instr.id, ()), instr.type)

    def _phi(self, c: Clone, instr: ssa.Phi) -> None:
        for edge in instr.edges:
            self._assign((c.number, edge, ()), (c.number, instr.id, ()), instr.type)

    def _make_interface(self, c: Clone, instr: ssa.MakeInterface) -> None:
        if self.kinds.is_interface(instr.type):
            thing = Dyn(c.uses.type_of[instr.x], c.number, instr.x, instr.id)
            self._add(self._node((c.number, instr.id, ())), {thing})

    def _assert(self, c: Clone, instr: ssa.TypeAssert) -> None:
        at: Path = (0,) if instr.comma_ok else ()
        result = (c.number, instr.id, at)
        if not self.kinds.leaves(instr.asserted):
            return
        if instr.comma_ok:
            for path, value in self.kinds.leaves(instr.asserted):
                if value:
                    self._add(self._node((c.number, instr.id, at + path)), {NIL})

        def told(thing: Thing) -> None:
            if not isinstance(thing, Dyn):
                return
            if self.kinds.is_interface(instr.asserted):
                if instr.asserted in self.implements.get(thing.type, ()):
                    self._add(self._node(result), {thing})
            elif thing.type == instr.asserted:
                self._assign((thing.clone, thing.value, ()), result, thing.type)

        self._watch(self._node((c.number, instr.x, ())), told)

    def _make_closure(self, c: Clone, instr: ssa.MakeClosure) -> None:
        target = c.body.values[instr.fn]
        assert isinstance(target, ssa.FuncRef)
        made = Fun(target.index, c.number, instr.id) if instr.bindings else Fun(target.index)
        self._add(self._node((c.number, instr.id, ())), {made})

    def _return(self, c: Clone, instr: ssa.Return) -> None:
        for n, x in enumerate(instr.results):
            self._assign((c.number, x, ()), ("r", c.number, (n,)), c.uses.type_of[x])

    # calls

    def _call(self, c: Clone, instr: ssa.Call) -> None:
        target = c.body.values[instr.fn] if instr.fn < len(c.body.values) else None
        if instr.method:
            self._invoke(c, instr)
        elif isinstance(target, ssa.Builtin):
            self._builtin(c, instr, target.name)
        elif isinstance(target, ssa.FuncRef):
            if calls_back(self.doc, c.body, instr):
                self._dynamic(c, instr, instr.args[-1], [])
            elif self.doc.functions[target.index].blocks:
                self._enter(c, instr, Fun(target.index), instr.args)
        else:
            self._dynamic(c, instr, instr.fn, instr.args)

    def _dynamic(self, c: Clone, instr: ssa.Call, function: int, args: list[int]) -> None:
        def told(thing: Thing) -> None:
            if isinstance(thing, Fun):
                self._enter(c, instr, thing, args)
            elif thing == NIL:
                c.nil_calls.add(instr.id)

        self._watch(self._node((c.number, function, ())), told)

    def _enter(self, c: Clone, instr: ssa.Call, fun: Fun, args: list[int]) -> Clone | None:
        """Bind what a call hands in, what the function captures, and what comes back."""
        function = self.doc.functions[fun.fn]
        if not function.blocks:
            c.targets.setdefault(instr.id, {})[fun] = self._without_body(c, fun.fn)
            return None
        callee = self.target(c, instr.id, fun.fn, fun, instr.pos)
        c.targets.setdefault(instr.id, {})[fun] = callee
        for n, x in enumerate(args):
            self._assign((c.number, x, ()), (callee.number, n, ()), c.uses.type_of[x])
        if fun.clone >= 0:
            maker = self.clones[fun.clone]
            made = maker.uses.made_by[fun.made]
            assert isinstance(made, ssa.MakeClosure)
            for n, x in enumerate(made.bindings, function.params):
                self._assign((maker.number, x, ()), (callee.number, n, ()), maker.uses.type_of[x])
        self._results(c, instr, callee)
        return callee

    def _without_body(self, c: Clone, fn: int) -> Clone:
        return Clone(-1, fn, Split(self.doc.functions[fn], set()), c.uses)

    def _results(self, c: Clone, instr: ssa.Call, callee: Clone) -> None:
        results = self.kinds.results(self.doc.functions[callee.fn].type)
        for n, t in enumerate(results):
            at: Path = () if len(results) == 1 else (n,)
            self._assign(("r", callee.number, (n,)), (c.number, instr.id, at), t)

    def _invoke(self, c: Clone, instr: ssa.Call) -> None:
        def told(thing: Thing) -> None:
            if isinstance(thing, Dyn):
                self._method(c, instr, thing)
            elif thing == NIL:
                c.nil_calls.add(instr.id)

        self._watch(self._node((c.number, instr.fn, ())), told)

    def _method(self, c: Clone, instr: ssa.Call, held: Dyn) -> None:
        fn = self.methods.get(held.type, {}).get(instr.method)
        if fn is None:
            return
        if not self.doc.functions[fn].blocks:  # the compiler makes it
            c.targets.setdefault(instr.id, {})[held.type] = self._without_body(c, fn)
            return
        callee = self.target(c, instr.id, fn, held.type, instr.pos)
        c.targets.setdefault(instr.id, {})[held.type] = callee
        self._assign((held.clone, held.value, ()), (callee.number, 0, ()), held.type)
        for n, x in enumerate(instr.args, 1):
            self._assign((c.number, x, ()), (callee.number, n, ()), c.uses.type_of[x])
        self._results(c, instr, callee)

    def _builtin(self, c: Clone, instr: ssa.Call, name: str) -> None:
        if name in ("append", "ssa:wrapnilchk"):
            for x in instr.args:
                self._assign((c.number, x, ()), (c.number, instr.id, ()), instr.type)
        if name == "clear":
            self._clear(c, instr.args[0])
        if name in ("append", "copy") and len(instr.args) == 2:
            self._move(c, instr.args[1], instr.args[0])

    def _clear(self, c: Clone, target: int) -> None:
        t = c.uses.type_of[target]
        if not self.kinds.leaves(t):
            return

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell):
                elem = self.kinds.elem(t)
                for path, _ in self.kinds.leaves(elem):
                    self._add(self._node(("c", thing.clone, thing.id, thing.path + path)), {NIL})

        self._watch(self._node((c.number, target, ())), told)

    def _move(self, c: Clone, source: int, target: int) -> None:
        """The elements of one slice into those of another."""
        t = c.uses.type_of[target]
        if not self.kinds.leaves(t):
            return
        elem = self.kinds.elem(t)
        between = ("moved", c.number, source, target)
        self._load(c, source, (*between, ()), elem)

        def told(thing: Thing) -> None:
            if isinstance(thing, Cell):
                self._assign((*between, ()), ("c", thing.clone, thing.id, thing.path), elem)

        self._watch(self._node((c.number, target, ())), told)


_HANDLERS: dict[type, Callable[..., object]] = {
    ssa.Alloc: Analysis._alloc,
    ssa.MakeSlice: Analysis._alloc,
    ssa.UnOp: Analysis._unop,
    ssa.Store: Analysis._store,
    ssa.FieldAddr: Analysis._part,
    ssa.IndexAddr: Analysis._part,
    ssa.SliceOp: Analysis._part,
    ssa.SliceToArrayPointer: Analysis._to_array,
    ssa.FieldOp: Analysis._take,
    ssa.Index: Analysis._take,
    ssa.Extract: Analysis._take,
    ssa.Phi: Analysis._phi,
    ssa.ChangeType: Analysis._flow,
    ssa.ChangeInterface: Analysis._flow,
    ssa.Convert: Analysis._convert,
    ssa.MakeInterface: Analysis._make_interface,
    ssa.TypeAssert: Analysis._assert,
    ssa.MakeClosure: Analysis._make_closure,
    ssa.Return: Analysis._return,
    ssa.Call: Analysis._call,
}
