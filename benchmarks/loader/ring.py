"""Draining a full ring buffer of 64-byte records; the program fills it between the rounds. Needs root."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.loader import peers
from benchmarks.loader.peers import Row
from benchmarks.pairs import HERE

RECORDS = 200_000
"""How many fill the ring (of 16 MiB) for one round."""

ROUNDS = 5
"""Rounds of each process."""

BATCH = 4096

WAYS = {
    "typed events, two fields read": 0.0088,
    "a callback for each event*": 0.012,
    "batches of bytes*": 0.074,
    "arrays of records*": 0.147,
    "arrays into one memory*": 0.147,
}
"""What is measured, and which ratio to C's callback loop is to be reached."""

BCC_WAYS = dict(zip(WAYS, ("typed", "callback", "bytes"), strict=False))
"""The same with bcc, which has no arrays."""


def measure(runs: int) -> list[Row]:
    """All ways; ``C``'s is libbpf's loop with a callback that reads two fields."""
    from tinybpf.compiler import compile_go

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.o")
        path.write_bytes(bytes(compile_go(HERE / "loader" / "events")))
        numbers = (str(path), str(ROUNDS), str(RECORDS))
        commands = {"C": [peers.c_program("ring", folder), *numbers]}
        commands |= {way: peers.our_program("ring", way, *numbers) for way in WAYS}
        bcc = peers.bcc_program("bcc_ring")
        if bcc:
            commands |= {f"bcc: {way}": [*bcc, name, *numbers[1:]] for way, name in BCC_WAYS.items()}
        rates = {name: rate / 1e6 for name, rate in peers.in_turn(commands, runs).items()}
    return [
        Row(f"ring buffer: {way.rstrip('*')}", "M/s", rates["C"], rates[way], bound, rates.get(f"bcc: {way}"))
        for way, bound in WAYS.items()
    ]


def _typed(obj: Any, records: int) -> Callable[[], tuple[int, int]]:
    def work() -> tuple[int, int]:
        items = total = 0
        for event in obj.ring_buffer("events", count=records):
            total += event.Number + event.Kind
            items += 1
        return items, total

    return work


def _callback(obj: Any, records: int) -> Callable[[], tuple[int, int]]:
    import tinybpf

    total = 0

    def take(record: bytes) -> None:
        nonlocal total
        total += record[0] + record[12]

    buffer = tinybpf.BpfRingBuffer(obj.map("events"), take)

    def work() -> tuple[int, int]:
        items = 0
        while found := buffer.consume():
            items += found
        return items, total

    return work


def _bytes(obj: Any, records: int) -> Callable[[], tuple[int, int]]:
    stream = obj.ring_buffer("events")

    def work() -> tuple[int, int]:
        items = 0
        while batch := stream.drain():
            items += len(batch)
        return items, 0

    return work


def _view(obj: Any, records: int) -> Callable[[], tuple[int, int]]:
    stream = obj.ring_buffer("events")

    def work() -> tuple[int, int]:
        items = 0
        while len(array := stream.as_array(BATCH)):
            items += len(array)
        return items, 0

    return work


def _into(obj: Any, records: int) -> Callable[[], tuple[int, int]]:
    stream = obj.ring_buffer("events")
    memory = bytearray(64 * BATCH)

    def work() -> tuple[int, int]:
        items = 0
        while found := stream.read_into(memory):
            items += found
        return items, 0

    return work


def main(way: str, path: str, rounds: str, records: str) -> None:
    """Our process."""
    import tinybpf

    works = dict(zip(WAYS, (_typed, _callback, _bytes, _view, _into), strict=True))
    with tinybpf.load(path) as obj:
        fill = obj.program("fill")
        work = works[way](obj, int(records))
        peers.rounds(int(rounds), lambda: fill.test_run(bytes(64), repeat=int(records)), work)


if __name__ == "__main__":
    main(*sys.argv[1:])
