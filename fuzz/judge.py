"""Runs programs by gc and in the kernel, and says what became of each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import inputs, kernel, native
from .outcome import Outcome, Verdict
from .tree import Program

GROUP = 4
"""How many programs go into one object: compiling them together is quicker."""


@dataclass
class Judge:
    """How programs are compiled for the kernel; ``seconds`` is where the time went.

    With ``lines`` panics are counted by line, and the lines compared; other code comes of it.
    """

    cpu: str = "v3"
    lines: bool = False
    compiler: kernel.Compile = kernel.compile_text
    group: int = GROUP
    calls: int = inputs.CALLS
    seconds: dict[str, float] = field(
        default_factory=lambda: {"gc": 0.0, "native": 0.0, "compile": 0.0, "run": 0.0}
    )

    def judge(self, programs: Sequence[Program], seeds: Sequence[int]) -> list[Verdict]:
        """A verdict for each program; its seed gives it its inputs."""
        calls = {n: inputs.calls(p.parameters, seeds[n], self.calls) for n, p in enumerate(programs)}
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            wanted, invalid = self._reference(programs, calls, Path(folder))
        verdicts = {n: Verdict("invalid", kernel.category(why), why) for n, why in invalid.items()}
        rest = [n for n in range(len(programs)) if n not in invalid]
        for at in range(0, len(rest), self.group):
            verdicts.update(self._group(rest[at : at + self.group], programs, calls, wanted))
        return [verdicts[n] for n in range(len(programs))]

    def _reference(
        self, programs: Sequence[Program], calls: dict[int, list[tuple[int, ...]]], folder: Path
    ) -> tuple[dict[int, list[Outcome]], dict[int, str]]:
        began = time.perf_counter()
        invalid: dict[int, str] = {}
        numbers = list(range(len(programs)))
        while numbers:
            wrong = native.build([programs[n] for n in numbers], folder)
            if not wrong:
                break
            invalid.update({numbers[at]: why for at, why in wrong.items()})
            numbers = [n for n in numbers if n not in invalid]
        built = self._spent("gc", began)
        found = native.run(folder, [(at, calls[n]) for at, n in enumerate(numbers)]) if numbers else {}
        self._spent("native", built)
        return {n: found[at] for at, n in enumerate(numbers)}, invalid

    def _group(
        self,
        numbers: list[int],
        programs: Sequence[Program],
        calls: dict[int, list[tuple[int, ...]]],
        wanted: dict[int, list[Outcome]],
    ) -> dict[int, Verdict]:
        began = time.perf_counter()
        loaded = kernel.load([programs[n] for n in numbers], self.cpu, self.compiler, self.lines)
        began = self._spent("compile", began)
        if isinstance(loaded, Verdict):
            if len(numbers) == 1:
                return {numbers[0]: loaded}
            return {n: v for one in numbers for n, v in self._group([one], programs, calls, wanted).items()}
        with loaded:
            found = {
                n: compare(calls[n], wanted[n], loaded.run(at, calls[n])) for at, n in enumerate(numbers)
            }
        self._spent("run", began)
        return found

    def _spent(self, what: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[what] += now - since
        return now


def compare(calls: Sequence[tuple[int, ...]], wanted: list[Outcome], got: list[Outcome]) -> Verdict:
    """Right, or wrong with the first calls that differ."""
    panics = sum(o.panicked for o in wanted)
    differing = [(c, w, g) for c, w, g in zip(calls, wanted, got, strict=True) if not g.is_as(w)]
    if not differing:
        return Verdict("right", panics=panics, calls=len(calls))
    lines = [f"run({', '.join(map(str, c))})\n    gc  {w}\n    BPF {g}" for c, w, g in differing[:5]]
    detail = f"{len(differing)} of {len(calls)} calls differ\n" + "\n".join(lines)
    return Verdict("wrong", "", detail, panics, len(calls))
