"""What is compared: each example in Go, and the same in C."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pair:
    """A program in both languages."""

    name: str
    go: Path
    c: Path

    def clang(self, output: str) -> list[str]:
        """The command that compiles the C."""
        flags = ["-O2", "-g", "-target", "bpf", "-mcpu=v3"]
        return [clang(), *flags, "-c", str(self.c), "-o", output]


def pairs() -> list[Pair]:
    """All examples; each has its program in C."""
    folders = sorted(path.parent for path in (HERE.parent / "examples").glob("*/bpf"))
    return [Pair(f.name, f / "bpf", HERE / "c" / f"{f.name}.bpf.c") for f in folders]


@cache
def clang() -> str:
    """The newest clang that is installed."""
    found = [c for c in ("clang", *(f"clang-{n}" for n in range(25, 13, -1))) if shutil.which(c)]
    if not found:
        raise SystemExit("no clang on this machine: install clang-19 to compare with it")
    return found[0]


def clang_version() -> str:
    told = subprocess.run([clang(), "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\S+)", told)
    return version[1] if version else "?"
