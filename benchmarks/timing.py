"""Timing whole commands, one beside the other, and telling it in a table."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Seconds of several runs."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        low, high = min(self.runs) * 1e3, max(self.runs) * 1e3
        return f"{self.median * 1e3:8.2f} ms  ({low:.2f} to {high:.2f})"


def wall(command: Sequence[str]) -> float:
    """Seconds from starting a command to its end; it must succeed. Python may keep its bytecode."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


def in_turn(commands: Sequence[Sequence[str]], runs: int, warmup: int = 2) -> list[Sample]:
    """Each command in turn, so that a machine that gets slower gets slower for all of them."""
    seconds: list[list[float]] = [[] for _ in commands]
    for run in range(warmup + runs):
        for kept, command in zip(seconds, commands, strict=True):
            took = wall(command)
            if run >= warmup:
                kept.append(took)
    return [Sample(tuple(s)) for s in seconds]


def table(title: str, rows: Sequence[tuple[str, object]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join([title, *(f"  {name:{width}}  {value}" for name, value in rows), ""])
