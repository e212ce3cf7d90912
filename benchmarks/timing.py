"""Timing whole commands, one beside the other."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Seconds of several runs."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def least(self) -> float:
        return min(self.runs)

    def __str__(self) -> str:
        """The median and the least, in milliseconds."""
        return f"{self.median * 1e3:.1f} ({self.least * 1e3:.1f})"

    def nanoseconds(self) -> str:
        """The median and the least, in nanoseconds."""
        return f"{self.median * 1e9:.0f} ({self.least * 1e9:.0f})"


def environment() -> dict[str, str]:
    """That of this process, in which Python may keep its bytecode."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def wall(command: Sequence[str]) -> float:
    """Seconds from starting a command to its end; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began


def in_turn(commands: Sequence[Sequence[str]], runs: int, warmup: int = 1) -> list[Sample]:
    """Each command in turn, so that a machine that gets slower gets slower for all of them."""
    seconds: list[list[float]] = [[] for _ in commands]
    for run in range(warmup + runs):
        for kept, command in zip(seconds, commands, strict=True):
            took = wall(command)
            if run >= warmup:
                kept.append(took)
    return [Sample(tuple(s)) for s in seconds]


def geometric_mean(ratios: Iterable[float]) -> float:
    return math.exp(statistics.mean(math.log(ratio) for ratio in ratios))
