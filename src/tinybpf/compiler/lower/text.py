"""Conversions between strings, byte slices and runes."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import runes, slices, strings
from tinybpf.compiler.lower.builder import Operand, SliceValue, copy, plus, zero
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.pointsto import NIL, STRINGS
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.values import is_literal

MAX_COPY = 256
"""Bytes of stack that a copy of a string or of bytes may take."""


def convert(f: FunctionLowering, instr: ssa.Convert) -> Operand:
    """A conversion to a string, or from one."""
    types, source, target = f.types, f.type_of(instr.x), instr.type
    if types.is_string(source):
        if types.is_slice(target) and types.size(types.elem(target)) == 1:
            return _to_bytes(f, instr)
        raise Refused(
            instr.pos,
            f"conversion of {types.string(source)} to {types.string(target)}: the runes would be on the "
            "heap, which the kernel does not have",
            "go over them: for i, r := range s",
        )
    if types.is_int(source):
        f.m.copies[f.index, instr.id] = runes.RUNE_BYTES
        return runes.of_rune(f, f.scalar(instr.x), source)
    if types.is_slice(source) and types.size(types.elem(source)) == 1:
        return _to_string(f, instr)
    raise Refused(
        instr.pos,
        f"conversion of {types.string(source)} to {types.string(target)}: {strings.CONCATENATION}",
        strings.CONCATENATION_HINT,
    )


def _to_string(f: FunctionLowering, instr: ssa.Convert) -> SliceValue:
    s = f.slice(instr.x)
    written = f.m.views.writer(f.index, instr)
    if written is None:
        return s
    room = room_for(f, s, instr.x)
    if room is None or room > MAX_COPY:
        size = "of bytes whose number is not known" if room is None else f"of up to {room} bytes"
        raise Refused(
            instr.pos,
            f"this string {size} would have to be copied, since the bytes may be written (line "
            f"{written.line}) while it is in use; at most {MAX_COPY} are copied",
            "write the bytes after the last use of the string, or compare and print the bytes themselves",
        )
    f.m.copies[f.index, instr.id] = room
    return copied(f, s, room)


def _to_bytes(f: FunctionLowering, instr: ssa.Convert) -> SliceValue:
    s = f.slice(instr.x)
    room = room_for(f, s, instr.x)
    if room is None or room > MAX_COPY:
        size = "bytes whose number is not known" if room is None else f"up to {room} bytes"
        raise Refused(
            instr.pos,
            f"conversion of a string to a new slice of {size}: there is no heap, and at most {MAX_COPY} fit "
            "the stack",
            "copy what you need to an array of your own: n := copy(a[:], s)",
        )
    f.m.copies[f.index, instr.id] = room
    return copied(f, s, room)


def room_for(f: FunctionLowering, s: SliceValue, number: int) -> int | None:
    """The most bytes that a string or slice can have."""
    if is_literal(s.len):
        return int(s.len)
    places = f.places(number) - {NIL}
    if f.types.is_string(f.type_of(number)) and places <= {STRINGS}:
        return f.m.pool.longest
    known = strings.extents(f, places)
    if not known or None in known:
        return int(s.end) if is_literal(s.end) else None
    return max(n for n in known if n is not None)


def copied(f: FunctionLowering, s: SliceValue, room: int) -> SliceValue:
    """The bytes, at most ``room``, in a variable of their own that has a 0 behind them."""
    slot, text = f.b.slot(f"[{room + 1} x i8]", 8), strings.known(f, s)
    if f.b.label != "b0":
        f.b.at_entry(lambda: zero(f.b, slot, room + 1, 8))
    zero(f.b, slot, room + 1, 8)
    if text is not None:
        copy(f.b, slot, plus(f.b, s.base, s.off), len(text), 1)
        return SliceValue(slot, "0", s.len, str(room))
    if not room:
        return SliceValue(slot, "0", "0", "0")
    length = s.len if is_literal(s.len) else f.guard(s.len, str(room), "ule")
    made = SliceValue(slot, "0", length, str(room))
    slices.copy_elements(f, made, SliceValue(s.base, s.off, length, s.end), 1, one_base=True)
    return made
