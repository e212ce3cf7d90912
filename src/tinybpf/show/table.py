"""Rows below a header, as wide as the terminal lets them be.

One header for all sources: a column for each name that one of them has. Columns start as wide as
values of their kind usually are, and grow with what comes. What does not fit the terminal is first
taken from columns of text, which are cut with an ellipsis; where that is not enough, each row is
written as ``name=value`` pairs over as many lines as it takes. A pipe has no width: nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinybpf.show.shape import Group, Leaf
from tinybpf.show.words import clean

GAP = "  "
LEAST_TEXT = 8
WIDEST_IN_PIPE = 240
ABSENT = "-"
SOURCE = "map"
MESSAGE = "message"
"""The form of a text that goes on to the end of its line; the last column."""

_USUAL = {
    "bool": 5,
    "float": 10,
    "char": 1,
    "pointer": 18,
    "time": 15,
    "duration": 6,
    "size": 7,
    "errno": 7,
    "mac": 17,
    "histogram": 16,
    "list": 12,
}
_TEXTUAL = frozenset(["text", "guess", "hexbytes", "ip", "mac", "enum", "list", "histogram", "time", "char"])
_SHRINKING = frozenset(["text", "guess", "hexbytes", "list", "enum"])


class Column:
    """A column: ``width`` is what it should have, ``shown`` what it gets."""

    def __init__(self, name: str, width: int, right: bool, shrinks: bool) -> None:
        self.name = name
        self.width = max(width, cells(name))
        self.shown = self.width
        self.right = right
        self.shrinks = shrinks
        self.grows = True

    def cell(self, text: str) -> str:
        """The text in the column's width."""
        size = cells(text)
        if size > self.shown:
            return cut(text, self.shown) if self.shown < self.width else text
        pad = " " * (self.shown - size)
        return pad + text if self.right else text + pad


def column_of(leaf: Leaf) -> Column:
    """The column for a field."""
    if leaf.form == MESSAGE:
        column = Column(leaf.name, 0, False, False)
        column.grows = False
        return column
    return Column(leaf.name, _usual_width(leaf), leaf.form not in _TEXTUAL, leaf.form in _SHRINKING)


def _usual_width(leaf: Leaf) -> int:
    if leaf.form in _USUAL:
        return _USUAL[leaf.form]
    if leaf.form in ("text", "guess"):
        return min(max(leaf.size - 1, 1), 16)
    if leaf.form == "ip":
        return 15
    if leaf.form == "hexbytes":
        return min(2 * leaf.size, 32)
    if leaf.form == "enum":
        return min(max((len(name) for name, _ in leaf.names), default=0), 16)
    if leaf.form == "hex":
        return 2 + 2 * leaf.size
    return {1: 3, 2: 5, 4: 7}.get(leaf.size, 10)


class Table:
    """Turns rows into lines.

    ``sources`` are name and shape of each source; with more than one, the first column names it.
    With ``usual=False`` columns are as wide as their names until rows ask for more.
    """

    def __init__(self, sources: Sequence[tuple[str, Group]], usual: bool = True) -> None:
        self.columns: list[Column] = []
        self._names = [clean(name) for name, _ in sources]
        self._fields: list[list[str]] = []
        self._places: list[list[int]] = []
        self._pairs = False
        self._usual = usual
        self._width: int | None = -1
        many = len(sources) > 1
        if many:
            self.columns.append(Column(SOURCE, max(map(cells, self._names)), False, True))
        by_name: dict[str, int] = {}
        for _, group in sources:
            leaves = group.leaves()
            self._fields.append([clean(leaf.name) for leaf in leaves])
            self._places.append([self._place(by_name, leaf) for leaf in leaves])

    def _place(self, by_name: dict[str, int], leaf: Leaf) -> int:
        """The index of a field's column."""
        column = column_of(leaf)
        column.name = clean(column.name)
        if not self._usual:
            column.width = cells(column.name)
        at = by_name.get(leaf.name)
        if at is None:
            at = by_name[leaf.name] = len(self.columns)
            self.columns.append(column)
            return at
        known = self.columns[at]
        known.width = max(known.width, column.width)
        known.right &= column.right
        known.shrinks |= column.shrinks
        return at

    def header(self) -> str | None:
        """The line with the names; None where rows name their fields themselves."""
        if self._pairs:
            return None
        return self._join([column.name for column in self.columns])

    def fit(self, index: int, rows: Sequence[Sequence[str]], width: int | None) -> bool:
        """Make room for rows of a source in a terminal of that width; whether columns moved."""
        grown = False
        for place, values in zip(self._places[index], zip(*rows, strict=True), strict=True):
            column = self.columns[place]
            widest = max(map(cells, values))
            if widest > column.width and column.grows:
                column.width, grown = widest, True
        if not grown and width == self._width:
            return False
        before = (self._pairs, [column.shown for column in self.columns])
        if width is None:
            self._lay_out_pipe()
        else:
            self._lay_out(width)
        self._width = width
        return before != (self._pairs, [column.shown for column in self.columns])

    def _lay_out_pipe(self) -> None:
        """Nothing is cut; whether rows are columns or pairs is settled with the first one."""
        for column in self.columns:
            column.shown = column.width
        if self._width is not None:
            self._pairs = len(self._names) > 1 and self._total() > WIDEST_IN_PIPE

    def _lay_out(self, width: int) -> None:
        for column in self.columns:
            column.shown = column.width
        self._pairs = False
        excess = self._total() - width
        while excess > 0:
            widest = max(
                (c for c in self.columns if c.shrinks and c.shown > max(LEAST_TEXT, cells(c.name))),
                key=lambda c: c.shown,
                default=None,
            )
            if widest is None:
                self._pairs = True
                return
            widest.shown -= 1
            excess -= 1

    def _total(self) -> int:
        return sum(column.shown for column in self.columns) + len(GAP) * (len(self.columns) - 1)

    def line(self, index: int, row: Sequence[str]) -> str:
        """A row of a source as one line (as pairs: perhaps several), without a line end."""
        if self._pairs:
            return self._as_pairs(index, row)
        texts = [ABSENT] * len(self.columns)
        if len(self._names) > 1:
            texts[0] = self._names[index]
        for place, text in zip(self._places[index], row, strict=True):
            texts[place] = text
        return self._join(texts)

    def _join(self, texts: Sequence[str]) -> str:
        return GAP.join([c.cell(text) for c, text in zip(self.columns, texts, strict=True)]).rstrip()

    def _as_pairs(self, index: int, row: Sequence[str]) -> str:
        pairs = [f"{name}={quoted(text)}" for name, text in zip(self._fields[index], row, strict=True)]
        if len(self._names) > 1:
            pairs.insert(0, self._names[index])
        return wrap(pairs, self._width)


def wrap(words: Sequence[str], width: int | None) -> str:
    """Words on lines of at most ``width``, the following lines indented."""
    if width is None:
        return " ".join(words)
    lines, current = [], ""
    for word in words:
        if current.strip() and cells(current) + 1 + cells(word) > width:
            lines.append(current)
            current = "  " + word
        else:
            current = f"{current} {word}" if current else word
    return "\n".join([*lines, current])


def quoted(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """The text in ``width`` columns, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1] + "…"
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…" + " " * (width - 1 - cells(text))
