"""The project's tests with the kernel, in a virtual machine: ``make vm-test KERNEL=6.12 ARGS="-k kprobe"``.

Ends with pytest's own status; 124 where the time was up, 125 where the guest did not start or died.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import in_guest
import selection

HERE = Path(__file__).resolve().parent
TIMEOUT = 3600
LIMIT = 300
"""Seconds that a test may take on this machine."""
MEMORY = "4G"
"""One of the tests makes a ring buffer of a gigabyte."""


def command(kernel: str, selected: selection.Selection, report: Path, timeout: float = TIMEOUT) -> list[str]:
    """The command line that runs the tests under a kernel and leaves a report in a file."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("")
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    flags = ["--kernel", kernel, "--timeout", str(timeout), "--memory", MEMORY, "--share", str(report.parent)]
    variables = {"PYTHONPATH": path, "VM_REPORT": report, "PYTHONPYCACHEPREFIX": selection.COMPILED}
    settings = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    limit = ["--timeout", str(LIMIT * in_guest.SLOWER)]
    pytest = [sys.executable, "-m", "pytest", "-p", "in_guest", "-m", "kernel", *limit, *selected.arguments]
    return [sys.executable, "-m", "tinybpf", "vm", *flags, *settings, "--", *pytest]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True, help="a line, such as 6.12")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds")
    given, more = parser.parse_known_args(arguments)
    os.chdir(selection.ROOT)
    selected = selection.select(more)
    for reason, count in selected.left_out.items():
        print(f"left out: {count} tests: {reason}", flush=True)
    words = command(given.kernel, selected, selection.FOLDER / f"{given.kernel}.jsonl")
    os.execv(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1:])
