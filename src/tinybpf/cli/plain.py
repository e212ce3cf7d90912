"""Values of maps, and facts about objects, as data that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

SAFE = 1 << 53


def plain(value: Any) -> Any:
    """A value of a map as JSON has it.

    Structs are objects, arrays lists, enums their names, addresses texts; bytes are a text where they
    are printable with nothing but NULs behind it, else hexadecimal digits. Numbers from 2^53 on are
    strings of digits, as many readers of JSON would round them.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return value if -SAFE < value < SAFE else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(bytes(value))
    if hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    number = getattr(value, "id", None)  # a map or a program in a map
    return number if isinstance(number, int) else str(value)


def _bytes(data: bytes) -> str:
    text = data.rstrip(b"\0")
    return text.decode() if text and text.isascii() and text.decode().isprintable() else data.hex()
