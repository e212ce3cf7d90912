"""From Go source to an object, beside clang on the same in C: time, and instructions."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pairs import Pair
from benchmarks.timing import Sample, in_turn

PAUSE = 0.05
"""Seconds between compiles in one process, in which the worker makes ready for the next."""


@dataclass(frozen=True)
class Compiled:
    """What one example takes in both languages: instructions in slots of 8 bytes, and seconds."""

    name: str
    instructions: int
    clang_instructions: int
    cold: Sample
    warm: Sample
    clang: Sample


def measure(pairs: Sequence[Pair], runs: int) -> tuple[list[Compiled], dict[str, Sample]]:
    """All pairs, and the stages of the warm compiles of all."""
    with tempfile.TemporaryDirectory() as folder:
        objects = [str(Path(folder) / f"{pair.name}.o") for pair in pairs]
        code = "import sys; from tinybpf.compiler import compile_go; compile_go(sys.argv[1])"
        cold = [[sys.executable, "-c", code, str(pair.go)] for pair in pairs]
        in_c = [pair.clang(to) for pair, to in zip(pairs, objects, strict=True)]
        took = in_turn([*cold, *in_c], runs)
        warm, stages, sizes = _warm(pairs, runs)
        found = [
            Compiled(pair.name, sizes[i], _instructions(objects[i]), took[i], warm[i], took[len(pairs) + i])
            for i, pair in enumerate(pairs)
        ]
    return found, stages


def _warm(pairs: Sequence[Pair], runs: int) -> tuple[list[Sample], dict[str, Sample], list[int]]:
    """Compiles in one process: seconds of each example, of the stages of all, and instructions."""
    from tinybpf.compiler import compile_go

    seconds: list[list[float]] = [[] for _ in pairs]
    stages: dict[str, list[float]] = defaultdict(list)
    sizes = [0] * len(pairs)
    for run in range(runs + 1):
        for i, pair in enumerate(pairs):
            began = time.perf_counter()
            made = compile_go(pair.go)
            took = time.perf_counter() - began
            time.sleep(PAUSE)
            sizes[i] = sum(program.instructions for program in made.programs)
            if not run:
                continue
            seconds[i].append(took)
            for name, of_stage in made.stages.items():
                stages[name].append(of_stage)
    return [Sample(tuple(s)) for s in seconds], {k: Sample(tuple(s)) for k, s in stages.items()}, sizes


def _instructions(path: str) -> int:
    from tinybpf.compiler import elf

    return elf.read(Path(path).read_bytes()).instructions()


def starting(runs: int) -> tuple[float, float]:
    """Seconds of ``import tinybpf``, and with all its names, on top of Python's own start: medians."""
    nothing = [sys.executable, "-c", "pass"]
    plain = [sys.executable, "-c", "import tinybpf"]
    every = [sys.executable, "-c", "import tinybpf as t; [getattr(t, name) for name in t.__all__]"]
    empty, imported, whole = in_turn([nothing, plain, every], runs)
    return imported.median - empty.median, whole.median - empty.median
