"""``tinybpf top``: which programs run, how often, and how long."""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import tables

if TYPE_CHECKING:
    from tinybpf.show.stop import Stop

CLEAR = "\x1b[H\x1b[2J"


@dataclass(frozen=True)
class Row:
    """What a program did in an interval of so many seconds; ``run_count`` and ``run_time_ns`` are in all."""

    id: int
    type: str
    name: str
    runs: int
    time_ns: int
    seconds: float
    run_count: int
    run_time_ns: int

    @property
    def share(self) -> float:
        """Of the time of one CPU."""
        return self.time_ns / (self.seconds * 1e9)

    def data(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "runs": self.runs,
            "time_ns": self.time_ns,
            "average_ns": round(self.time_ns / self.runs) if self.runs else None,
            "cpu": round(self.share, 6),
            "run_count": self.run_count,
            "run_time_ns": self.run_time_ns,
        }


def _number(_context: click.Context, _parameter: click.Parameter, given: float) -> float:
    if given != given:  # not a number is within any range
        raise click.BadParameter("give a number of seconds")
    return given


@click.command()
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="End after so many tables.")
@click.option(
    "-i", "--interval", metavar="SECONDS", default=1.0, show_default=True, callback=_number,
    type=click.FloatRange(min=0.05, max=86400), help="The time between two tables.",
)  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="Show programs that did not run, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for each interval.")
def top(count: int | None, interval: float, show_all: bool, as_json: bool) -> int:
    """Show how often programs run and how long, until Ctrl-C; those that take most first.

    The kernel counts while this runs, for all programs, which costs each run some 20 ns. It takes root, and
    Linux 5.8.
    """
    from tinybpf.show.stop import Stop, Stopped

    if sys.stdout is None:
        raise click.ClickException("standard output is closed, and the tables would go there")
    try:
        with Stop() as stop, tinybpf.enable_stats():
            before, at = _counts(), time.monotonic()
            stop.watching = True
            shown = 0
            while stop.asked is None and (count is None or shown < count):
                if _waited(stop, at + interval):
                    break
                now, then = _counts(), time.monotonic()
                _write(_rows(before, now, then - at, show_all), as_json, then - at)
                before, at, shown = now, then, shown + 1
            stop.noticed()
    except Stopped as stopped:
        return 128 + stopped.number
    if tables.is_terminal() and stop.asked is not None:
        click.echo()  # the terminal shows ^C
    return 0


def _counts() -> dict[int, Any]:
    return {info.id: info for info in tinybpf.programs()}


def _waited(stop: Stop, until: float) -> bool:
    """Wait; whether a signal asked for the end."""
    left = until - time.monotonic()
    return bool(left > 0 and select.select([stop.fd], [], [], left)[0])


def _rows(before: dict[int, Any], now: dict[int, Any], seconds: float, show_all: bool) -> list[Row]:
    """What ran, most time first; a program that is new counts from nothing."""
    rows = []
    for id, info in now.items():
        old = before.get(id)
        runs = info.run_count - (old.run_count if old else 0)
        spent = info.run_time_ns - (old.run_time_ns if old else 0)
        if runs > 0 or show_all:
            rows.append(
                Row(id, info.type.name, info.name, runs, spent, seconds, info.run_count, info.run_time_ns)
            )
    return sorted(rows, key=lambda row: (-row.time_ns, row.id))


def _write(rows: list[Row], as_json: bool, seconds: float) -> None:
    if as_json:
        document = {"seconds": round(seconds, 6), "programs": [row.data() for row in rows]}
        click.echo(json.dumps(document, separators=(",", ":")))
        return
    lines = _table(rows)
    live = tables.is_terminal() and os.environ.get("TERM", "dumb") != "dumb"
    if live:
        lines = lines[: max(shutil.get_terminal_size().lines - 2, 1)]
        click.echo(CLEAR, nl=False)
    for line in lines:
        tables.write(line)
    if not live:
        click.echo()
    sys.stdout.flush()


def _table(rows: list[Row]) -> list[str]:
    from tinybpf.show.words import duration

    if not rows:
        return ["no program ran"]
    header = ("id", "type", "name", "runs/s", "each", "cpu", "runs", "time")
    cells = [
        (
            str(row.id),
            row.type.lower(),
            row.name,
            f"{row.runs / row.seconds:.0f}" if row.runs >= row.seconds else f"{row.runs / row.seconds:.2g}",
            duration(round(row.time_ns / row.runs)) if row.runs else "-",
            f"{100 * row.share:.2f}%",
            str(row.run_count),
            duration(row.run_time_ns),
        )
        for row in rows
    ]
    return tables.table(
        header, cells, right=("id", "runs/s", "each", "cpu", "runs", "time"), shrinks=("type", "name")
    )
