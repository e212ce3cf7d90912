"""Functions that are made once for each type and then read many records.

A record costs one ``struct`` call and one expression: the function's source is put together from
the fields and compiled, as ``collections.namedtuple`` does it. Nothing of the user's ends up in that
source but names as string literals.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tinybpf.show.shape import Group, Leaf, Shape

Row = tuple[str, ...]

RESERVED = ("kind", "map")
"""Keys of a JSON line that are not fields; a field of that name gets an underscore."""


class _Source:
    """An expression over the fields of a record ``r`` in the making, and the names that it uses."""

    def __init__(self, group: Group) -> None:
        self.leaves = group.leaves()
        self.names: dict[str, Any] = {"byteorder": sys.byteorder}
        code, variables, end = "=", [], 0
        self.values = [f"v{index}" for index in range(len(self.leaves))]
        for index, leaf in sorted(enumerate(self.leaves), key=lambda item: item[1].offset):
            start = leaf.offset - group.offset
            if start < end:  # a union: it shares bytes with the field before
                self.names[f"u{index}"] = struct.Struct("=" + leaf.code).unpack_from
                self.values[index] = f"u{index}(r, {start})[0]"
                continue
            code += f"{start - end}x{leaf.code}" if start > end else leaf.code
            variables.append(f"v{index}")
            end = start + leaf.size
        self.values = [_number(leaf, value) for leaf, value in zip(self.leaves, self.values, strict=True)]
        self.names["unpack"] = struct.Struct(code).unpack_from
        self.variables = "".join(f"{variable}, " for variable in variables)

    def one(self, expression: str) -> Callable[[bytes], Any]:
        """The expression as a function of one record."""
        return self._made(f"def made(r):\n    ({self.variables}) = unpack(r)\n    return {expression}")

    def many(self, expression: str) -> Callable[[Sequence[bytes]], list[Any]]:
        """The expression as a function from records to a list."""
        each = f"for r in records for ({self.variables}) in (unpack(r),)"
        return self._made(f"def made(records):\n    return [{expression} {each}]")

    def _made(self, source: str) -> Callable[..., Any]:
        if not self.variables:
            source = source.replace("() = unpack(r)", "pass").replace(" for () in (unpack(r),)", "")
        exec(compile(source, "<fields>", "exec"), self.names)
        made: Callable[..., Any] = self.names.pop("made")
        return made


def _number(leaf: Leaf, value: str) -> str:
    """The value of a bit field out of the bytes that it touches."""
    if not leaf.bits:
        return value
    mask = (1 << leaf.bits) - 1
    number = f"(int.from_bytes({value}, byteorder) >> {leaf.shift} & {mask})"
    if not leaf.signed:
        return number
    sign = 1 << leaf.bits - 1
    return f"(({number} ^ {sign}) - {sign})"


def as_group(shape: Shape) -> Group:
    """A value that is no struct as a struct with one field."""
    return shape if isinstance(shape, Group) else Group("", shape.offset, shape.size, (shape,))


def value_reader(shape: Shape) -> Callable[[bytes], Any]:
    """From the bytes of one value to what its word function takes."""
    if isinstance(shape, Group):
        return bytes
    source = _Source(Group("", shape.offset, shape.size, (shape,)))
    return source.one(source.values[0])


def row_maker(shape: Shape) -> Callable[[bytes], Row]:
    """From one record to the texts of its fields."""
    source = _Source(as_group(shape))
    return source.one(_row(source))


def rows_maker(shape: Shape) -> Callable[[Sequence[bytes]], list[Row]]:
    """From records to rows. ``struct.error`` where a record is too short."""
    source = _Source(as_group(shape))
    return source.many(_row(source))


def _row(source: _Source) -> str:
    from tinybpf.show.words import word_of

    parts = []
    for index, (leaf, value) in enumerate(zip(source.leaves, source.values, strict=True)):
        if leaf.form == "int":
            parts.append(f"f'{{{value}}}'")
            continue
        source.names[f"f{index}"] = word_of(leaf)
        parts.append(f"f{index}({value})")
    return f"({''.join(f'{part}, ' for part in parts)})"


def json_maker(shape: Shape) -> Callable[[bytes], str]:
    """From one record to a JSON object."""
    group = as_group(shape)
    source = _Source(group)
    return source.one(f"f'{_object(source, group, iter(range(len(source.leaves))), '{', ())}'")


def json_lines_maker(shape: Shape, head: dict[str, str]) -> Callable[[Sequence[bytes]], list[str]]:
    """From records to JSON lines that begin with ``head``. ``struct.error`` where one is too short."""
    from tinybpf.show.jsonwords import quote

    group = as_group(shape)
    source = _Source(group)
    start = "{" + ",".join(f"{quote(key)}:{quote(value)}" for key, value in head.items())
    body = _object(source, group, iter(range(len(source.leaves))), start, RESERVED)
    return source.many(f"f'{body}\\n'")


def _object(source: _Source, group: Group, indices: Any, start: str, reserved: Sequence[str]) -> str:
    """The inside of an f-string that writes an object; ``start`` is what stands before its fields."""
    from tinybpf.show.jsonwords import json_of, quote

    text, comma, taken = _literal(start), "," if len(start) > 1 else "", set(reserved)
    for field in group.fields:
        name = field.name
        while name in taken:
            name += "_"
        taken.add(name)
        text += _literal(f"{comma}{quote(name)}:")
        comma = ","
        if isinstance(field, Group):
            text += _object(source, field, indices, "{", ())
            continue
        index = next(indices)
        source.names[f"f{index}"] = json_of(field)
        text += _json_value(field, source.values[index], index)
    return text + _literal("}")


def _json_value(leaf: Leaf, value: str, index: int) -> str:
    if leaf.form in ("int", "size", "duration") and leaf.size <= 8:
        if leaf.size < 8:
            return f"{{{value}}}"
        low = "-9007199254740992 < " if leaf.signed else ""
        return f"{{{value} if {low}{value} < 9007199254740992 else f{index}({value})}}"
    return f"{{f{index}({value})}}"


def _literal(text: str) -> str:
    """Text as it stands between the quotes of an f-string."""
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("{", "{{").replace("}", "}}")
