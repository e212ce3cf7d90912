"""The command: ``python -m fuzz.mutation --time 60``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import hunt
from .targets import BY_NAME, TARGETS, Target

KEPT = Path(".fuzz")
BETWEEN = 5.0
"""Seconds between two lines of progress."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.mutation", description="mutated inputs of the compiler"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time", type=float, default=60.0, help="seconds for all targets together (60)")
    parser.add_argument("--count", type=int, help="how many mutants of each target, at most")
    parser.add_argument("--targets", default=",".join(BY_NAME), help=f"some of {','.join(BY_NAME)}")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.targets.split(",")) - set(BY_NAME))
    if unknown:
        parser.error(f"no target {unknown[0]}; there are {', '.join(BY_NAME)}")
    chosen = [t for t in TARGETS if t.name in given.targets.split(",")]
    failed = 0
    for target in chosen:
        failed += _hunt(target, given.seed, given.time / len(chosen), given.count)
    return 1 if failed else 0


def _hunt(target: Target, seed: int, seconds: float, count: int | None) -> int:
    found = hunt.Hunt(target, seed)
    began = shown = time.monotonic()
    known = 0
    for n, text in enumerate(found.mutants()):
        now = time.monotonic()
        if now - began > seconds or (count is not None and n >= count):
            break
        found.try_one(text)
        if now - shown > BETWEEN:
            shown = now
            print(_line(found, now - began), flush=True)
        for failure in list(found.failures.values())[known:]:
            print(f"{target.name}: {failure.key}\n    {_keep(target, failure, len(found.failures), seed)}")
        known = len(found.failures)
    print(_line(found, time.monotonic() - began), flush=True)
    return known


def _line(found: hunt.Hunt, seconds: float) -> str:
    outcomes = ", ".join(f"{n} {what}s" for what, n in found.counts.most_common())
    return f"{seconds:6.0f} s  {found.target.name}: {outcomes}; {len(found.reached)} lines of the compiler"


def _keep(target: Target, failure: hunt.Failure, number: int, seed: int) -> Path:
    """Writes a failing mutant, shortened where it is a text of lines, and what came of it."""
    place = KEPT / f"{target.name}-{seed}-{number}"
    place.mkdir(parents=True, exist_ok=True)
    text = failure.text
    if target.name in ("sources", "directives") and failure.key != "slow":

        def fails(shorter: str) -> bool:
            again = hunt.outcome(target, shorter)
            return isinstance(again, hunt.Failure) and again.key == failure.key

        text = hunt.shortened(text, fails)
    suffix = "go" if target.name in ("sources", "directives") else "json"
    (place / f"mutant.{suffix}").write_text(failure.text, errors="surrogatepass")
    (place / f"shortened.{suffix}").write_text(text, errors="surrogatepass")
    (place / "README").write_text(
        f"{target.name}: {failure.key}\n\n{failure.detail}\n", errors="surrogatepass"
    )
    return place


if __name__ == "__main__":
    sys.exit(main())
