"""Strings: constants, strings in memory, bytes, comparison.

A string is four values, like a slice: base, offset, length, end. ``end`` only tells the verifier how
far the base goes; Go's own check is against the length. ``pool`` says what a string is in memory.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import panics
from tinybpf.compiler.lower.builder import Operand, SliceValue, hide, plus
from tinybpf.compiler.lower.pointsto import NIL, STRINGS, Place
from tinybpf.compiler.lower.refuse import LoweringFault, Refused
from tinybpf.compiler.pool import BITS, LIMIT, packed

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering
    from tinybpf.compiler.lower.values import Values

POOL = "@ebpf.strings"
MAX_UNROLLED = 64
"""The longest constant that is compared byte by byte without a loop."""

CONCATENATION = "strings are put together on the heap, which the kernel does not have"
CONCATENATION_HINT = "append the parts to a byte slice: b = append(b, s...), b being made with a capacity"


def constant(f: Values, text: bytes) -> SliceValue:
    """A string constant: a part of the run of bytes that has all of them."""
    pool = f.m.pool
    if len(pool.data) >= LIMIT:
        raise Refused(
            f.pos, f"all string constants together take {len(pool.data)} bytes; they may take {LIMIT - 1}"
        )
    if text and text not in pool:
        raise LoweringFault("a string constant that is not in the pool")
    f.m.pool_used = True
    return SliceValue(POOL, str(pool.place(text)), str(len(text)), str(len(pool.data)))


def known(f: Values, s: SliceValue) -> bytes | None:
    """The bytes of a constant, None of any other string."""
    if s.base != POOL or not (_literal(s.off) and _literal(s.len)):
        return None
    return f.m.pool.data[int(s.off) : int(s.off) + int(s.len)]


def _literal(value: str) -> bool:
    return value.isdigit()


# --- in memory


def load(f: Values, ptr: str, places: Set[Place]) -> SliceValue:
    """A string of 16 bytes at ``ptr``, which may lead to ``places``."""
    b, pool = f.b, f.m.pool
    word = b.value(f"load i64, ptr {plus(b, ptr, 8)}, align 8")
    places = places - {NIL}
    # The masks are as narrow as they can be: they are what the verifier knows of offset and length.
    if places <= {STRINGS}:
        f.m.pool_used = True
        off = _field(f, word, 0, len(pool.data).bit_length())
        length = _field(f, word, BITS, max(1, pool.longest.bit_length()))
        return SliceValue(POOL, off, length, str(len(pool.data)))
    ends = extents(f, places)
    largest = max(((e if e is not None else LIMIT - 1) for e in ends), default=LIMIT - 1)
    base = b.value(f"load ptr, ptr {ptr}, align 8")
    end = str(largest) if len(ends) == 1 and None not in ends else _field(f, word, 2 * BITS, BITS)
    if STRINGS in places:
        f.m.pool_used = True
        none = b.value(f"icmp eq ptr {base}, null")
        base = b.value(f"select i1 {none}, ptr {POOL}, ptr {base}")
        end = b.value(f"select i1 {none}, i64 {len(pool.data)}, i64 {end}")
    width = largest.bit_length()
    return SliceValue(base, _field(f, word, 0, width), _field(f, word, BITS, width), end)


def _field(f: Values, word: str, at: int, width: int) -> str:
    moved = f.b.value(f"lshr i64 {word}, {at}") if at else word
    return f.b.value(f"and i64 {moved}, {(1 << width) - 1}")


def store(f: Values, s: SliceValue, ptr: str, places: Set[Place]) -> None:
    """A string that may lead to ``places``, as 16 bytes."""
    b = f.b
    if places <= {STRINGS, NIL}:
        base, end = "null", "0"
    else:
        base, end = s.base, s.end
        if None in extents(f, places) and not _literal(s.end):
            f.panic_if(b.value(f"icmp ugt i64 {s.end}, {LIMIT - 1}"), panics.STRING)
        elif _literal(s.end) and int(s.end) >= LIMIT:
            raise Refused(f.pos, f"a string in {s.end} bytes; it may be in {LIMIT - 1}")
    b.emit(f"store ptr {base}, ptr {ptr}, align 8")
    if all(_literal(part) for part in (s.off, s.len, end)):
        word = str(packed(int(s.off), int(s.len), int(end)))
    else:
        word = s.off
        for part, at in ((s.len, BITS), (end, 2 * BITS)):
            if part != "0":
                word = b.value(f"or i64 {word}, {b.value(f'shl i64 {part}, {at}')}")
    b.emit(f"store i64 {word}, ptr {plus(b, ptr, 8)}, align 8")


def settled(f: Values, s: SliceValue, places: Set[Place], travelled: bool = False) -> SliceValue:
    """The same string, with the end that all it may be a part of have, where that is known.

    One that has ``travelled`` to a function or back comes from memory, where the verifier may have lost
    what it knew of offset and length.
    """
    ends = extents(f, places)
    if len(ends) != 1 or None in ends:
        return s
    end = next(e for e in ends if e is not None)
    if not travelled:
        return SliceValue(s.base, s.off, s.len, str(end))
    off, length = (_field(f, part, 0, end.bit_length()) for part in (s.off, s.len))
    return SliceValue(s.base, off, length, str(end))


def extents(f: Values, places: Set[Place]) -> set[int | None]:
    """How many bytes those things have that a string or byte slice may be a part of, None where that is not
    known."""
    return {_extent(f, p) for p in places if p != NIL and not f.m.views.makes_nothing(p)}


def _extent(f: Values, place: Place) -> int | None:
    if place == STRINGS:
        return len(f.m.pool.data)
    if place.kind == "local":
        made = f.m.points.uses[place.function].made_by[place.id]
        if isinstance(made, ssa.Convert):
            return f.m.copies.get((place.function, place.id))
        t = f.types.elem(made.type) if isinstance(made, ssa.Alloc) else None
    else:
        t = f.m.doc.globals[place.id].type if place.kind == "global" else None
    under = f.types.under(t) if t is not None else None
    if not isinstance(under, ssa.Array) or f.types.size(under.elem) != 1:
        return None
    return under.len if under.len < LIMIT else None


# --- bytes


def index(f: FunctionLowering, instr: ssa.Index) -> Operand:
    s, at = f.slice(instr.x), f.index64(instr.index)
    if not f.is_exact(instr.x, instr.index):
        return byte(f, s, at)
    f.panic_if(f.b.value(f"icmp uge i64 {at}, {s.len}"), panics.INDEX)
    place = f.b.value(f"add i64 {s.off}, {at}")
    if any(p.kind == "local" for p in f.places(instr.x)):
        place = f.opaque(place)
    return f.b.value(f"load i8, ptr {plus(f.b, s.base, place)}, align 1")


def byte(f: Values, s: SliceValue, at: str) -> str:
    """Byte ``at`` of a string, an ``i8``; or the program ends."""
    if _literal(s.off) and _literal(s.len):
        base, used = plus(f.b, s.base, int(s.off)), f.guard(at, s.len)
    else:
        f.panic_if(f.b.value(f"icmp uge i64 {at}, {s.len}"), panics.INDEX)
        base, used = s.base, _inside(f, s, at)
    return f.b.value(f"load i8, ptr {plus(f.b, base, used)}, align 1")


def byte_within(f: Values, s: SliceValue, at: str) -> str:
    """Byte ``at``, which is below the length."""
    return f.b.value(f"load i8, ptr {plus(f.b, s.base, _inside(f, s, at))}, align 1")


def _inside(f: Values, s: SliceValue, at: str) -> str:
    """The offset from the base of byte ``at``, which is below the length, so that the verifier knows it to be
    below the end. A mask says that without a check; and it keeps the verifier from learning from one what the
    string's own offset can be, which would be something else in each turn of a loop."""
    b = f.b
    place = at if s.off == "0" else b.value(f"add i64 {s.off}, {at}")
    if not _literal(s.end) or not int(s.end):
        return f.guard(place, s.end)
    whole = not int(s.end) & (int(s.end) - 1)
    if not whole and s.off == "0":
        return f.guard(place, s.end)
    constant_ = b.value(f"call i1 @llvm.is.constant.i64(i64 {place})")
    mask = (1 << (int(s.end) - 1).bit_length()) - 1
    masked = b.value(f"and i64 {hide(b, place)}, {mask}")
    if not whole:
        return f.guard(b.value(f"select i1 {constant_}, i64 {place}, i64 {masked}"), s.end)
    return b.value(f"select i1 {constant_}, i64 {place}, i64 {hide(b, masked)}")


# --- comparison


def equal(f: Values, x: SliceValue, y: SliceValue) -> str:
    """An ``i1``: whether two strings are equal."""
    if known(f, x) is not None:
        x, y = y, x
    text, other = known(f, y), known(f, x)
    if text is not None and other is not None:
        return "true" if text == other else "false"
    b = f.b
    same = "true" if x.len == y.len else b.value(f"icmp eq i64 {x.len}, {y.len}")
    if text == b"":
        return same
    before, compare, differ, done = b.label, *(b.new_label(n) for n in ("compare", "differ", "compared"))
    b.branch(same, compare, done)
    b.start(compare)
    if text is not None and len(text) <= MAX_UNROLLED:
        _compare_text(f, x, text, differ)
    else:
        _compare_bytes(f, x, y, differ)
    last = b.label
    b.jump(done)
    b.start(differ)
    b.jump(done)
    b.start(done)
    return b.value(f"phi i1 [ false, %{before} ], [ true, %{last} ], [ false, %{differ} ]")


def _compare_text(f: Values, x: SliceValue, text: bytes, differ: str) -> None:
    """Goes to ``differ`` unless the bytes of ``x``, as many as there are of ``text``, are these."""
    b = f.b
    whole = x.base
    if whole.startswith("@") and whole != POOL:
        # Of a variable LLVM would read and compare all bytes before it looks at what came out.
        whole = hide(b, whole, "ptr")
    base = plus(b, whole, f.guard(x.off, _minus(f, x.end, len(text)), "ule"))
    align = f.b.alignment(x.base, x.off)
    at = 0
    while at < len(text):
        step = next(n for n in (8, 4, 2, 1) if n <= min(align, len(text) - at))
        value = int.from_bytes(text[at : at + step], "little")
        loaded = b.value(f"load i{step * 8}, ptr {plus(b, base, at)}, align {step}")
        following = b.new_label("compare")
        b.branch(b.value(f"icmp eq i{step * 8} {loaded}, {value}"), following, differ)
        b.start(following)
        at += step


def _minus(f: Values, x: str, n: int) -> str:
    return str(int(x) - n) if _literal(x) else f.b.value(f"sub i64 {x}, {n}")


def _compare_bytes(f: Values, x: SliceValue, y: SliceValue, differ: str) -> None:
    """The same with another string of the same length."""
    b = f.b
    head, body, done = (b.new_label(n) for n in ("bytes", "bytes.body", "bytes.same"))
    count = _loose(f, x.len, x)
    turn = _counter(f, head)
    b.branch(b.value(f"icmp ult i64 {turn.name}, {count}"), body, done)
    b.start(body)
    same = b.value(f"icmp eq i8 {byte_within(f, x, turn.name)}, {byte_within(f, y, turn.name)}")
    following = b.new_label("bytes.next")
    b.branch(same, following, differ)
    b.start(following)
    turn.again(f)
    b.start(done)


def _loose(f: Values, length: str, s: SliceValue) -> str:
    """A length for a loop to compare with. The verifier would learn from each turn what the length itself
    can be, and so go through all that follows once for each number of turns; the mask keeps them apart."""
    if _literal(length) or not _literal(s.end):
        return length
    return f.b.value(f"and i64 {hide(f.b, length)}, {(1 << int(s.end).bit_length()) - 1}")


class _Turn:
    """The counter of a loop that begins here."""

    def __init__(self, name: str, line: int, before: str, head: str) -> None:
        self.name, self.line, self.before, self.head = name, line, before, head

    def again(self, f: Values) -> None:
        b = f.b
        following = b.value(f"add nuw i64 {self.name}, 1")
        back = b.label
        b.jump(self.head)
        b.lines[self.line] = f"  {self.name} = phi i64 [ 0, %{self.before} ], [ {following}, %{back} ]{b.dbg}"


def _counter(f: Values, head: str) -> _Turn:
    b = f.b
    before = b.label
    b.jump(head)
    b.start(head)
    line = b.reserve()
    return _Turn(f"%turn.{line}", line, before, head)


def ordered(f: Values, op: str, x: SliceValue, y: SliceValue) -> str:
    """An ``i1``: ``x op y``, ``op`` being one of ``< <= > >=``."""
    if op in (">", "<="):
        x, y = y, x
    less = _less(f, x, y)
    return less if op in ("<", ">") else f.b.value(f"xor i1 {less}, true")


def _less(f: Values, x: SliceValue, y: SliceValue) -> str:
    """The first bytes that differ decide, or else the lengths."""
    b = f.b
    shorter = b.value(f"icmp ult i64 {x.len}, {y.len}")
    least = b.value(f"select i1 {shorter}, i64 {x.len}, i64 {y.len}")
    count = _loose(f, least, x if _literal(x.end) else y)
    names = ("bytes", "bytes.body", "bytes.differ", "bytes.next", "bytes.done")
    head, body, differ, following, done = (b.new_label(n) for n in names)
    turn = _counter(f, head)
    b.branch(b.value(f"icmp ult i64 {turn.name}, {count}"), body, done)
    b.start(body)
    left, right = byte_within(f, x, turn.name), byte_within(f, y, turn.name)
    b.branch(b.value(f"icmp eq i8 {left}, {right}"), following, differ)
    b.start(following)
    turn.again(f)
    b.start(differ)
    below = b.value(f"icmp ult i8 {left}, {right}")
    b.jump(done)
    b.start(done)
    return b.value(f"phi i1 [ {shorter}, %{head} ], [ {below}, %{differ} ]")


def extreme(f: FunctionLowering, name: str, args: list[int]) -> SliceValue:
    """The built-in ``min`` or ``max`` of strings; of equal ones the first."""
    b, best = f.b, f.slice(args[0])
    for x in args[1:]:
        other = f.slice(x)
        better = _less(f, other, best) if name == "min" else _less(f, best, other)
        parts = [
            part if part == new else b.value(f"select i1 {better}, {ir} {new}, {ir} {part}")
            for ir, part, new in zip(
                ("ptr", "i64", "i64", "i64"),
                (best.base, best.off, best.len, best.end),
                (other.base, other.off, other.len, other.end),
                strict=True,
            )
        ]
        best = SliceValue(*parts)
    return best
