"""Who is compared: C programs with libbpf, this project, and bcc; each a process that measures itself.

Such a process prints a line for each round: how many items, the seconds that they took, and a sum over
what it read, which must be the same for all who read the same.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.pairs import HERE
from benchmarks.timing import environment

ROOT = HERE.parent
C = HERE / "loader" / "c"
BCC = "/usr/bin/python3"
"""The interpreter that Debian's python3-bpfcc is for."""


@dataclass(frozen=True)
class Row:
    """One kind of work: the best of each, in ``unit``; None who does not do it.

    ``bound`` is to be reached: by the ratio to C, or by our own figure where that is ``absolute`` (or where
    there is no C). More is better of ``M/s``, less of all else.
    """

    name: str
    unit: str
    c: float | None
    ours: float
    bound: float | None = None
    bcc: float | None = None
    absolute: bool = False

    @property
    def ratio(self) -> float | None:
        return None if self.c is None else self.ours / self.c

    def reached(self) -> bool | None:
        """None where nothing is to be reached."""
        if self.bound is None:
            return None
        figure = self.ours if self.absolute or self.ratio is None else self.ratio
        return figure >= self.bound if self.unit == "M/s" else figure <= self.bound

    def cells(self) -> tuple[str, ...]:
        figures = [_figure(number) for number in (self.c, self.ours, self.ratio)]
        reached = {None: "", True: "yes", False: "no"}[self.reached()]
        return (self.name, self.unit, *figures, self._bound(), reached, _figure(self.bcc))

    def _bound(self) -> str:
        if self.bound is None:
            return ""
        unit = f" {self.unit}" if self.absolute or self.c is None else ""
        return f"{'≥' if self.unit == 'M/s' else '≤'} {self.bound:g}{unit}"


HEAD = ("", "", "C", "tinybpf", "ratio", "to reach", "reached", "bcc")


def _figure(number: float | None) -> str:
    """Three digits; all of those before the point."""
    if number is None:
        return ""
    return f"{number:.0f}" if number >= 1000 else f"{number:.3g}"


def libbpf_flags() -> list[str] | None:
    """What the compiler is told to use the project's own static libbpf, or the system's; None without one."""
    for built in sorted((ROOT / "build").glob("*/liblibbpf.a")):
        folder, headers = built.parent, ROOT / "third_party" / "libbpf" / "include" / "uapi"
        libraries = [str(folder / f"{name}.a") for name in ("liblibbpf", "liblibelf", "libzlib")]
        return [f"-I{folder / 'include'}", f"-I{headers}", *libraries, "-lpthread"]
    return ["-lbpf"] if Path("/usr/include/bpf/libbpf.h").exists() else None


def c_program(name: str, folder: str) -> str:
    """``c/NAME.c``, compiled into a folder."""
    flags, compiler = libbpf_flags(), shutil.which("cc")
    if flags is None or compiler is None:
        raise SystemExit("no libbpf or no C compiler to compare with: make setup builds one with the other")
    made = str(Path(folder, name))
    subprocess.run([compiler, "-O2", "-Wall", "-o", made, str(C / f"{name}.c"), *flags], check=True)
    return made


def our_program(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this folder."""
    return [sys.executable, "-m", f"benchmarks.loader.{module}", *arguments]


@cache
def bcc_program(module: str) -> list[str] | None:
    """The command that runs a module of this folder with bcc; None where that is not installed, or cannot
    compile for want of the kernel's headers (``BCC_KERNEL_SOURCE`` names a folder with them)."""
    tried = "import bcc; bcc.BPF(text='int f(void *context) { return 0; }')"
    try:
        done = subprocess.run([BCC, "-c", tried], capture_output=True, env=environment())
    except OSError:
        return None
    return None if done.returncode else [BCC, "-m", f"benchmarks.loader.{module}"]


@dataclass(frozen=True)
class Best:
    """The best round of a process: items a second, and what the rounds read."""

    rate: float
    sums: frozenset[str]


def best(command: Sequence[str]) -> Best:
    """Run a process to its end."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    rates, sums = [], set()
    for line in done.stdout.splitlines():
        items, seconds, total = line.split()
        rates.append(int(items) / float(seconds))
        sums.add(total)
    return Best(max(rates), frozenset(sums))


def in_turn(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Each command ``runs`` times, one beside the other; the best rate of each, by its name.

    What they read must be the same; a command whose name ends with ``*`` reads no fields.
    """
    rates = dict.fromkeys(commands, 0.0)
    told: dict[str, frozenset[str]] = {}
    for _ in range(runs):
        for name, command in commands.items():
            found = best(command)
            rates[name] = max(rates[name], found.rate)
            if not name.endswith("*"):
                told[name] = found.sums
    if len(set(told.values())) > 1:
        raise SystemExit(f"they read different data: {told}")
    return rates


def rounds(
    count: int,
    prepare: Callable[[], object],
    work: Callable[[], tuple[int, int]],
    clock: Callable[[], float] = time.thread_time,
) -> None:
    """Print a line for each round of ``work``, which gives the number of items and the sum.

    The clock is the CPU's time of this thread, as in C's ``cpu_seconds``, for work that does not wait;
    for other work give ``time.perf_counter``, as C's ``seconds``.
    """
    for _ in range(count):
        prepare()
        began = clock()
        items, total = work()
        print(items, f"{clock() - began:.9f}", total, flush=True)
