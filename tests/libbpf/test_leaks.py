"""Loading, attaching, closing again and again: no descriptor, memory or object of the kernel stays behind."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import Any

import pytest
from descriptors import descriptors
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
KIB_OF_GROWTH = 1024
"""What the memory may differ by: a leak of 100 bytes for each of 10,000 turns would be as much."""


def resident() -> int:
    """KiB of this process in memory."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))


def mappings() -> int:
    with open("/proc/self/maps") as file:
        return sum("bpf" in line for line in file)


def named(names: set[str]) -> list[str]:
    """The kernel's maps and programs with one of these names; it frees them a little later."""
    deadline = time.monotonic() + 20
    while True:
        found = [one.name for one in (*tinybpf.maps(), *tinybpf.programs()) if one.name in names]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


class Turns:
    """What is done again and again: the whole life of an object, of a buffer, of a map, of an error."""

    def __init__(self, build: Any) -> None:
        self.one, self.tracing, self.perf = build("tracing", "on_any"), build("tracing"), build("perf")
        self.commands = (DATA / "commands.elf").read_bytes()
        self.damaged = self.tracing[: len(self.tracing) // 2]

    def small(self) -> None:
        """Open, load, attach, look, close."""
        with tinybpf.load(self.one) as obj:
            link = obj.program("on_any").attach()
            assert link.fd > 0 and obj.program("on_any").info.id > 0

    def each(self) -> None:
        """All that objects have of a process: programs, maps, links, buffers, the memory of variables."""
        with tinybpf.load(self.tracing) as obj:
            link = obj.program("on_any").attach()
            obj.program("on_getppid").attach()
            counts = obj.map("counts")
            counts[1] = 2
            assert link.fd > 0 and counts[1] == 2 and obj.program("whoami").info.id > 0
            tinybpf.BpfRingBuffer(obj.map("events"), print).consume()
            stream = obj.ring_buffer("events")
            stream.drain()
            assert stream.stats["events"].size == 1 << 16
        with tinybpf.load(self.perf, variables={"target": 1}) as obj:
            obj.program("on_getppid").attach()
            stream = obj.perf_buffer("calls")
            stream.drain()
            obj.globals["number"] = 7
            assert (obj.globals["number"], obj.globals["target"], stream.lost) == (7, 1, 0)

    def whole(self) -> None:
        with tinybpf.load(self.tracing) as obj:
            obj.program("on_getppid").attach()
            counts = obj.map("counts")
            counts[1] = 2
            assert dict(counts.items()) == {1: 2} and next(iter(counts)) == 1
            os.getppid()
            assert len(obj.ring_buffer("events").drain()) >= 0
            with tinybpf.open_map_by_id(counts.id) as again:
                assert again[1] == 2
        with tinybpf.load(self.commands) as obj:
            obj.user_ring_buffer("commands").write(b"12345678")
            list(obj.globals)
        with tinybpf.open(self.commands) as opened:
            repr(opened)
        tinybpf.create_map("hash", key="u32", value="u64", max_entries=8).close()
        with pytest.raises(tinybpf.ObjectError):
            tinybpf.load(self.damaged)


@pytest.fixture
def turns(build: Any) -> Turns:
    return Turns(build)


def flat(turn: Any, count: int, warm: int) -> None:
    """``turn`` leaves descriptors, mappings and memory as they were, after the first few."""
    for _ in range(warm):
        turn()
    gc.collect()
    before, memory = (descriptors(), mappings()), [resident()]
    for _ in range(3):  # what leaks grows each time; what malloc keeps may grow once
        for _ in range(count):
            turn()
        gc.collect()
        assert (descriptors(), mappings()) == before
        memory.append(resident())
        if memory[-1] - memory[-2] < KIB_OF_GROWTH:
            return
    pytest.fail(f"KiB in memory after each {count} turns: {memory}")


def test_a_hundred_turns_of_everything(turns: Turns):
    flat(turns.whole, 100, warm=20)
    assert named({"on_getppid", "whoami", "counts", "commands"}) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_loads(turns: Turns):
    """Of them a tenth of two objects in turns, with maps, links, ring and perf buffers, variables."""
    flat(turns.small, 9_000, warm=200)
    flat(turns.each, 500, warm=100)
    assert named({"on_any", "on_getppid", "whoami", "counts", "calls"}) == []


def test_three_hundred_loads(turns: Turns):
    flat(turns.small, 300, warm=50)
    flat(turns.each, 100, warm=30)
    left = named({"on_any", "on_getppid", "whoami", "counts", "calls"})
    assert observed("objects left of 400 loads", left) == []
