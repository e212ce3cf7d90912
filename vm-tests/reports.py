"""What the guests reported of each test, and the tables made of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Outcome(NamedTuple):
    """One test under one kernel: ``passed``, ``failed`` or ``skipped``, why, and what it has seen."""

    test: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    observed: Sequence[tuple[str, str]] = ()


def read(path: Path) -> list[Outcome]:
    """A report; a line that was not written to its end, where the guest died, is left out."""
    found = []
    for line in path.read_text().splitlines():
        try:
            found.append(Outcome(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def counts(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many tests passed, failed and were skipped; each test once."""
    worst: dict[str, str] = {}
    for each in outcomes:
        if worst.get(each.test) != "failed":
            worst[each.test] = each.outcome
    return Counter(worst.values())


def skips(by_kernel: Mapping[str, Sequence[Outcome]]) -> list[tuple[str, dict[str, int]]]:
    """Every reason to skip, and how many tests it skipped by kernel."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for kernel, outcomes in by_kernel.items():
        for each in outcomes:
            if each.outcome == "skipped":
                found[each.reason][kernel] += 1
    return sorted((reason, dict(numbers)) for reason, numbers in found.items())


def table(by_kernel: Mapping[str, Sequence[Outcome]]) -> str:
    """Kernels by passed, failed, skipped; then every skip with its reason; then what failed."""
    lines = ["kernel  passed  failed  skipped"]
    for kernel, outcomes in by_kernel.items():
        found = counts(outcomes)
        lines.append(f"{kernel:6}  {found['passed']:6}  {found['failed']:6}  {found['skipped']:7}")
    reasons = skips(by_kernel)
    if reasons:
        lines += ["", "skipped:"]
    for reason, numbers in reasons:
        lines.append(f"  {', '.join(f'{kernel}: {n}' for kernel, n in numbers.items())}: {reason}")
    failed = [(k, o) for k, outcomes in by_kernel.items() for o in outcomes if o.outcome == "failed"]
    if failed:
        lines += ["", "failed:"]
    lines += [f"  {kernel}: {each.test}: {each.reason}" for kernel, each in failed]
    return "\n".join(lines)
