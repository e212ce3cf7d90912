"""Drives processes that try mutants; the one that a process died of is a failure, and the next goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .mutants import numbered
from .seeds import ROOT, read

BATCH = 200
"""Mutants of one process: what one leaves behind must not be the next one's trouble for ever."""


@dataclass(frozen=True)
class Failure:
    """``key`` is the same for failures at one place."""

    number: int
    key: str
    detail: str


@dataclass
class Summary:
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def line(self) -> str:
        told = ", ".join(f"{n} {outcome}" for outcome, n in self.outcomes.most_common())
        return f"{told or 'nothing yet'}; {len(self.failures)} failures"


def run(
    place: Path,
    seed: int,
    first: int,
    count: int,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[Summary], object] = lambda summary: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Summary:
    """Tries the mutants ``first`` to ``first + count - 1`` of ``seed``, whose objects are in ``place``."""
    summary, number = Summary(), first
    while number < first + count and go_on():
        batch = min(BATCH, first + count - number)
        number = _batch(place, seed, number, batch, environment, summary)
        tell(summary)
    return summary


def _batch(
    place: Path, seed: int, first: int, count: int, environment: Mapping[str, str] | None, summary: Summary
) -> int:
    """One process; returns the number to go on with."""
    command = [sys.executable, "-m", "fuzz.border.child", str(place), str(seed), str(first), str(count)]
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=said, text=True, cwd=ROOT, env=environment, check=False
        )
        said.seek(0)
        detail = said.read()
    lines = done.stdout.splitlines()
    if not lines:  # no mutant's fault
        raise RuntimeError(f"{' '.join(command)} does not start:\n{detail[-2000:]}")
    tried = 0
    for line in lines:
        number, _, outcome = line.partition(" ")
        if number == "done":
            return first + count
        if outcome:
            summary.outcomes[outcome] += 1
            tried += 1
    summary.failures.append(Failure(first + tried, key_of(done.returncode, detail), detail))
    return first + tried + 1


def key_of(status: int, detail: str) -> str:
    """How it ended and where."""
    if found := re.search(r"ERROR: AddressSanitizer:? ([\w-]+)", detail):
        places = re.findall(r"^ +#\d+ \S+ in (\w+) .*/(\w+\.c:\d+)", detail, re.M)
        return " ".join([found[1], *(":".join(place) for place in places[:2])])
    if status == -signal.SIGPROF or "Timeout (" in detail:
        return f"hang {_innermost(detail)}"
    if status < 0:
        return f"signal {-status} {_innermost(detail)}"
    last = detail.rstrip().splitlines()[-1] if detail.strip() else "nothing said"
    return f"{last[:100]} {_outermost(detail)}"


def _innermost(detail: str) -> str:
    """faulthandler begins with the innermost frame."""
    found = re.search(r'File "(?:.*/)?([^"/]+)", line (\d+)', detail)
    return f"{found[1]}:{found[2]}" if found else ""


def _outermost(detail: str) -> str:
    """A traceback ends with it."""
    found = re.findall(r'File "(?:.*/)?([^"/]+)", line (\d+)', detail)
    return ":".join(found[-1]) if found else ""


def keep(folder: Path, place: Path, seed: int, failure: Failure) -> Path:
    """The mutant, and what became of it."""
    kept = folder / f"border-{seed}-{failure.number}"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "mutant.o").write_bytes(numbered(read(place), seed, failure.number))
    (kept / "README").write_text(f"{failure.key}\n\n{failure.detail}\n")
    return kept
