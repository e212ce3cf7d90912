"""The loop: wait, drain, show, until somebody asks for the end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinybpf.show.report import PRINTK, Report, say
from tinybpf.show.sources import WAIT, Reader, Wait

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfObject
    from tinybpf.libbpf.panics import PanicLine
    from tinybpf.show.output import Output
    from tinybpf.show.printk import Printed
    from tinybpf.show.stop import Stop

LOOK_EVERY = 1.0
"""Seconds between two looks at the counters of lost events and panics."""

REDRAW = 0.1


@dataclass
class Limits:
    """When to stop; None: not by this."""

    count: int | None = None
    seconds: float | None = None


class Watch:
    """Shows what comes out of an object whose programs are attached."""

    def __init__(
        self,
        obj: BpfObject,
        reader: Reader,
        printed: Printed | None,
        report: Report,
        limits: Limits,
        shift: int = 0,
    ) -> None:
        """``shift`` lines stand before a text that was given in place of a file."""
        self._obj = obj
        self._reader = reader
        self._printed = printed
        self._report = report
        self._left = limits.count
        self._deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        self._lost: dict[str, int] = {}
        self._panics = 0
        self._shift = shift
        self._panic_lines: dict[tuple[str, int, str, str], int] = {}
        self._looked = self._ticked = time.monotonic()

    def run(self, stop: Stop, output: Output) -> None:
        """Until a signal, the count or the time; ``BrokenPipeError`` when nobody reads any more."""
        printed_fd = -1 if self._printed is None else self._printed.fd
        wait = Wait([self._reader.fd, printed_fd, stop.fd], output.fd)
        while stop.asked is None and self._left != 0:
            now = time.monotonic()
            if self._deadline is not None and now >= self._deadline:
                break
            rest = WAIT if self._deadline is None else min(WAIT, self._deadline - now)
            wait.wait(rest)
            self._take()
            self._look(time.monotonic())

    def _take(self) -> None:
        for buffer, records in self._reader.drain():
            records = self._limited(records)
            if records:
                buffer.count += len(records)
                self._report.events(buffer, records)
        if self._printed is not None:
            lines = self._limited(self._printed.read())
            if lines:
                self._printed.count += len(lines)
                self._report.printed(lines)

    def _limited(self, items: list) -> list:  # type: ignore[type-arg]
        if self._left is None:
            return items
        items = items[: self._left]
        self._left -= len(items)
        return items

    def _look(self, now: float) -> None:
        if now - self._ticked >= REDRAW:
            self._ticked = now
            self._report.tick()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._count_losses()

    def _count_losses(self) -> None:
        for name, count in self._losses().items():
            known = self._lost.get(name, 0)
            if count is not None and count > known:
                self._lost[name] = count
                self._report.lost(name, count, count - known)
                if not known:
                    self._explain(name)
        panics = self._obj.panics or 0
        if panics > self._panics:
            self._report.panics(panics, panics - self._panics, self._new_panics())
            self._panics = panics

    def _new_panics(self) -> list[tuple[PanicLine, int]]:
        """Where programs panicked since the last look, and how often, if they count that."""
        new = []
        for line in self._lines():
            known = self._panic_lines.get(line.place, 0)
            if line.count > known:
                self._panic_lines[line.place] = line.count
                new.append((line, line.count - known))
        return new

    def _lines(self) -> list[PanicLine]:
        from tinybpf.show.oneliner import typed_at

        return [typed_at(line, self._shift) for line in self._obj.panic_lines]

    def _explain(self, name: str) -> None:
        for buffer in self._reader.buffers:
            if buffer.name == name and buffer.never_fits:
                say(f"tinybpf: {buffer.never_fits}")

    def _losses(self) -> dict[str, int | None]:
        """How many events each source lost; None where nobody knows."""
        found = {buffer.name: buffer.lost() for buffer in self._reader.buffers}
        return found if self._printed is None else {**found, PRINTK: self._printed.lost}

    def finish(self) -> None:
        """What came until the programs were detached, the maps, and how much was seen and lost."""
        self._take()
        self._report.tick()
        self._count_losses()
        counts = {buffer.name: buffer.count for buffer in self._reader.buffers}
        if self._printed is not None:
            counts[PRINTK] = self._printed.count
        lost = self._losses()
        panics = self._obj.panics
        from tinybpf.show import maps  # not before the first event

        shown = [maps.Shown(found) for found in maps.declared(self._obj)]
        shown.sort(key=lambda one: one.is_histogram)  # what is drawn comes last, where the eye is
        self._report.maps(shown)
        for words in filter(None, map(maps.unread, shown)):
            say(f"tinybpf: {words}")
        self._report.end(counts, lost, panics, self._lines() if panics else [])
