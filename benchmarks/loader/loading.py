"""Loading a small object: again and again, as a process of its own, and the memory of that. Needs root."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.loader import peers
from benchmarks.loader.peers import Row
from benchmarks.pairs import HERE
from benchmarks.timing import environment, in_turn

ROUNDS = 40
"""Rounds of each process."""

LOADS = 5
"""Loads of a round: a millisecond, so that some rounds go by undisturbed."""

PROCESSES = 5
"""How many processes are started for a run, each of which measures, or is, one thing."""

IMPORTS = {
    "import tinybpf": "import tinybpf",
    "import tinybpf, and what a load needs": "import tinybpf; tinybpf.load",
}
IMPORT_MS = 25
MEMORY_MIB = 35


def measure(runs: int) -> list[Row]:
    """All rows."""
    from tinybpf.compiler import compile_go

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "small.o"))
        Path(path).write_bytes(bytes(compile_go(HERE / "loader" / "small")))
        program, bcc = peers.c_program("load", folder), peers.bcc_program("bcc_load")
        return [_warm(program, bcc, path, runs), *_cold(program, path, runs), *_imports(runs),
                _memory(program, bcc, path, runs)]  # fmt: skip


def _warm(program: str, bcc: Sequence[str] | None, path: str, runs: int) -> Row:
    """Open, load, close, again and again; bcc compiles, too, which is the only way that it has."""
    numbers = (path, str(ROUNDS), str(LOADS))
    commands = {"C": [program, "warm", *numbers], "tinybpf": peers.our_program("loading", *numbers)}
    rates = peers.in_turn(commands, runs * PROCESSES)
    if bcc:
        rates |= peers.in_turn({"bcc": [*bcc, "warm", "2", "1"]}, 1)
    took = {name: 1e6 / rate for name, rate in rates.items()}
    return Row("load of a small object", "µs", took["C"], took["tinybpf"], 1.5, took.get("bcc"))


def _cold(program: str, path: str, runs: int) -> list[Row]:
    """A process that loads the object and ends; and one of Python that does nothing."""
    load = f"import tinybpf; tinybpf.load({path!r}).close()"
    commands = (
        [program, "warm", path, "1", "1"],
        [sys.executable, "-c", load],
        [sys.executable, "-c", "pass"],
    )
    c, ours, nothing = (sample.least * 1e3 for sample in in_turn(commands, runs * PROCESSES))
    return [
        Row("a process that loads it", "ms", c, ours),
        Row("a process of Python that does nothing", "ms", None, nothing),
    ]


def _imports(runs: int) -> list[Row]:
    """Milliseconds of the CPU on top of Python's own start, as a process measures them."""
    code = "import time; began = time.process_time(); {}; print(time.process_time() - began)"
    commands = {name: [sys.executable, "-c", code.format(what)] for name, what in IMPORTS.items()}
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(runs * PROCESSES + 1):
        for name, command in commands.items():
            least[name] = min(least[name], float(_told(command)) * 1e3)
    return [Row(name, "ms", None, took, IMPORT_MS) for name, took in least.items()]


def _memory(program: str, bcc: Sequence[str] | None, path: str, runs: int) -> Row:
    """The most memory that a process has which loads the object and does nothing else."""

    def mebibytes(command: Sequence[str]) -> float:
        return min(int(_told(command)) / 1024 for _ in range(runs))

    c, ours = mebibytes([program, "memory", path, "1", "1"]), mebibytes([sys.executable, "-c", _ALONE, path])
    theirs = mebibytes([*bcc, "memory", "1", "1"]) if bcc else None
    return Row("memory of a process that only loads", "MiB", c, ours, MEMORY_MIB, theirs, absolute=True)


def _told(command: Sequence[str]) -> str:
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=environment(), cwd=peers.ROOT
    ).stdout


_ALONE = """
import sys, tinybpf
tinybpf.load(sys.argv[1]).close()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""A process that has none of the benchmarks' own imports."""


def main(path: str, rounds: str, loads: str) -> None:
    """Our process, which loads again and again."""
    import tinybpf

    def work() -> tuple[int, int]:
        for _ in range(int(loads)):
            tinybpf.load(path).close()
        return int(loads), 0

    peers.rounds(int(rounds), lambda: None, work, time.perf_counter)


if __name__ == "__main__":
    main(*sys.argv[1:])
