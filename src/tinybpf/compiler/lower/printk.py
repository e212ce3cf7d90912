"""``ebpf.Printk``: Go's verbs for the kernel's, checked against the arguments.

The arguments are interfaces in Go, which nobody makes here: they are read off the instructions
that put them into the slice of the variadic call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.kernel.helpers import helper
from tinybpf.compiler.lower.builder import Memory, copy, plus
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.walk import Uses

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering

MAX_ARGUMENTS = 12
"""``MAX_BPRINTF_VARARGS`` of the kernel."""

MAX_TEXT = 64
"""Bytes of text that are printed by value, by way of the stack."""

_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?P<precision>(?:\.\d*)?)(?P<verb>.?)", re.DOTALL)
_SEPARATE = "write the arguments in the call of Printk itself"


class Printed(msgspec.Struct):
    """The calls of Printk in a function.

    ``arguments`` has by call the values that are printed, None where they cannot be told; ``parts``
    the identities of the instructions that only wrap them.
    """

    arguments: dict[int, list[int] | None] = {}
    parts: set[int] = set()


def printed(doc: ssa.Document, fn: ssa.Function, uses: Uses) -> Printed:
    """Finds the calls, and what they print."""
    found = Printed()
    for block in fn.blocks:
        for instr in block.instrs:
            if type(instr) is ssa.Call and _is_printk(doc, fn, instr):
                found.arguments[instr.id] = _arguments(fn, uses, instr, found.parts)
    return found


def _is_printk(doc: ssa.Document, fn: ssa.Function, call: ssa.Call) -> bool:
    target = fn.values[call.fn] if call.fn < len(fn.values) else None
    return isinstance(target, ssa.FuncRef) and typed.builtin(doc.functions[target.index]) == "printk"


def _arguments(fn: ssa.Function, uses: Uses, call: ssa.Call, parts: set[int]) -> list[int] | None:
    rest = call.args[1]
    if rest < len(fn.values):
        return [] if isinstance(fn.values[rest], ssa.ConstNil) else None
    whole = uses.made_by[rest]
    array = uses.made_by.get(whole.x) if isinstance(whole, ssa.SliceOp) else None
    if not isinstance(array, ssa.Alloc) or array.comment != "varargs":
        return None
    mine: list[ssa.Instruction] = [whole, array]
    values: dict[int, int] = {}
    for b, i in uses.of(array.id):
        element = fn.blocks[b].instrs[i]
        if not isinstance(element, ssa.IndexAddr):
            continue
        (sb, si) = uses.of(element.id)[0]
        store = fn.blocks[sb].instrs[si]
        index = fn.values[element.index]
        assert isinstance(store, ssa.Store) and isinstance(index, ssa.ConstInt)
        boxed = uses.made_by.get(store.value)
        if not isinstance(boxed, ssa.MakeInterface):
            return None
        values[index.value] = boxed.x
        mine += [element, store, boxed]
    parts.update(id(i) for i in mine)
    return [values[i] for i in sorted(values)]


def call(f: FunctionLowering, instr: ssa.Call) -> None:
    text = f.fn.values[instr.args[0]] if instr.args[0] < len(f.fn.values) else None
    if not isinstance(text, ssa.ConstString):
        raise Refused(instr.pos, "the format of Printk is not constant", "write it in the call")
    values = f.printed.arguments[instr.id]
    if values is None:
        raise Refused(instr.pos, "the arguments of Printk are in a slice of interfaces", _SEPARATE)
    if len(values) > MAX_ARGUMENTS:
        raise Refused(
            instr.pos, f"Printk with {len(values)} arguments; the kernel takes {MAX_ARGUMENTS}", "print twice"
        )
    format, words = _Format(f, instr, text.value, values).make()
    address, size = f.m.made.text(format), len(format) + 1
    if len(words) <= 3:
        rest = "".join(f", i64 {w}" for w in words)
        f.b.value(f"call i64 {_helper('bpf_trace_printk')}(ptr {address}, i64 {size}{rest})")
        return
    slot = f.b.slot(f"[{len(words)} x i64]", 8)
    for n, w in enumerate(words):
        f.b.emit(f"store i64 {w}, ptr {plus(f.b, slot, n * 8)}, align 8")
    arguments = f"ptr {address}, i64 {size}, ptr {slot}, i64 {len(words) * 8}"
    f.b.value(f"call i64 {_helper('bpf_trace_vprintk')}({arguments})")


def _helper(name: str) -> str:
    known = helper(name)
    assert known is not None
    return f"inttoptr (i64 {known.number} to ptr)"


class _Format:
    """A format on its way from Go to the kernel; ``words`` are what the kernel's verbs read."""

    def __init__(self, f: FunctionLowering, instr: ssa.Call, text: bytes, values: list[int]) -> None:
        self.f = f
        self.instr = instr
        self.text = text.decode("utf-8", "replace")
        self.values = values
        self.words: list[str] = []
        self.used = 0

    def make(self) -> tuple[bytes, list[str]]:
        made, at = [], 0
        for match in _VERB.finditer(self.text):
            made.append(self._plain(self.text[at : match.start()]))
            made.append(self._verb(match))
            at = match.end()
        made.append(self._plain(self.text[at:]))
        if self.used < len(self.values):
            raise self._wrong(f"needs {_times(self.used)} but has {_times(len(self.values))}")
        return "".join(made).encode(), self.words

    def _wrong(self, problem: str, hint: str | None = None) -> Refused:
        return Refused(self.instr.pos, f"Printk format {_quoted(self.text)} {problem}", hint)

    def _plain(self, text: str) -> str:
        bad = next((c for c in text if not (c.isascii() and (c.isprintable() or c in "\n\t"))), None)
        if bad is not None:
            raise self._wrong(f"has the character {bad!r}: the kernel prints ASCII only")
        return text

    def _verb(self, match: re.Match[str]) -> str:
        verb, whole = match["verb"], match[0]
        if verb == "%":
            return "%%"
        if not verb:
            raise self._wrong("ends with an unfinished verb")
        if verb not in "dxXcstpv":
            raise self._wrong(
                f"has the verb {whole}, which the kernel does not print", "there are %d %x %c %s %t %p %v"
            )
        if match["precision"] or "#" in match["flags"]:
            raise self._wrong(f"has {whole}: the kernel knows a width, no precision and no #")
        if self.used >= len(self.values):
            raise self._wrong(f"reads argument {self.used + 1}, but the call has {_times(len(self.values))}")
        value = self.values[self.used]
        self.used += 1
        return f"%{match['flags']}{match['width']}{self._conversion(verb, whole, value)}"

    def _conversion(self, verb: str, whole: str, value: int) -> str:
        f, t = self.f, self.f.type_of(value)
        self._check_type(t)
        address = self._address_format(verb, t)
        if address is not None:
            return self._pointer(value, address)
        if f.types.is_int(t) and verb in "dvxXc":
            self.words.append(f.widen(f.scalar(value), t))
            return self._integer(verb, t)
        if f.types.is_bool(t) and verb in "tv":
            self.words.append(self._truth(f.scalar(value)))
            return "s"
        if verb in "sv" and f.types.is_string(t):
            return self._string(value)
        if verb in "sv" and self._is_text(t):
            return self._text(value, t)
        if verb in "pv" and f.types.is_pointer(t):
            return self._pointer(value, "px")
        raise self._wrong(f"has {whole} for an argument of type {f.types.string(t)}", self._fitting(t))

    def _fitting(self, t: int) -> str | None:
        """What to write for an argument of a type."""
        f = self.f
        if f.types.is_int(t):
            return "%d, %x or %c prints it"
        if f.types.is_bool(t):
            return "%t prints it"
        if isinstance(f.types.under(t), ssa.Pointer):
            return "%p prints the address; a * before the argument gives what stands there"
        if f.types.is_aggregate(t) or f.types.is_slice(t):
            return "print its parts one by one: x.Field, x[0]"
        return None

    def _check_type(self, t: int) -> None:
        problem = self.f.types.problem(t)
        if problem and not self.f.types.is_pointer(t):
            raise Refused(self.instr.pos, problem)

    def _integer(self, verb: str, t: int) -> str:
        if verb == "c":
            return "c"
        if verb in "xX":
            return f"ll{verb}"
        return "lld" if self.f.types.is_signed(t) else "llu"

    def _address_format(self, verb: str, t: int) -> str | None:
        """What the kernel calls the text of an IP address."""
        name = typed.named(self.f.types.table, t)
        if verb not in "sv":
            return None
        return {"IPv4Addr": "pI4", "IPv6Addr": "pI6"}.get(name)

    def _is_text(self, t: int) -> bool:
        """Bytes that end with 0: an array of them, or a pointer to one."""
        types = self.f.types
        under = types.under(t)
        if isinstance(under, ssa.Pointer):
            under = types.under(under.elem)
        return isinstance(under, ssa.Array) and types.is_int(under.elem) and types.size(under.elem) == 1

    def _text(self, value: int, t: int) -> str:
        """Text of the program's own need not end with 0, where the kernel would read on: a copy does."""
        operand, f = self.f.operand(value), self.f
        named = f.types[t]
        terminated = isinstance(named, ssa.Named) and typed.is_text(named)
        if not isinstance(operand, Memory) or terminated:
            return self._pointer(value, "s")
        size = f.types.size(t)
        if size > MAX_TEXT:
            raise self._wrong(f"prints {size} bytes by value", "pass a pointer to text that ends with 0")
        slot = f.b.slot(f"[{size + 1} x i8]", 8)
        copy(f.b, slot, operand.ptr, size, 1)
        f.b.emit(f"store i8 0, ptr {plus(f.b, slot, size)}, align 1")
        self.words.append(f.b.value(f"ptrtoint ptr {slot} to i64"))
        return "s"

    def _string(self, value: int) -> str:
        """The kernel's texts end with a 0; a constant has one, of any other string a copy gets one."""
        from tinybpf.compiler.lower import strings
        from tinybpf.compiler.lower import text as conversions

        f, s = self.f, self.f.slice(value)
        text = strings.known(f, s)
        if text is not None:
            if b"\0" in text:
                raise self._wrong("prints a string with a 0 in it, where the kernel stops")
            pointer = f.m.made.text(text)
        else:
            room = conversions.room_for(f, s, value)
            if room is None or room > MAX_TEXT:
                size = "that may be of any length" if room is None else f"of up to {room} bytes"
                raise self._wrong(
                    f"prints a string {size}; at most {MAX_TEXT} are", "print a part of it: s[:32]"
                )
            pointer = conversions.copied(f, s, room).base
        self.words.append(f.b.value(f"ptrtoint ptr {pointer} to i64"))
        return "s"

    def _pointer(self, value: int, verb: str) -> str:
        operand = self.f.operand(value)
        pointer = operand.ptr if isinstance(operand, Memory) else self.f.materialise(operand)
        self.words.append(self.f.b.value(f"ptrtoint ptr {pointer} to i64"))
        return verb

    def _truth(self, value: str) -> str:
        texts = [self.f.m.made.text(word) for word in (b"true", b"false")]
        chosen = self.f.b.value(f"select i1 {value}, ptr {texts[0]}, ptr {texts[1]}")
        return self.f.b.value(f"ptrtoint ptr {chosen} to i64")


def _times(n: int) -> str:
    return f"{n} argument{'' if n == 1 else 's'}"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
