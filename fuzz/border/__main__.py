"""The command: ``python -m fuzz border --time 60``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import campaign, sanitized, seeds

KEPT = Path(".fuzz")


def main(arguments: Sequence[str] | None = None) -> int:
    given = _options(arguments)
    began, known = time.monotonic(), set[str]()
    with tempfile.TemporaryDirectory() as made:
        place = given.seeds or seeds.gather(Path(made))
        if given.guided:
            from . import guided

            return guided.run(place, given.seed, given.time)
        environment = None
        if given.sanitized:
            environment = sanitized.environment(sanitized.library(KEPT / "sanitized"))

        def tell(summary: campaign.Summary) -> None:
            print(f"{time.monotonic() - began:6.0f} s  {summary.line()}", flush=True)
            for failure in summary.failures:
                if failure.key not in known:
                    known.add(failure.key)
                    print(f"{failure.key}\n    {campaign.keep(KEPT, place, given.seed, failure)}")

        def go_on() -> bool:
            return given.time is None or time.monotonic() - began < given.time

        count = given.count or (2000 if given.time is None else sys.maxsize)
        summary = campaign.run(place, given.seed, given.first, count, environment, tell, go_on)
    return 1 if summary.failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz border", description="damaged objects (root)")
    parser.add_argument("--seed", type=int, default=1, help="of all mutants (1)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (0)")
    parser.add_argument("--count", type=int, help="how many (2000, without end where --time is given)")
    parser.add_argument("--time", type=float, help="how many seconds")
    parser.add_argument("--seeds", type=Path, help="a folder of good objects instead of the tests'")
    parser.add_argument("--sanitized", action="store_true", help="with a libbpf that sees bad reads")
    parser.add_argument("--guided", action="store_true", help="atheris chooses the mutants (needs atheris)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
