"""Runes: ``range`` over a string, and a string of one rune. Go's own UTF-8: what is no character is
U+FFFD, one byte wide."""

from __future__ import annotations

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import strings
from tinybpf.compiler.lower.builder import Operand, SliceValue, TupleValue, plus
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.refuse import GO_MAP, Refused

NONE = 0xFFFD
RUNE_BYTES = 4

DECODE = "@ebpf.rune"
DECODER = f"""\
define internal i64 {DECODE}(i64 %a, i64 %b, i64 %c, i64 %d) alwaysinline nounwind {{
  %b.top = and i64 %b, 192
  %b.ok = icmp eq i64 %b.top, 128
  %c.top = and i64 %c, 192
  %c.ok = icmp eq i64 %c.top, 128
  %d.top = and i64 %d, 192
  %d.ok = icmp eq i64 %d.top, 128
  %b.low = and i64 %b, 63
  %c.low = and i64 %c, 63
  %d.low = and i64 %d, 63
  br i1 %b.ok, label %more, label %none
more:
  %a.two = sub i64 %a, 194
  %is.two = icmp ult i64 %a.two, 30
  br i1 %is.two, label %two, label %not.two
two:
  %two.a = and i64 %a, 31
  %two.high = shl i64 %two.a, 6
  %two.rune = or i64 %two.high, %b.low
  %two.made = or i64 %two.rune, {2 << 32}
  ret i64 %two.made
not.two:
  br i1 %c.ok, label %longer, label %none
longer:
  %a.three = and i64 %a, 240
  %is.three = icmp eq i64 %a.three, 224
  br i1 %is.three, label %three, label %not.three
three:
  %three.a = and i64 %a, 15
  %three.high = shl i64 %three.a, 12
  %three.mid = shl i64 %b.low, 6
  %three.upper = or i64 %three.high, %three.mid
  %three.rune = or i64 %three.upper, %c.low
  %three.short = icmp ult i64 %three.rune, 2048
  %three.half = and i64 %three.rune, 63488
  %three.surrogate = icmp eq i64 %three.half, 55296
  %three.bad = or i1 %three.short, %three.surrogate
  %three.made = or i64 %three.rune, {3 << 32}
  br i1 %three.bad, label %none, label %three.good
three.good:
  ret i64 %three.made
not.three:
  br i1 %d.ok, label %four, label %none
four:
  %a.four = and i64 %a, 248
  %is.four = icmp eq i64 %a.four, 240
  %four.a = and i64 %a, 7
  %four.high = shl i64 %four.a, 18
  %four.mid = shl i64 %b.low, 12
  %four.lower = shl i64 %c.low, 6
  %four.upper = or i64 %four.high, %four.mid
  %four.most = or i64 %four.upper, %four.lower
  %four.rune = or i64 %four.most, %d.low
  %four.offset = sub i64 %four.rune, 65536
  %four.fits = icmp ult i64 %four.offset, {0x110000 - 0x10000}
  %four.ok = and i1 %is.four, %four.fits
  %four.made = or i64 %four.rune, {4 << 32}
  br i1 %four.ok, label %four.good, label %none
four.good:
  ret i64 %four.made
none:
  ret i64 {1 << 32 | NONE}
}}
"""
"""The rune that begins with the byte ``a`` (128 or more), and in bits 32 and up how many bytes it has;
a byte behind the string's end comes as 0."""


class Iterator(msgspec.Struct, frozen=True):
    """A ``range`` over a string: the variable that has the place of the next rune."""

    text: SliceValue
    slot: str


@lowers(ssa.Range)
def range_(f: FunctionLowering, instr: ssa.Range) -> None:
    if not f.types.is_string(f.type_of(instr.x)):
        f.check_operands(instr)
        raise Refused(instr.pos, f.types.problem(f.type_of(instr.x)) or GO_MAP)
    slot = f.b.slot("i64", 8)
    f.b.emit(f"store i64 0, ptr {slot}, align 8")
    f.iterators[instr.id] = Iterator(f.slice(instr.x), slot)


@lowers(ssa.Next)
def next_(f: FunctionLowering, instr: ssa.Next) -> Operand:
    f.check_operands(instr)
    it, b = f.iterators[instr.iter], f.b
    at = b.value(f"load i64, ptr {it.slot}, align 8")
    before = b.label
    there, ascii_, wide, found, done = (
        b.new_label(f"rune.{n}") for n in ("there", "ascii", "wide", "found", "done")
    )
    b.branch(b.value(f"icmp ult i64 {at}, {it.text.len}"), there, done)
    b.start(there)
    first = b.value(f"zext i8 {strings.byte_within(f, it.text, at)} to i64")
    b.branch(b.value(f"icmp ult i64 {first}, 128"), ascii_, wide)
    b.start(ascii_)
    after_one = b.value(f"add nuw i64 {at}, 1")
    b.emit(f"store i64 {after_one}, ptr {it.slot}, align 8")
    b.jump(found)
    b.start(wide)
    decoded = _decode(f, it.text, at, first)
    width = b.value(f"lshr i64 {decoded}, 32")
    b.emit(f"store i64 {b.value(f'add nuw i64 {at}, {width}')}, ptr {it.slot}, align 8")
    rest = b.label
    b.jump(found)
    b.start(found)
    made = b.value(f"phi i64 [ {first}, %{ascii_} ], [ {decoded}, %{rest} ]")
    rune = b.value(f"trunc i64 {made} to i32")
    b.jump(done)
    b.start(done)
    ok = b.value(f"phi i1 [ false, %{before} ], [ true, %{found} ]")
    shown = b.value(f"phi i32 [ 0, %{before} ], [ {rune}, %{found} ]")
    return TupleValue((ok, at, shown))


def _decode(f: FunctionLowering, text: SliceValue, at: str, first: str) -> str:
    f.m.decodes = True
    return f.b.value(f"call i64 {DECODE}(i64 {first}{''.join(_following(f, text, at))})")


def _following(f: FunctionLowering, text: SliceValue, at: str) -> list[str]:
    """The three bytes behind ``at``, as arguments."""
    b, found = f.b, []
    for n in range(1, RUNE_BYTES):
        place = b.value(f"add nuw i64 {at}, {n}")
        inside = b.value(f"icmp ult i64 {place}, {text.len}")
        before, read, done = b.label, b.new_label("rune.read"), b.new_label("rune.next")
        b.branch(inside, read, done)
        b.start(read)
        byte = b.value(f"zext i8 {strings.byte_within(f, text, place)} to i64")
        last = b.label
        b.jump(done)
        b.start(done)
        found.append(f", i64 {b.value(f'phi i64 [ 0, %{before} ], [ {byte}, %{last} ]')}")
    return found


def of_rune(f: FunctionLowering, value: str, t: int) -> SliceValue:
    """``string(r)``: the bytes of one rune, in a variable of their own."""
    b = f.b
    r = f.widen(value, t)
    slot = b.slot(f"[{RUNE_BYTES} x i8]", 8)
    b.emit(f"store i32 0, ptr {slot}, align 8")
    if f.types.bits(t) == 64 and not f.types.is_signed(t):
        huge = b.value(f"icmp slt i64 {r}, 0")
        r = b.value(f"select i1 {huge}, i64 {NONE}, i64 {r}")
    big = b.value(f"icmp ugt i64 {r}, {0x10FFFF}")
    surrogate = b.value(f"icmp eq i64 {b.value(f'and i64 {r}, -2048')}, {0xD800}")
    r = b.value(f"select i1 {b.value(f'or i1 {big}, {surrogate}')}, i64 {NONE}, i64 {r}")
    done, edges = b.new_label("encoded"), []
    for length, limit in ((1, 0x80), (2, 0x800), (3, 0x10000), (4, 0)):
        this, other = b.new_label("bytes"), b.new_label("longer")
        if limit:
            b.branch(b.value(f"icmp ult i64 {r}, {limit}"), this, other)
            b.start(this)
        for n in range(length):
            b.emit(f"store i8 {_encoded(f, r, length, n)}, ptr {plus(b, slot, n)}, align 1")
        edges.append(f"[ {length}, %{b.label} ]")
        b.jump(done)
        if limit:
            b.start(other)
    b.start(done)
    return SliceValue(slot, "0", b.value(f"phi i64 {', '.join(edges)}"), str(RUNE_BYTES))


def _encoded(f: FunctionLowering, r: str, length: int, n: int) -> str:
    """Byte ``n`` of the ``length`` that encode a rune."""
    b = f.b
    moved = b.value(f"lshr i64 {r}, {6 * (length - 1 - n)}")
    if length == 1:
        made = moved
    elif n:
        made = b.value(f"or i64 {b.value(f'and i64 {moved}, 63')}, 128")
    else:
        made = b.value(f"or i64 {moved}, {(0xF00 >> length) & 0xFF}")
    return b.value(f"trunc i64 {made} to i8")
