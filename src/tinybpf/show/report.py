"""What is said while a program runs, and at the end: as text for people, or as JSON lines.

Text: rows go to standard output, everything about them (what was attached, what was lost) to
standard error. JSON: everything is a line on standard output; its first key, ``kind``, says what.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tinybpf.show.reader import as_group, json_lines_maker, rows_maker
from tinybpf.show.shape import Group, Leaf
from tinybpf.show.sources import Buffer
from tinybpf.show.words import clean

if TYPE_CHECKING:
    from tinybpf.libbpf.panics import PanicLine
    from tinybpf.libbpf.trace import TraceRecord
    from tinybpf.show.maps import Shown
    from tinybpf.show.output import Output

PRINTK = "printk"
PRINTK_SHAPE = Group(
    PRINTK,
    0,
    0,
    (
        Leaf("comm", 0, 16, "text", "16s"),
        Leaf("pid", 0, 4, "int", "I"),
        Leaf("message", 0, 64, "message", "64s"),
    ),
)
DATA = Group("", 0, 0, (Leaf("data", 0, 16, "hexbytes", "0s"),))
"""Stands for events of a type that nothing is known of."""

SCREENFUL = 0.1
MOST_ROWS_AT_ONCE = 200
"""Rows that a terminal gets within a tenth of a second; nobody reads more."""


class Report:
    """What both ways of telling have in common."""

    def attached(self, programs: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
        """All programs are attached; ``notes`` are what was chosen for the user."""

    def events(self, buffer: Buffer, records: list[bytes]) -> None:
        raise NotImplementedError

    def printed(self, lines: Sequence[TraceRecord]) -> None:
        raise NotImplementedError

    def walked(self, program: str, lines: Iterable[str]) -> None:
        """What an iterator writes in one walk over the kernel's objects."""
        raise NotImplementedError

    def lost(self, name: str, count: int, new: int) -> None:
        """``new`` events found no room since the last time, ``count`` in all."""
        raise NotImplementedError

    def panics(self, count: int, new: int, lines: Sequence[tuple[PanicLine, int]] = ()) -> None:
        """``new`` panics since the last time, ``count`` in all; ``lines`` with the new ones of each."""
        raise NotImplementedError

    def tick(self) -> None:
        """Some time has passed."""

    def maps(self, shown: Sequence[Shown]) -> None:
        raise NotImplementedError

    def end(
        self,
        counts: dict[str, int],
        lost: dict[str, int | None],
        panics: int | None,
        lines: Sequence[PanicLine] = (),
    ) -> None:
        raise NotImplementedError


def say(text: str) -> None:
    """A line on standard error, which may be closed; a terminal gets it wrapped between words."""
    from tinybpf.show.output import Output
    from tinybpf.show.table import cells, wrap

    try:
        width = Output(sys.stderr.fileno()).width if sys.stderr.isatty() else None
        lines = [clean(line) for line in text.split("\n")]
        lines = [wrap(line.split(), width) if width and cells(line) > width else line for line in lines]
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except (OSError, AttributeError, ValueError):
        return


def amount(count: int, name: str) -> str:
    """How many events of a source, in words."""
    what, of = ("line", "Printk") if name == PRINTK else ("event", f"'{name}'")
    return f"{count:,} {what if count == 1 else what + 's'} of {of}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _json(line: PanicLine) -> str:
    import json

    return json.dumps(vars(line), separators=(",", ":"))


class TextReport(Report):
    """A table on standard output."""

    def __init__(self, output: Output, buffers: Sequence[Buffer], prints: bool) -> None:
        from tinybpf.show.table import Table

        self._output = output
        shapes = [(buffer.name, as_group(buffer.shape or DATA)) for buffer in buffers]
        if prints:
            shapes.append((PRINTK, PRINTK_SHAPE))
        self._table = Table(shapes)
        self._index = {buffer.name: index for index, buffer in enumerate(buffers)}
        self._makers: dict[str, Callable[[Sequence[bytes]], list[tuple[str, ...]]]] = {}
        self._printk = len(buffers)
        self._since_header = -1
        self._allowance = MOST_ROWS_AT_ONCE
        self._hidden = 0
        self._told: set[str] = set()

    def attached(self, programs: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
        for note in notes:
            say(f"tinybpf: {note}")
        names = [name for name, _ in programs]
        what = ", ".join(names) if len(names) <= 4 else f"{len(names)} programs"
        say(f"tinybpf: attached {what}; Ctrl-C ends it")

    def events(self, buffer: Buffer, records: list[bytes]) -> None:
        records = self._readable(records)
        if records:
            self._rows(self._index[buffer.name], self._make_rows(buffer, records))

    def printed(self, lines: Sequence[TraceRecord]) -> None:
        lines = self._readable(list(lines))
        if lines:
            rows = [(clean(line.task), str(line.pid), clean(line.text)) for line in lines]
            self._rows(self._printk, rows)

    def walked(self, program: str, lines: Iterable[str]) -> None:
        text = [clean(line.expandtabs()) for line in lines]
        if text:
            self._output.write("\n".join(text) + "\n")

    def _readable(self, items: list) -> list:  # type: ignore[type-arg]
        """As many of the items as a person at a terminal could read; all in a pipe."""
        if not self._output.is_terminal:
            return items
        shown = items[-self._allowance :] if self._allowance else []
        self._allowance -= len(shown)
        self._hidden += len(items) - len(shown)
        return shown

    def tick(self) -> None:
        self._allowance = MOST_ROWS_AT_ONCE
        if self._hidden:
            text = f"… {self._hidden:,} more rows than anybody could read; a pipe gets all"
            self._output.write(self._output.yellow(text) + "\n")
            self._since_header += 1
            self._hidden = 0

    def _make_rows(self, buffer: Buffer, records: list[bytes]) -> list[tuple[str, ...]]:
        if buffer.shape is None:
            from tinybpf.show.words import guess

            return [(guess(record),) for record in records]
        make = self._makers.get(buffer.name)
        if make is None:
            make = self._makers[buffer.name] = rows_maker(buffer.shape)
        try:
            return make(records)
        except struct.error:  # shorter than their type
            return make(self._lengthened(buffer, records))

    def _lengthened(self, buffer: Buffer, records: list[bytes]) -> list[bytes]:
        """Records as long as their type; says once that they were not."""
        assert buffer.shape is not None
        size = buffer.shape.size
        if buffer.name not in self._told:
            self._told.add(buffer.name)
            found = f"a record of '{buffer.name}' has {min(map(len, records))} bytes"
            say(f"tinybpf: {found}, its type {size}: the rest is shown as 0")
        return [record.ljust(size, b"\0") for record in records]

    def _rows(self, index: int, rows: Sequence[tuple[str, ...]]) -> None:
        output, table = self._output, self._table
        moved = table.fit(index, rows, output.width)
        text = []
        page = output.height - 1 if output.is_terminal else 0
        for row in rows:
            full = page and self._since_header >= page
            if self._since_header < 0 or (moved and page) or full:
                header = table.header()
                if header is not None:
                    text.append(output.bold(header))
                self._since_header, moved = 0, False
            line = table.line(index, row)
            self._since_header += 1 + line.count("\n")
            text.append(line)
        output.write("\n".join(text) + "\n")

    def lost(self, name: str, count: int, new: int) -> None:
        say(f"tinybpf: {amount(new, name)} lost: the buffer was full")

    def panics(self, count: int, new: int, lines: Sequence[tuple[PanicLine, int]] = ()) -> None:
        for line, times in lines:
            say(f"{line}, {_times(times)}")
        if not lines:
            say(f"tinybpf: a program ended in a panic, {_times(new)}")

    def maps(self, shown: Sequence[Shown]) -> None:
        from tinybpf.show.maps import lines

        for one in shown:
            text = lines(one, self._output)
            self._output.write("\n" * (self._since_header >= 0) + "\n".join(text) + "\n")
            self._since_header = 0

    def end(
        self,
        counts: dict[str, int],
        lost: dict[str, int | None],
        panics: int | None,
        lines: Sequence[PanicLine] = (),
    ) -> None:
        for name, count in counts.items():
            if name not in lost:
                continue
            missing = lost[name]
            tail = ", lost: unknown" if missing is None else f", lost: {missing:,}"
            if name != PRINTK or missing:
                say(f"tinybpf: {amount(count, name)}{tail if count or missing else ''}")
        if panics:
            say(f"tinybpf: {panics:,} {'panic' if panics == 1 else 'panics'} ended a program")
        self._panic_table([line for line in lines if line.count])

    @staticmethod
    def _panic_table(lines: Sequence[PanicLine]) -> None:
        """The lines that panicked, those that did most often first."""
        width = max((len(f"{line.count:,}") for line in lines), default=0)
        for line in sorted(lines, key=lambda line: -line.count):
            say(f"  {line.count:>{width},}  {line}")


class JsonReport(Report):
    """One JSON object a line."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._makers: dict[str, Callable[[Sequence[bytes]], list[str]]] = {}

    def attached(self, programs: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
        from tinybpf.show.jsonwords import quote

        for note in notes:
            say(f"tinybpf: {note}")
        told = (f'{{"program":{quote(name)},"to":{quote(target)}}}' for name, target in programs)
        self._output.write(f'{{"kind":"attached","programs":[{",".join(told)}]}}\n')

    def events(self, buffer: Buffer, records: list[bytes]) -> None:
        make = self._makers.get(buffer.name)
        if make is None:
            make = self._makers[buffer.name] = self._maker(buffer)
        try:
            lines = make(records)
        except struct.error:  # shorter than their type
            lines = [line for record in records for line in self._one(make, buffer, record)]
        self._output.write("".join(lines))

    @staticmethod
    def _maker(buffer: Buffer) -> Callable[[Sequence[bytes]], list[str]]:
        head = {"kind": "event", "map": buffer.name}
        if buffer.shape is None:
            return lambda records: [_raw(buffer, record) for record in records]
        return json_lines_maker(buffer.shape, head)

    @staticmethod
    def _one(make: Callable[[Sequence[bytes]], list[str]], buffer: Buffer, record: bytes) -> list[str]:
        try:
            return make([record])
        except struct.error:
            return [_raw(buffer, record)]

    def printed(self, lines: Sequence[TraceRecord]) -> None:
        from tinybpf.show.jsonwords import quote

        self._output.write(
            "".join(
                f'{{"kind":"printk","comm":{quote(line.task)},"pid":{line.pid},"cpu":{line.cpu},'
                f'"time":{line.timestamp:.6f},"message":{quote(line.text)}}}\n'
                for line in lines
            )
        )

    def walked(self, program: str, lines: Iterable[str]) -> None:
        from tinybpf.show.jsonwords import quote

        start = f'{{"kind":"line","program":{quote(program)},"text":'
        self._output.write("".join(f"{start}{quote(line)}}}\n" for line in lines))

    def lost(self, name: str, count: int, new: int) -> None:
        from tinybpf.show.jsonwords import number, quote

        self._output.write(
            f'{{"kind":"lost","map":{quote(name)},"count":{number(count)},"new":{number(new)}}}\n'
        )

    def panics(self, count: int, new: int, lines: Sequence[tuple[PanicLine, int]] = ()) -> None:
        where = ",".join(f'{_json(line)[:-1]},"new":{times}}}' for line, times in lines)
        tail = f',"lines":[{where}]' if lines else ""
        self._output.write(f'{{"kind":"panics","count":{count},"new":{new}{tail}}}\n')

    def maps(self, shown: Sequence[Shown]) -> None:
        from tinybpf.show.maps import json_lines

        for one in shown:
            self._output.write("".join(json_lines(one)))

    def end(
        self,
        counts: dict[str, int],
        lost: dict[str, int | None],
        panics: int | None,
        lines: Sequence[PanicLine] = (),
    ) -> None:
        import json

        told: dict[str, object] = {"kind": "end", "events": counts, "lost": lost, "panics": panics}
        if lines:
            told["panic_lines"] = [vars(line) for line in lines if line.count]
        self._output.write(json.dumps(told, separators=(",", ":")) + "\n")


def _raw(buffer: Buffer, record: bytes) -> str:
    from tinybpf.show.jsonwords import quote

    return f'{{"kind":"event","map":{quote(buffer.name)},"raw":"{record.hex()}"}}\n'
