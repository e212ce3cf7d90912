"""Run the benchmarks and print their tables: ``python -m benchmarks [--runs N]``."""

from __future__ import annotations

import argparse

from benchmarks import compile_time


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each (default 20)")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs must be at least 1")
    print(compile_time.machine())
    for text in compile_time.run(runs):
        print(text)


if __name__ == "__main__":
    main()
