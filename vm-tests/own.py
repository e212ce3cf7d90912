"""This machine's own kernel as a column of the support matrix: the tests of the features, run here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import reports
import selection
from features import FEATURES
from reports import Outcome

from tinybpf import system

REPORT = selection.FOLDER / "own.jsonl"


def kernel(others: Sequence[str]) -> str:
    """The name of its column: its line, such as ``6.18``, told from a guest's of the same."""
    line = ".".join(map(str, system.kernel_version() or ()))
    return f"{line} here" if line in others else line


def run() -> list[Outcome]:
    """What the tests said; nothing where they all were skipped, as those of an ordinary user are."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("")
    tests = dict.fromkeys(feature.test for feature in FEATURES if feature.test)
    here = os.pathsep.join([str(selection.ROOT / "vm-tests"), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "vm_report", "-m", "kernel", *tests],
        cwd=selection.ROOT, env={**os.environ, "PYTHONPATH": here, "VM_REPORT": str(REPORT)}, check=False,
    )  # fmt: skip
    found = reports.read(REPORT)
    return found if any(each.outcome == "passed" for each in found) else []


def among(
    others: Mapping[str, Sequence[Outcome]], own: Sequence[Outcome], name: str
) -> dict[str, Sequence[Outcome]]:
    """The reports with that of this machine's kernel, in the order of the versions."""
    together = {**others, **({name: own} if own else {})}
    version = {each: [int(part) for part in each.split()[0].split(".")] for each in together}
    return {each: together[each] for each in sorted(together, key=version.__getitem__)}
