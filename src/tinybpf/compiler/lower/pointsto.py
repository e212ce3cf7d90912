"""What each pointer may point to, over all functions of a program.

Inclusion-based, insensitive to flow, context and fields. Besides the program's own variables
there are five places that a pointer can lead to: the program's context, memory that the kernel
hands out (map values, reservations, kernel structures), an address made from an integer (packet
data), the string constants, and nowhere (nil).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.callbacks import callback_of, calls_back
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import Calls, Uses, instructions, operands
from tinybpf.compiler.resolve import ops


class Place(msgspec.Struct, frozen=True):
    """One thing that pointers can lead to. ``function`` and ``id`` name a local variable's
    ``Alloc``, the conversion that made a copy, or the call that the kernel's memory came from; for a
    package variable ``id`` is its index. ``field`` tells apart what a function value captures."""

    kind: str
    function: int = -1
    id: int = -1
    field: int = -1


_OF_ONE = (ssa.IndexAddr, ssa.Index, ssa.SliceOp)
"""Parts of one operand; the others are numbers, also where they are of type ``uintptr``."""

CONTEXT = Place("context")
KERNEL = Place("kernel")
INTEGER = Place("integer")
NIL = Place("nil")
STRINGS = Place("strings")


def local(function: int, value: int) -> Place:
    return Place("local", function, value)


def local_part(place: Place, field: int) -> Place:
    return Place("local", place.function, place.id, field)


def package_variable(index: int) -> Place:
    return Place("global", -1, index)


class PointsTo:
    """The solved analysis. ``functions`` are those to look at, the first parameter of ``entries`` is the
    context; to ``called`` the kernel gives what the other parameters are."""

    def __init__(
        self,
        doc: ssa.Document,
        types: Types,
        functions: Iterable[int],
        entries: Iterable[int],
        called: Iterable[int] = (),
        calls: Calls | None = None,
    ) -> None:
        self.doc = doc
        self.callees = (calls or Calls(doc.functions)).of
        self.types = types
        self._nodes: dict[object, int] = {}
        self._sets: list[set[Place]] = []
        self._copies: list[set[int]] = []
        self._loads: dict[int, set[int]] = defaultdict(set)
        self._stores: dict[int, set[int]] = defaultdict(set)
        self._moves: dict[int, set[int]] = defaultdict(set)
        self._fields: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._closures: set[tuple[int, int]] = set()
        self._work: list[tuple[int, set[Place]]] = []
        self.uses: dict[int, Uses] = {}
        for place in (CONTEXT, KERNEL, INTEGER):
            self._add(self._contents(place), {KERNEL, NIL})
        for i, variable in enumerate(doc.globals):
            begins = {NIL, STRINGS} if types.holds_string(variable.type) else {NIL}
            self._add(self._contents(package_variable(i)), begins)
        self._entries = set(entries)
        self._called = set(called)
        for f in functions:
            self._function(f)
        self._solve()

    # asking

    def value(self, function: int, value: int) -> set[Place]:
        """Where a value may lead; of an array or struct value, where what it holds may lead."""
        node = self._nodes.get((function, value))
        return self._sets[node] if node is not None else set()

    def contents(self, place: Place) -> set[Place]:
        """Where what is stored in a place may lead."""
        node = self._nodes.get(place)
        return self._sets[node] if node is not None else set()

    def holders(self, place: Place) -> set[Place]:
        """Where the address of a local variable, or of a part of it, may be kept."""
        wanted = (place.kind, place.function, place.id)
        return {
            key
            for key, node in self._nodes.items()
            if isinstance(key, Place) and any((p.kind, p.function, p.id) == wanted for p in self._sets[node])
        }

    # constraints

    def _node(self, key: object) -> int:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self._sets)
            self._sets.append(set())
            self._copies.append(set())
        return node

    def _contents(self, place: Place) -> int:
        return self._node(place)

    def _add(self, node: int, places: set[Place]) -> None:
        new = places - self._sets[node]
        if new:
            self._sets[node] |= new
            self._work.append((node, new))

    def _copy(self, source: int, target: int) -> None:
        if source != target and target not in self._copies[source]:
            self._copies[source].add(target)
            self._add(target, self._sets[source])

    def _solve(self) -> None:
        while self._work:
            node, new = self._work.pop()
            for target in self._copies[node]:
                self._add(target, new)
            for target, field in tuple(self._fields.get(node, ())):
                self._add(target, {self._part(place, field) for place in new})
            for target in tuple(self._loads.get(node, ())):
                for place in new - {NIL}:
                    self._copy(self._contents(place), target)
            for source in tuple(self._stores.get(node, ())):
                for place in new - {NIL}:
                    self._copy(source, self._contents(place))
            for target in tuple(self._moves.get(node, ())):
                for place in new - {NIL}:
                    self._stores[target].add(self._contents(place))
                    self._readd(target)

    def _readd(self, node: int) -> None:
        if self._sets[node]:
            self._work.append((node, set(self._sets[node])))

    # functions

    def _function(self, index: int) -> None:
        fn = self.doc.functions[index]
        self.uses[index] = Uses(fn)
        for number, value in enumerate(fn.values):
            self._leaf(index, number, value)
        for instr in instructions(fn):
            handler = _HANDLERS.get(type(instr), PointsTo._flow)
            handler(self, index, fn, instr)

    def _leaf(self, f: int, number: int, value: ssa.Value) -> None:
        leads = self._leads(f, number, value)
        if leads:
            self._add(self._node((f, number)), leads)

    def _leads(self, f: int, number: int, value: ssa.Value) -> set[Place] | None:
        if type(value) is ssa.GlobalRef:
            return {package_variable(value.index)}
        if type(value) is ssa.ConstString:
            return {STRINGS}
        if type(value) is ssa.Param and number == 0 and f in self._entries:
            return {CONTEXT}
        if isinstance(value, ops.FuncId):
            return {NIL}  # a number: it leads nowhere
        if not self.types.pointerful[value.type]:
            return None
        if type(value) is ssa.Param and f in self._called:
            return {KERNEL, NIL} if self.types.is_pointer(value.type) else {INTEGER}
        if type(value) is ssa.ConstNil:
            return {NIL}
        if type(value) is ssa.ConstInt:
            return {INTEGER} if value.value else {INTEGER, NIL}
        return None

    def _pointerful(self, instr: ssa.Instruction) -> bool:
        return self.types.pointerful[instr.type]  # type: ignore[union-attr]

    def _flow(self, f: int, fn: ssa.Function, instr: ssa.Instruction) -> None:
        """The result may lead wherever an operand does."""
        number = getattr(instr, "id", None)
        if number is None or not self._pointerful(instr):
            return
        node = self._node((f, number))
        for x in [instr.x] if isinstance(instr, _OF_ONE) else operands(instr):
            if self.types.pointerful[self.uses[f].type_of[x]]:
                self._copy(self._node((f, x)), node)
            elif isinstance(instr, ssa.Convert):
                self._add(node, {INTEGER})

    def _convert(self, f: int, fn: ssa.Function, instr: ssa.Convert) -> None:
        """To a string and from one the bytes are copied; a string of bytes may look at these instead."""
        source = self.uses[f].type_of[instr.x]
        to_string = self.types.is_string(instr.type)
        if not to_string and not self.types.is_string(source):
            self._flow(f, fn, instr)
            return
        node = self._node((f, instr.id))
        self._add(node, {local(f, instr.id)})
        if to_string and self.types.is_slice(source):
            self._copy(self._node((f, instr.x)), node)

    def _binop(self, f: int, fn: ssa.Function, instr: ssa.BinOp) -> None:
        """An address moved by a constant still leads where it did."""
        if self._pointerful(instr):
            for x in (instr.x, instr.y):
                if x >= len(fn.values) or not isinstance(fn.values[x], ssa.ConstInt):
                    self._copy(self._node((f, x)), self._node((f, instr.id)))

    def _alloc(self, f: int, fn: ssa.Function, instr: ssa.Alloc) -> None:
        place = local(f, instr.id)
        if instr.comment == ops.CAPTURES:
            self._closures.add((f, instr.id))
        self._add(self._node((f, instr.id)), {place})
        if not self._assigned_first(f, fn, instr.id):
            self._add(self._contents(place), {NIL})

    def _assigned_first(self, f: int, fn: ssa.Function, value: int) -> bool:
        """Whether the variable is given a value before anything else happens to it."""
        block, at = self.uses[f].place[value]
        users = [i for b, i in self.uses[f].of(value) if b == block and i > at]
        if not users:
            return False
        first = fn.blocks[block].instrs[min(users)]
        return isinstance(first, ssa.Store) and first.addr == value

    def _field(self, f: int, fn: ssa.Function, instr: ssa.FieldAddr) -> None:
        """Of function values what they capture is told apart, of other structs the fields are not."""
        source, target = self._node((f, instr.x)), self._node((f, instr.id))
        if self.types.string(self.types.elem(self.uses[f].type_of[instr.x])) == ops.CLOSURE:
            self._fields[source].append((target, instr.field))
            self._readd(source)
        else:
            self._copy(source, target)

    def _part(self, place: Place, field: int) -> Place:
        if place.kind != "local" or (place.function, place.id) not in self._closures:
            return place
        return local_part(place, field)

    def _load_if(self, f: int, fn: ssa.Function, instr: ops.LoadIf) -> None:
        if self._pointerful(instr):  # type: ignore[arg-type]
            source = self._node((f, instr.x))
            self._loads[source].add(self._node((f, instr.id)))
            self._readd(source)

    def _load(self, f: int, fn: ssa.Function, instr: ssa.UnOp) -> None:
        if instr.operator == "*" and self._pointerful(instr):
            source = self._node((f, instr.x))
            self._loads[source].add(self._node((f, instr.id)))
            self._readd(source)

    def _store(self, f: int, fn: ssa.Function, instr: ssa.Store) -> None:
        if self.types.pointerful[self.uses[f].type_of[instr.value]]:
            address = self._node((f, instr.addr))
            self._stores[address].add(self._node((f, instr.value)))
            self._readd(address)

    def _return(self, f: int, fn: ssa.Function, instr: ssa.Return) -> None:
        for n, x in enumerate(instr.results):
            self._copy(self._node((f, x)), self._node(("result", f, n)))

    def _call(self, f: int, fn: ssa.Function, instr: ssa.Call) -> None:
        result = self._node((f, instr.id))
        target = fn.values[instr.fn] if instr.fn < len(fn.values) else None
        if isinstance(target, ssa.FuncRef):
            callee = self.doc.functions[target.index]
            if callee.blocks:
                for n, x in enumerate(instr.args):
                    self._copy(self._node((f, x)), self._node((target.index, n)))
                for n in range(len(self._results(callee))):
                    self._copy(self._node(("result", target.index, n)), result)
                return
            self._kernel_call(f, instr, result, typed.builtin(callee))
        elif isinstance(target, ssa.Builtin):
            self._builtin(f, fn, instr, target.name)

    def _results(self, callee: ssa.Function) -> list[int]:
        t = self.types.under(callee.type)
        return t.results if isinstance(t, ssa.Signature) else []

    def _kernel_call(self, f: int, instr: ssa.Call, result: int, builtin: str | None) -> None:
        """A helper may give out its memory, and may write to what it is given."""
        if builtin is not None:
            self._called_back(f, instr)
            if builtin == "bytes_of":
                self._copy(self._node((f, instr.args[0])), result)
            elif self._pointerful(instr):
                self._add(result, {INTEGER, NIL} if builtin == "packet_at" else {INTEGER})
            return
        if self._pointerful(instr):
            given = Place("kernel", f, instr.id)
            self._add(result, {given, NIL})
            self._add(self._contents(given), {KERNEL, NIL})
        kernel = self._node("from the kernel")
        self._add(kernel, {KERNEL, NIL})
        for x in instr.args:
            address = self._node((f, x))
            self._stores[address].add(kernel)
            self._readd(address)

    def _called_back(self, f: int, instr: ssa.Call) -> None:
        """A callback gets the addresses of what it captures, and memory of a map."""
        fn = self.doc.functions[f]
        found = callback_of(fn, self.uses[f], instr.args[-1]) if calls_back(self.doc, fn, instr) else None
        if found is None:
            return
        index, bindings = found
        back = self.doc.functions[index]
        for n in range(back.params):
            if self.types.pointerful[back.values[n].type]:
                self._add(self._node((index, n)), {INTEGER})
        for n, binding in enumerate(bindings):
            self._copy(self._node((f, binding)), self._node((index, back.params + n)))

    def _builtin(self, f: int, fn: ssa.Function, instr: ssa.Call, name: str) -> None:
        if name not in ("append", "copy"):
            self._flow(f, fn, instr)
            return
        target = self._node((f, instr.args[0]))
        if name == "append":
            self._copy(target, self._node((f, instr.id)))
        if self.types.pointerful[self.types.elem(self.uses[f].type_of[instr.args[0]])]:
            source = self._node((f, instr.args[1]))
            self._moves[source].add(target)
            self._readd(source)


_HANDLERS: dict[type, Callable[..., None]] = {
    ssa.Alloc: PointsTo._alloc,
    ssa.BinOp: PointsTo._binop,
    ssa.Convert: PointsTo._convert,
    ssa.UnOp: PointsTo._load,
    ssa.Store: PointsTo._store,
    ssa.Return: PointsTo._return,
    ssa.Call: PointsTo._call,
    ssa.FieldAddr: PointsTo._field,
    ops.LoadIf: PointsTo._load_if,
}
