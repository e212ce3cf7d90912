"""Many programs, in batches over the processors: what became of them, and the failing ones kept."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from . import features
from .generate import generate
from .judge import Judge
from .outcome import Verdict
from .tree import Program

CPUS = ("v3", "v4", "v2", "v1")
LACKING = {"v1": ("atomics",), "v2": ("atomics",)}
BATCH = 100
"""How many programs go into one binary of gc."""


@dataclass(frozen=True)
class Options:
    """What to make: programs ``seed`` to ``seed + count - 1``, for ``seconds`` where they are given.

    Without ``cpu`` each batch is for another instruction set.
    """

    seed: int = 1
    count: int | None = 2000
    seconds: float | None = None
    features: tuple[str, ...] | None = None
    size: float = 1.0
    cpu: str | None = None
    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))


@dataclass
class Summary:
    """Verdicts by kind and category; the failing programs' seeds; where the time went, in seconds."""

    kinds: Counter[str] = field(default_factory=Counter)
    categories: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: list[tuple[int, Verdict]] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    panics: int = 0
    calls: int = 0

    @property
    def programs(self) -> int:
        return sum(self.kinds.values())

    def add(self, first: int, verdicts: list[Verdict], seconds: dict[str, float]) -> None:
        self.seconds.update(seconds)
        for n, verdict in enumerate(verdicts):
            self.kinds[verdict.kind] += 1
            self.panics += verdict.panics
            self.calls += verdict.calls
            if verdict.kind != "right":
                self.categories[verdict.key] += 1
                self.failed.append((first + n, verdict))

    def line(self) -> str:
        """All of it in one line."""
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.kinds.most_common())
        share = self.panics / self.calls if self.calls else 0.0
        spent = ", ".join(f"{what} {s:.1f}" for what, s in self.seconds.items())
        return f"{self.programs} programs: {kinds}; {share:.0%} of {self.calls} calls panic; seconds: {spent}"


def batch(first: int, count: int, options: Options) -> tuple[int, list[Verdict], dict[str, float]]:
    """Programs ``first`` to ``first + count - 1``, in this process."""
    began = time.perf_counter()
    seeds = range(first, first + count)
    programs = [program_of(seed, options) for seed in seeds]
    judge = Judge(cpu_of(first, options), lines_of(first))
    judge.seconds["generate"] = time.perf_counter() - began
    return first, judge.judge(programs, seeds), judge.seconds


def cpu_of(seed: int, options: Options) -> str:
    """The instruction set for a seed: what is asked for, else another one for each hundred."""
    return options.cpu or CPUS[seed // BATCH % len(CPUS)]


def lines_of(seed: int) -> bool:
    """Whether panics are counted by line for a seed: each instruction set has hundreds of both kinds."""
    return seed // BATCH // len(CPUS) % 2 == 1


def program_of(seed: int, options: Options) -> Program:
    """The program of a seed; it has nothing that its instruction set cannot do."""
    lacking = LACKING.get(cpu_of(seed, options), ())
    chosen = features.NAMES if options.features is None else options.features
    return generate(seed, [f for f in chosen if f not in lacking], options.size)


def run(options: Options) -> Iterator[Summary]:
    """Gives the summary so far after each batch."""
    summary = Summary()
    end = None if options.seconds is None else time.monotonic() + options.seconds
    firsts = _batches(options)
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        running: set[Future[tuple[int, list[Verdict], dict[str, float]]]] = set()
        while True:
            while len(running) < options.jobs and (end is None or time.monotonic() < end):
                following = next(firsts, None)
                if following is None:
                    break
                running.add(pool.submit(batch, *following, options))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                summary.add(*one.result())
                yield summary


def _batches(options: Options) -> Iterator[tuple[int, int]]:
    """First seeds and sizes: smaller batches where there are few programs for the processors."""
    most = BATCH if options.count is None else max(1, min(BATCH, -(-options.count // options.jobs)))
    at, end = options.seed, None if options.count is None else options.seed + options.count
    while end is None or at < end:
        aligned = BATCH - at % BATCH  # one instruction set for a batch
        size = min(most, aligned) if end is None else min(most, aligned, end - at)
        yield at, size
        at += size


def keep(folder: Path, seed: int, verdict: Verdict, options: Options, reduced: str | None) -> Path:
    """Writes a failing program, what is wrong with it, and how to run it again."""
    program = program_of(seed, options)
    place = folder / f"{verdict.kind}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "program.go").write_text(f"package main\n\n{program.source()}")
    if reduced is not None:
        (place / "reduced.go").write_text(f"package main\n\n{reduced}")
    features = f" --features {','.join(options.features)}" if options.features else ""
    flags = f"--seed {seed} --count 1 --size {options.size:g} --cpu {cpu_of(seed, options)}{features}"
    (place / "README").write_text(
        f"{verdict.kind}: {verdict.category}\n\n{verdict.detail}\n\nagain: make fuzz ARGS='{flags}'\n"
    )
    return place
