"""The project's tests with the kernel under several kernels, two at a time: ``make vm-test-all``.

Prints each guest's output as it comes, and one table at the end. A run of all kernels and all tests
writes the support matrix of docs/kernels.md, for which this machine's own kernel runs the tests of the
features, too. Ends with 0 where all tests of all kernels passed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matrix
import own
import reports
import run
import selection

from tinybpf import system
from tinybpf.vm import several

KERNELS = ("5.10", "6.1", "6.12", "7.2")
DOCUMENT = selection.ROOT / "docs" / "kernels.md"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernels", nargs="+", default=list(KERNELS))
    parser.add_argument("--timeout", type=float, default=run.TIMEOUT, help="seconds, of each kernel")
    parser.add_argument("--lacking", type=Path, help="only tests that this report says were skipped")
    given, more = parser.parse_known_args(arguments)
    os.chdir(selection.ROOT)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # the guests end, too
    if given.lacking:
        missed = lacking(given.lacking)
        if not missed:
            print(f"{given.lacking} has no test that this machine's kernel could not run")
            return 0
        more += missed
    selected = selection.select(more)
    places = {kernel: selection.FOLDER / f"{kernel}.jsonl" for kernel in given.kernels}
    commands = {
        kernel: run.command(kernel, selected, place, given.timeout) for kernel, place in places.items()
    }
    download(given.kernels)
    complete = not more and tuple(given.kernels) == KERNELS
    here = own.run() if complete else []
    results = several.run_all(commands, lambda kernel, line: print(f"{kernel:5}| {line}", flush=True))
    found = {kernel: reports.read(place) for kernel, place in places.items()}
    print(f"\n{several.table(results)}\n\n{reports.table(found)}")
    for reason, count in selected.left_out.items():
        print(f"left out: {count} tests: {reason}")
    if complete and all(result.status in (0, 1) for result in results):
        write(found, here)
    good = all(result.status == 0 for result in results) and not reports.counts(here)["failed"]
    return 0 if good else 1


def write(found: Mapping[str, Sequence[reports.Outcome]], here: Sequence[reports.Outcome]) -> None:
    """The support matrix, with this machine's own kernel among the others if it could run something."""
    name = own.kernel(list(found))
    used = {**releases(list(found)), name: system.kernel_release() or name}
    matrix.write(DOCUMENT, own.among(found, here, name), used, name if here else None)


def download(kernels: Sequence[str]) -> None:
    """One after the other, and said once."""
    from tinybpf.vm import kernel

    for line in kernels:
        found = kernel(line, say=lambda text: print(text, flush=True))
        print(f"{line}: {found.release} ({found.package})", flush=True)


def releases(kernels: Sequence[str]) -> dict[str, str]:
    from tinybpf.vm import kernel

    return {line: kernel(line).release for line in kernels}


def lacking(report: Path) -> list[str]:
    """The tests that a run on this machine skipped for what its kernel lacks."""
    outcomes = reports.read(report)
    return [o.test for o in outcomes if o.outcome == "skipped" and o.reason.startswith("this kernel ")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
