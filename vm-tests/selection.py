"""Which test files a guest has to read: collecting them all takes it minutes, this machine seconds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import left_out

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "vm-tests"
"""For reports, and what else host and guests share."""

COMPILED = FOLDER / "python"
"""Modules as Python compiles them, which takes a guest a minute."""


class Selection(NamedTuple):
    """pytest's arguments for a guest, how many tests they are, and how many are left out, by reason."""

    arguments: list[str]
    tests: int
    left_out: Counter[str]


def select(arguments: Sequence[str]) -> Selection:
    """What pytest would run of the tests with the kernel, given more arguments; ``SystemExit`` if nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-m", "kernel", *quiet(arguments), "-q"],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    tests = [line for line in done.stdout.splitlines() if is_place(line) and "::" in line]
    if done.returncode:
        raise SystemExit(done.stdout[-3000:])
    reasons = Counter(reason for reason in map(left_out.why, tests) if reason)
    kept = [test for test in tests if left_out.why(test) is None]
    if not kept:
        raise SystemExit(f"no test to run: {'; '.join(f'{n} tests: {r}' for r, n in reasons.items())}")
    deselected = [f"--deselect={place}" for place in left_out.single()]
    return Selection([*deselected, *options(arguments), *places(arguments, kept)], len(kept), reasons)


def environment() -> dict[str, str]:
    """This process's, with the folder of compiled modules."""
    found = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**found, "PYTHONPYCACHEPREFIX": str(COMPILED)}


def quiet(arguments: Sequence[str]) -> list[str]:
    """Without the flags that make pytest list the tests in another form."""
    return [each for each in arguments if not re.fullmatch(r"-[vq]+|--verbose|--quiet", each)]


def options(arguments: Sequence[str]) -> list[str]:
    """The arguments that name no test."""
    return [argument for argument in arguments if not is_place(argument)]


def is_place(argument: str) -> bool:
    return not argument.startswith("-") and (ROOT / argument.partition("::")[0]).exists()


def places(arguments: Sequence[str], tests: Sequence[str]) -> list[str]:
    """The tests that the caller named one by one, and the files that hold the others."""
    named = [argument for argument in arguments if is_place(argument) and "::" in argument]
    files = dict.fromkeys(re.split("::", test)[0] for test in tests)
    return named + [file for file in files if not any(name.startswith(f"{file}::") for name in named)]
