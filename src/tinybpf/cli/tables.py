"""Tables and facts on standard output, as wide as the terminal lets them be.

In a pipe nothing is cut. On a terminal the columns that may shrink are cut with an ellipsis; where that
is not enough, each row is written as ``name=value`` pairs over as many lines as it takes.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from tinybpf.cli import messages

GAP = "  "
LEAST = 8
NARROWEST = 20


def is_terminal() -> bool:
    """Whether standard output is one; it may be closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int | None:
    """Columns of the terminal; None in a pipe, unless ``COLUMNS`` is set."""
    if is_terminal() or os.environ.get("COLUMNS"):
        return max(shutil.get_terminal_size().columns, NARROWEST)
    return None


def write(text: str) -> None:
    """A line to standard output; what its encoding does not have is written as an escape."""
    if sys.stdout is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(shown, color=messages.wants_color(sys.stdout))


def bold(text: str) -> str:
    return click.style(text, bold=True)


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    shrinks: Sequence[str] = (),
) -> list[str]:
    """The lines of a table. ``right`` and ``shrinks`` name columns: numbers, and those that may be cut."""
    from tinybpf.show.table import cells, cut, quoted, wrap
    from tinybpf.show.words import clean

    body = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(header, *body, strict=True)]
    room = width()
    if room is not None and not _shrink(widths, header, shrinks, room):
        room_of_pair = room - len(GAP)  # further lines are indented
        pairs = [
            [
                cut(f"{name}={quoted(cell)}", room_of_pair)
                for name, cell in zip(header, row, strict=True)
                if cell
            ]
            for row in body
        ]
        return [wrap(row, room) for row in pairs]
    lines = [
        GAP.join(
            _cell(cell, size, name in right) for name, cell, size in zip(header, row, widths, strict=True)
        )
        for row in (header, *body)
    ]
    return [bold(lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]


def _shrink(widths: list[int], header: Sequence[str], shrinks: Sequence[str], room: int) -> bool:
    """Take from the widest column that may shrink, until all fit; whether they do."""
    may = [index for index, name in enumerate(header) if name in shrinks]
    while sum(widths) + len(GAP) * (len(widths) - 1) > room:
        able = [index for index in may if widths[index] > max(LEAST, len(header[index]))]
        if not able:
            return False
        widths[max(able, key=lambda index: widths[index])] -= 1
    return True


def _cell(text: str, size: int, right: bool) -> str:
    from tinybpf.show.table import cells, cut

    pad = " " * (size - cells(text))
    return pad + text if right else cut(text, size) + pad


def facts(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Names and values below each other, indented; without those that have no value."""
    from tinybpf.show.table import wrap
    from tinybpf.show.words import clean

    there = [(name, clean(value)) for name, value in pairs if value]
    label = max((len(name) for name, _ in there), default=0)
    room = width()
    lines = []
    for name, value in there:
        indent = label + 2 * len(GAP)
        rows = wrap(value.split(" "), None if room is None else max(room - indent, NARROWEST)).split("\n")
        lines.append(f"{GAP}{name:{label}}{GAP}{rows[0]}")
        lines += [" " * indent + row.strip() for row in rows[1:]]
    return lines
