"""BTF of two objects as one: what both have is there once.

Types are the same where nothing that can be reached from them differs. The numbers of the first object's
types stay; what only the second has follows them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from tinybpf.compiler.btf_rows import DATASEC, Table, kind, names_in, read, types_in

EXT_HEADER = 32
"""Bytes of the header of ``.BTF.ext`` with a place for CO-RE's relocations."""

Infos = dict[str, list[list[int]]]
"""Of each section of code, the records of one kind: their words, of which the first is an offset."""


class Unjoinable(Exception):
    """Two objects that are not joined here."""


class Btf:
    """The first object's BTF, to which that of a second is added."""

    def __init__(self, data: bytes, order: str) -> None:
        self._order = order
        self._head = data[:8]
        table = read(data, order)
        self._table = table
        self.rows = table.rows
        self._text = bytearray(table.text)
        self._strings: dict[bytes, int] = {}
        at = 0
        for string in table.text.split(b"\0")[:-1]:
            self._strings.setdefault(string, at)
            at += len(string) + 1

    def string(self, text: bytes) -> int:
        """The offset of a string, which is added where there is none."""
        at = self._strings.get(text)
        if at is None:
            at = self._strings[text] = len(self._text)
            self._text += text + b"\0"
        return at

    def name(self, at: int) -> str:
        return self._text[at : self._text.index(0, at)].decode()

    def add(self, second: Table) -> list[int]:
        """The numbers here of the types of another object."""
        known, others = _classes(self._table, second)
        have = {number: n for n, number in reversed(list(enumerate(known)))}
        ids = [0] * len(second.rows)
        new: list[list[int]] = []
        for n, row in enumerate(second.rows):
            if n and kind(row) != DATASEC:
                if others[n] not in have:
                    have[others[n]] = len(self.rows) + len(new)
                    new.append(row)
                ids[n] = have[others[n]]
        fresh = {n for n in ids if n >= len(self.rows)}
        self.rows += [self._moved(second, row, ids) for row in new]
        for row in second.rows:
            if kind(row) == DATASEC:
                moved = self._moved(second, row, ids)
                self._extend(moved[:3], [moved[at : at + 3] for at in types_in(row) if moved[at] in fresh])
        return ids

    def _moved(self, second: Table, row: list[int], ids: list[int]) -> list[int]:
        made = list(row)
        for place in names_in(row):
            made[place] = self.string(second.string(row[place]))
        for place in types_in(row):
            made[place] = ids[row[place]]
        return made

    def _extend(self, head: list[int], variables: list[list[int]]) -> None:
        """A section of data has further variables."""
        more = [word for variable in variables for word in variable]
        if not more:
            return
        row = next((row for row in self.rows if kind(row) == DATASEC and row[0] == head[0]), None)
        if row is None:
            self.rows.append([head[0], head[1] & ~0xFFFF, head[2]])
            row = self.rows[-1]
        if (row[1] & 0xFFFF) + len(variables) > 0xFFFF:
            raise Unjoinable("more variables in a section than BTF can tell")
        row[1] += len(variables)
        row += more

    def add_infos(
        self, ours: bytes, theirs: bytes, second: Table, bases: dict[str, int]
    ) -> tuple[bytes, list[tuple[int, str]]]:
        """``.BTF.ext`` of both objects, and where in it an offset into a section stands, with the section.

        ``bases`` tells where the second object's code is in each section. Its types are added.
        """
        functions, lines = _infos(ours, self._order, self.name)
        more_functions, more_lines = _infos(theirs, self._order, lambda at: second.string(at).decode())
        ids = self.add(second)
        for name, records in more_functions.items():
            moved = [[at + bases[name], ids[of], *more] for at, of, *more in records]
            functions.setdefault(name, []).extend(moved)
        for name, records in more_lines.items():
            made = lines.setdefault(name, [])
            for at, path, text, place in records:
                strings = [self.string(second.string(n)) for n in (path, text)]
                made.append([at + bases[name], *strings, place])
        return self._packed(ours[:4], functions, lines)

    def _packed(self, begin: bytes, *kinds: Infos) -> tuple[bytes, list[tuple[int, str]]]:
        words: list[int] = []
        places: list[tuple[int, str]] = []
        sizes = []
        for width, infos in zip((2, 4), kinds, strict=True):
            start = len(words)
            words += [4 * width] if infos else []
            for name, records in infos.items():
                words += [self.string(name.encode()), len(records)]
                for record in records:
                    places.append((EXT_HEADER + 4 * len(words), name))
                    words += record
            sizes += [4 * start, 4 * (len(words) - start)]
        head = struct.pack(self._order + "7I", EXT_HEADER, *sizes, 4 * len(words), 0)
        return begin + head + struct.pack(f"{self._order}{len(words)}I", *words), places

    def variables(self) -> Iterator[tuple[int, str]]:
        """Where in the section the offset of a variable, or of a function outside, stands; its name."""
        at = 24
        for row in self.rows:
            if kind(row) == DATASEC:
                for place in types_in(row):
                    yield at + 4 * place + 4, self.name(self.rows[row[place]][0])
            at += 4 * len(row)

    def data(self) -> bytes:
        words = [word for row in self.rows for word in row]
        sizes = (24, 0, 4 * len(words), 4 * len(words), len(self._text))
        head = struct.pack(self._order + "4s5I", self._head[:4], *sizes)
        return head + struct.pack(f"{self._order}{len(words)}I", *words) + self._text


def _classes(*tables: Table) -> list[list[int]]:
    """A number for each type of each table: the same for the same types."""
    known: dict[object, int] = {}
    found: list[list[int]] = [[-1] * len(table.rows) for table in tables]
    shallow: list[list[tuple[object, ...]]] = []
    places = [[types_in(row) for row in table.rows] for table in tables]
    for table in tables:
        shallow.append([_shallow(table, row) for row in table.rows])
    for numbers in found:
        numbers[0] = 0
    left = [(t, n) for t, table in enumerate(tables) for n in range(len(table.rows) - 1, 0, -1)]
    while left:  # what refers to types that have numbers
        later = []
        for t, n in left:
            row, numbers = tables[t].rows[n], found[t]
            of = [numbers[row[place]] for place in places[t][n]]
            if -1 in of:
                later.append((t, n))
            else:
                numbers[n] = known.setdefault((shallow[t][n], tuple(of)), len(known) + 1)
        if len(later) == len(left):
            _in_circles(later, tables, found, shallow, known)
            break
        left = later[::-1]
    return found


def _in_circles(
    left: list[tuple[int, int]],
    tables: tuple[Table, ...],
    found: list[list[int]],
    shallow: list[list[tuple[object, ...]]],
    known: dict[object, int],
) -> None:
    """Numbers for types that refer to themselves in the end: the same until something tells them apart."""
    classes: dict[tuple[int, int], int] = {}
    seen: dict[object, int] = {}
    for t, n in left:
        classes[t, n] = seen.setdefault(shallow[t][n], len(seen))
    while True:
        finer: dict[object, int] = {}
        made = {}
        for t, n in left:
            row = tables[t].rows[n]
            of = tuple(
                (classes[t, other], True) if found[t][other] < 0 else (found[t][other], False)
                for other in (row[place] for place in types_in(row))
            )
            made[t, n] = finer.setdefault((classes[t, n], of), len(finer))
        classes = made
        if len(finer) == len(seen):
            break
        seen = finer
    for (t, n), number in classes.items():
        found[t][n] = known.setdefault(number, len(known) + 1)


def _shallow(table: Table, row: list[int]) -> tuple[object, ...]:
    """A type without those that it refers to: its words, names in the place of their offsets."""
    made: list[object] = list(row)
    for place in types_in(row):
        made[place] = None
    for place in names_in(row):
        made[place] = table.string(row[place])
    return tuple(made)


def _infos(ext: bytes, order: str, string: Callable[[int], str]) -> list[Infos]:
    """What a ``.BTF.ext`` says of functions, and of lines."""
    words = struct.unpack_from(f"{order}{len(ext) // 4}I", ext)
    head, *places = words[1:8]
    if head != EXT_HEADER or places[5]:
        raise Unjoinable("CO-RE, which LLVM numbers in each object anew")
    return [_records(words, (head + places[n]) // 4, places[n + 1] // 4, string) for n in (0, 2)]


def _records(words: tuple[int, ...], at: int, size: int, string: Callable[[int], str]) -> Infos:
    found: Infos = {}
    if not size:
        return found
    end, width = at + size, words[at] // 4
    at += 1
    while at < end:
        name, count = words[at : at + 2]
        begin, at = at + 2, at + 2 + count * width
        found[string(name)] = [list(words[n : n + width]) for n in range(begin, at, width)]
    return found
