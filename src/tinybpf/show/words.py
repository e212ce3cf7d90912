"""A field's value as text, for people.

``word_of(leaf)`` gives a function from what the reader hands over (an int, a float, bytes) to a
text without control characters: a name that a process chose cannot move the cursor.
"""

from __future__ import annotations

import errno
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from tinybpf.show.shape import Group, Leaf, Shape

Word = Callable[[Any], str]

MOST_REMEMBERED = 4096
MOST_ELEMENTS = 16
MAX_ERRNO = 4095
UNIX_NS = 10**18
"""Nanoseconds from here on count from 1970, below from the start of the machine (31 years)."""


class Remember(dict[Any, str]):
    """A function's answers by argument; forgets all when it has too many."""

    def __init__(self, make: Word) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> str:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        made = self[key] = self._make(key)
        return made


def word_of(shape: Shape) -> Word:
    """How values of a field are written."""
    if isinstance(shape, Group):
        return _record(shape)
    if shape.form == "list":
        return _list(shape)
    if shape.form == "enum":
        names = enum_names(shape)
        return lambda value: names.get(value) or str(value)
    if shape.form == "errno":
        return Remember(unsigned_errno if not shape.signed else signed_errno).__getitem__
    return _WORDS.get(shape.form, str)


def enum_names(leaf: Leaf) -> dict[int, str]:
    """The names of an enum by value; of two for one value the first."""
    names: dict[int, str] = {}
    for name, value in leaf.names:
        names.setdefault(value, clean(name))
    return names


def clean(text: str) -> str:
    """The text with what cannot be printed escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(char: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char) or char.encode("unicode_escape").decode()


def until_nul(data: bytes) -> str:
    """The text before the first NUL; bytes that are no UTF-8 as ``\\xNN``."""
    return data.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def is_text(data: bytes) -> bool:
    """Whether bytes are a printable text with nothing but NULs behind it; so are all zeros."""
    text = data.rstrip(b"\0")
    return text.isascii() and text.decode("ascii").isprintable()


def guess(data: bytes) -> str:
    return data.rstrip(b"\0").decode("ascii") or "-" if is_text(data) else data.hex()


def address(data: bytes) -> str:
    """4 or 16 bytes as an IP address."""
    if len(data) == 4:
        return ".".join(map(str, data))
    import socket

    return socket.inet_ntop(socket.AF_INET6, data)


def mac(data: bytes) -> str:
    return data.hex(":")


def boot_offset() -> int:
    """What to add to the kernel's clock to have nanoseconds since 1970."""
    return time.time_ns() - time.monotonic_ns()


_offset = 0


def unix_ns(value: int) -> int:
    """The nanoseconds since 1970 of a time that a program took."""
    global _offset
    if value >= UNIX_NS:
        return value
    if not _offset:
        _offset = boot_offset()
    return value + _offset


def _clock_second(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


_seconds = Remember(_clock_second)


def clock(value: int) -> str:
    """A time as the clock on the wall shows it, to the microsecond."""
    if not value:
        return "-"
    second, rest = divmod(unix_ns(value), 10**9)
    return f"{_seconds[second]}.{rest // 1000:06d}"


def duration(ns: int) -> str:
    """Nanoseconds with the unit that leaves one to three digits before the point."""
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns < 1000:
        return f"{sign}{ns}ns"
    for unit, size in (("us", 10**3), ("ms", 10**6)):
        if ns < size * 999.5:
            return f"{sign}{_three(ns / size)}{unit}"
    if ns < 100 * 10**9:
        return f"{sign}{_three(ns / 10**9)}s"
    seconds = ns // 10**9
    if seconds < 3600:
        return f"{sign}{seconds // 60}m{seconds % 60:02d}s"
    return f"{sign}{seconds // 3600}h{seconds // 60 % 60:02d}m"


def size(value: int) -> str:
    """Bytes with a binary unit."""
    sign, rest = ("-", -value) if value < 0 else ("", value)
    if rest < 1024:
        return f"{sign}{rest}B"
    number = float(rest)
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        number /= 1024
        if number < 1023.5 or unit == "EiB":
            return f"{sign}{_three(number)}{unit}"
    raise AssertionError


def _three(number: float) -> str:
    """Three digits: 1.23, 12.3, 123."""
    return f"{number:.2f}" if number < 9.995 else f"{number:.1f}" if number < 99.95 else f"{number:.0f}"


def signed_errno(value: int) -> str:
    """The name of a negative error number; other numbers are results."""
    if -MAX_ERRNO <= value < 0:
        return errno.errorcode.get(-value) or str(value)
    return str(value)


def unsigned_errno(value: int) -> str:
    return errno.errorcode.get(value) or str(value)


def hexadecimal(value: int | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else hex(value)


def octal(value: int) -> str:
    return f"-0{-value:o}" if value < 0 else f"0{value:o}"


def wide(data: bytes) -> str:
    return str(int.from_bytes(data, "little" if sys.byteorder == "little" else "big"))


def _list(leaf: Leaf) -> Word:
    split, word = elements_of(leaf), word_of(leaf.element or leaf)

    def words(data: bytes) -> str:
        values = split(data)
        shown = " ".join(map(word, values[:MOST_ELEMENTS]))
        return f"[{shown} …+{len(values) - MOST_ELEMENTS}]" if len(values) > MOST_ELEMENTS else f"[{shown}]"

    return words


def elements_of(leaf: Leaf) -> Callable[[bytes], list[Any]]:
    """What cuts an array's bytes into values that the element's function takes."""
    from tinybpf.show.reader import value_reader

    element = leaf.element
    assert element is not None
    step, read = element.size, value_reader(element)
    if not step:
        return lambda data: []
    return lambda data: [read(data[at : at + step]) for at in range(0, len(data) // step * step, step)]


def _record(group: Group) -> Word:
    """A struct within a list; its values are its bytes."""
    from tinybpf.show.reader import row_maker

    row, names = row_maker(group), [leaf.name for leaf in group.leaves()]

    def word(data: bytes) -> str:
        return "{" + " ".join(f"{n}={w}" for n, w in zip(names, row(data), strict=True)) + "}"

    return word


def _histogram(data: bytes) -> str:
    slots = struct.unpack(f"={len(data) // 8}Q", data)
    return f"{sum(slots)} in {sum(1 for slot in slots if slot)} slots"


_TEXT = Remember(lambda data: clean(until_nul(data)) or "-").__getitem__

_WORDS: dict[str, Word] = {
    "bool": lambda value: "true" if value else "false",
    "float": lambda value: f"{value:g}",
    "text": _TEXT,
    "guess": Remember(guess).__getitem__,
    "hexbytes": bytes.hex,
    "ip": Remember(address).__getitem__,
    "mac": Remember(mac).__getitem__,
    "time": clock,
    "duration": duration,
    "size": size,
    "hex": hexadecimal,
    "pointer": hexadecimal,
    "oct": octal,
    "be": Remember(lambda data: str(int.from_bytes(data, "big"))).__getitem__,
    "char": lambda value: clean(chr(value)),
    "wide": wide,
    "histogram": _histogram,
}
