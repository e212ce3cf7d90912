"""The command: see the package."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import campaign, features
from .judge import Judge
from .outcome import Verdict
from .reduce import Reducer
from .tree import Program

KEPT = Path(".fuzz")
MOST_REDUCED = 3
"""How many programs of one category are made short and kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["mutate"]:
        from .mutation.__main__ import main as mutate

        return mutate(arguments[1:])
    if arguments[:1] == ["border"]:
        from .border.__main__ import main as border

        return border(arguments[1:])
    options, reducing = _options(arguments)
    began, shown = time.monotonic(), 0
    summary = campaign.Summary()
    seen: dict[tuple[str, str], int] = {}
    try:
        for summary in campaign.run(options):
            print(f"\r{time.monotonic() - began:6.0f} s  {summary.line()}", flush=True)
            for seed, verdict in summary.failed[shown:]:
                seen[verdict.key] = seen.get(verdict.key, 0) + 1
                if seen[verdict.key] <= MOST_REDUCED:
                    _keep(seed, verdict, options, reducing and verdict.kind != "invalid")
            shown = len(summary.failed)
    except KeyboardInterrupt:
        print()
    for (kind, category), n in summary.categories.most_common():
        print(f"{n:6} {kind}: {category}")
    return 1 if any(summary.kinds[kind] for kind in ("wrong", "fault", "invalid")) else 0


def _options(arguments: Sequence[str] | None) -> tuple[campaign.Options, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description="generated Go programs: gc against the kernel"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first program (1)")
    parser.add_argument(
        "--count", type=int, help="how many programs (2000, without end where --time is given)"
    )
    parser.add_argument("--time", type=float, help="how many seconds")
    parser.add_argument("--features", help=f"some of {','.join(features.NAMES)}")
    parser.add_argument("--size", type=float, default=1.0, help="of programs: 1 is about 140 lines")
    parser.add_argument("--cpu", help="instruction set (each batch another one)")
    parser.add_argument("--jobs", type=int, default=campaign.Options().jobs, help="how many processes")
    parser.add_argument("--no-reduce", action="store_true", help="keep failing programs as they are")
    given = parser.parse_args(arguments)
    chosen = tuple(given.features.split(",")) if given.features else None
    unknown = sorted(set(chosen or ()) - set(features.NAMES))
    if unknown:
        parser.error(f"no feature {unknown[0]}; there are {', '.join(features.NAMES)}")
    count = given.count if given.count is not None or given.time is not None else 2000
    options = campaign.Options(
        given.seed, count, given.time, chosen, given.size, given.cpu, max(1, given.jobs)
    )
    return options, not given.no_reduce


def _keep(seed: int, verdict: Verdict, options: campaign.Options, reducing: bool) -> None:
    reduced = None
    if reducing:
        program = campaign.program_of(seed, options)
        judge = Judge(campaign.cpu_of(seed, options), campaign.lines_of(seed), group=1)
        reduced = reduce(program, seed, verdict.key, judge).source()
    place = campaign.keep(KEPT, seed, verdict, options, reduced)
    print(f"{verdict.kind}: {verdict.category}\n    {place}/{'reduced' if reduced else 'program'}.go")
    if reduced:
        print("    " + reduced.rstrip().replace("\n", "\n    "))


def reduce(program: Program, seed: int, key: tuple[str, str], judge: Judge) -> Program:
    """The program made short, with the inputs of its seed."""
    return Reducer(lambda programs: judge.judge(programs, [seed] * len(programs)), key).reduce(program)


if __name__ == "__main__":
    sys.exit(main())
