"""Maps: one entry by an int, and the whole of a map as a dictionary, beside C's batches. Needs root."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.loader import peers
from benchmarks.loader.peers import Row

ENTRIES = 100_000
SIZES = (10_000, ENTRIES, 1_000_000)
"""Entries of the maps that are read as a whole."""

GROWTH = 1.5
"""What an entry of the largest takes, compared with one of the smallest, may be so many times C's figure
for that: both grow out of the processor's caches."""

ROUNDS = 3
ROUNDS_OF = {SIZES[0]: 20}
"""Rounds of each process; of small maps more."""

PROCESSES = 3
"""How many of them take turns in a run: a machine that others use, too, is quiet for a while only."""


def measure(runs: int) -> list[Row]:
    """All ways, each beside the C program that does the same; the clock is on the wall for both."""
    with tempfile.TemporaryDirectory() as folder:
        program = peers.c_program("maps", folder)

        def rates(way: str, entries: int) -> tuple[float, float]:
            numbers = (way, str(ROUNDS_OF.get(entries, ROUNDS)), str(entries))
            commands = {"C": [program, *numbers], "tinybpf": peers.our_program("maps", *numbers)}
            found = peers.in_turn(commands, runs if entries == SIZES[-1] else runs * PROCESSES)
            return found["C"], found["tinybpf"]

        rows = [
            Row(f"map: {way} with ints", "M/s", *(rate / 1e6 for rate in rates(way, ENTRIES)), bound=0.65)
            for way in ("lookup", "update")
        ]
        return rows + whole({entries: rates("all", entries) for entries in SIZES})


def whole(rates: Mapping[int, tuple[float, float]]) -> list[Row]:
    """The rows of maps as dictionaries, from C's entries a second and ours, by the number of entries."""
    each = {entries: (1e9 / c, 1e9 / ours) for entries, (c, ours) in rates.items()}
    rows = [
        Row(f"map of {entries:,} entries as a dict, an entry", "ns", *each[entries], bound=bound)
        for entries, bound in zip(SIZES, (None, 1.3, None), strict=True)
    ]
    few, many = each[SIZES[0]], each[SIZES[-1]]
    growth = (many[0] / few[0], many[1] / few[1])
    return [*rows, Row(f"growth of that from {SIZES[0]:,} to {SIZES[-1]:,}", "fold", *growth, bound=GROWTH)]


def _lookup(numbers: Any, entries: int) -> Callable[[], tuple[int, int]]:
    def work() -> tuple[int, int]:
        total = 0
        for key in range(entries):
            total += numbers[key]
        return entries, total

    return work


def _update(numbers: Any, entries: int) -> Callable[[], tuple[int, int]]:
    def work() -> tuple[int, int]:
        for key in range(entries):
            numbers[key] = key + 1
        return entries, 0

    return work


def main(way: str, rounds: str, entries: str) -> None:
    """Our process."""
    import tinybpf

    count = int(entries)
    with tinybpf.create_map("hash", key="u32", value="u64", max_entries=count) as numbers:
        numbers.update_many((key, key + 1) for key in range(count))
        if way != "all":
            work = (_lookup if way == "lookup" else _update)(numbers, count)
            peers.rounds(int(rounds), lambda: None, work, time.perf_counter)
            return
        for _ in range(int(rounds)):
            began = time.perf_counter()
            found = numbers.to_dict()
            took = time.perf_counter() - began
            print(len(found), f"{took:.9f}", sum(found) + sum(found.values()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
