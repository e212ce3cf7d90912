"""A field's value as JSON.

Numbers stay numbers up to 2^53, beyond which many readers of JSON round: those are strings of
digits. Nothing but ASCII is written, so that no reader and no terminal can trip over it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any

from tinybpf.show import words
from tinybpf.show.shape import Group, Shape
from tinybpf.show.words import Remember

SAFE = 1 << 53

quote: Callable[[str], str] = encode_basestring_ascii


def json_of(shape: Shape) -> Callable[[Any], str]:
    """How values of a field are written in JSON."""
    if isinstance(shape, Group):
        from tinybpf.show.reader import json_maker

        return json_maker(shape)
    if shape.form == "list":
        split, inner = words.elements_of(shape), json_of(shape.element or shape)
        return lambda data: f"[{','.join(map(inner, split(data)))}]"
    if shape.form == "enum":
        names = words.enum_names(shape)
        return Remember(lambda value: quote(names[value]) if value in names else number(value)).__getitem__
    if shape.form == "errno":
        word = words.word_of(shape)
        return Remember(lambda value: quote_name(word(value))).__getitem__
    return _MAKERS.get(shape.form, number)


def number(value: int) -> str:
    """A number, or a string of its digits where readers of JSON would round it."""
    return f"{value}" if -SAFE < value < SAFE else f'"{value}"'


def quote_name(word: str) -> str:
    return quote(word) if word[:1].isalpha() else number(int(word))


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else "null"


def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


_seconds = Remember(_second)


def moment(value: int) -> str:
    """A time in UTC as RFC 3339 writes it, to the nanosecond; null for 0."""
    if not value:
        return "null"
    second, rest = divmod(words.unix_ns(value), 10**9)
    return f'"{_seconds[second]}.{rest:09d}Z"'


def _text(data: bytes) -> str:
    return quote(words.until_nul(data))


def _guess(data: bytes) -> str:
    return quote(data.rstrip(b"\0").decode("ascii") if words.is_text(data) else data.hex())


def _histogram(data: bytes) -> str:
    from tinybpf.show.histogram import buckets, slots_of

    found = buckets(slots_of(data))
    return "[" + ",".join(bucket_json(*bucket) for bucket in found) + "]"


def bucket_json(low: int, high: int, count: int) -> str:
    """A slot of a histogram: values from ``min`` to ``max``, both within."""
    return f'{{"min":{number(low)},"max":{number(high)},"count":{number(count)}}}'


_MAKERS: dict[str, Callable[[Any], str]] = {
    "bool": lambda value: "true" if value else "false",
    "float": _float,
    "text": Remember(_text).__getitem__,
    "guess": Remember(_guess).__getitem__,
    "hexbytes": lambda data: f'"{data.hex()}"',
    "ip": Remember(lambda data: quote(words.address(data))).__getitem__,
    "mac": Remember(lambda data: quote(words.mac(data))).__getitem__,
    "time": moment,
    "hex": lambda value: quote(words.hexadecimal(value)),
    "pointer": lambda value: f'"{value:#x}"',
    "oct": lambda value: quote(words.octal(value)),
    "be": Remember(lambda data: number(int.from_bytes(data, "big"))).__getitem__,
    "wide": lambda data: quote(words.wide(data)),
    "histogram": _histogram,
}
