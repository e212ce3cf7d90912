"""From Go source to an object, beside clang on the same program in C: time and size of the code."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.timing import Sample, in_turn, table

HERE = Path(__file__).parent
GO = HERE.parent / "examples" / "tracepoint-connect" / "bpf"
C = HERE / "c" / "connect.bpf.c"

TARGETS = {"cold": 0.100, "warm": 0.015, "import": 0.025}
"""To reach on a quiet machine, in seconds."""


def clang() -> str:
    """The newest clang that is installed."""
    found = [c for c in ("clang", *(f"clang-{n}" for n in range(25, 13, -1))) if shutil.which(c)]
    if not found:
        raise SystemExit("no clang on this machine: install clang-19 to compare with it")
    return found[0]


def run(runs: int) -> list[str]:
    """The tables of this benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        c_object = str(Path(folder) / "c.o")
        by_clang = [clang(), "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-c", str(C), "-o", c_object]
        cold_code = f"from tinybpf.compiler import compile_go; compile_go({str(GO)!r})"
        nothing = [sys.executable, "-c", "pass"]
        plain = [sys.executable, "-c", "import tinybpf"]
        every = [sys.executable, "-c", "import tinybpf as t; [getattr(t, name) for name in t.__all__]"]
        cold, in_c, empty, imported, whole = in_turn(
            [[sys.executable, "-c", cold_code], by_clang, nothing, plain, every], runs
        )
        warm, stages, ours = _warm(runs, pause=0.05)
        hurried, _, _ = _warm(runs, pause=0.0)
        theirs = _instructions(c_object)
    bare_import, whole_import = (
        Sample(tuple(i - e for i, e in zip(s.runs, empty.runs, strict=True))) for s in (imported, whole)
    )
    return [
        table(
            "Go to an object: examples/tracepoint-connect",
            [
                ("cold process", _against("cold", cold)),
                ("warm, 50 ms after the last", _against("warm", warm)),
                ("warm, back to back", hurried),
                (f"{by_clang[0]} -O2 -g on the same in C", in_c),
                ("cold / clang", f"{cold.median / in_c.median:8.2f}"),
                ("warm / clang", f"{warm.median / in_c.median:8.2f}"),
            ],
        ),
        table("Stages of a warm compile", [(name, Sample(tuple(s))) for name, s in stages.items()]),
        table(
            "Instructions (8-byte slots)",
            [("tinybpf", ours), (by_clang[0], theirs), ("ratio", f"{ours / theirs:.2f}")],
        ),
        table(
            "Starting",
            [
                ("python -c pass", empty),
                ("import tinybpf, on top of it", _against("import", bare_import)),
                ("import tinybpf and all its names", whole_import),
            ],
        ),
    ]


def _against(what: str, sample: Sample) -> str:
    return f"{sample}   to reach: {TARGETS[what] * 1e3:.0f} ms"


def _warm(runs: int, pause: float) -> tuple[Sample, dict[str, list[float]], int]:
    """Compiles in one process, with a pause in which the worker makes ready for the next."""
    from tinybpf.compiler import compile_go

    stages: dict[str, list[float]] = defaultdict(list)
    whole = []
    size = 0
    for n in range(runs + 3):
        began = time.perf_counter()
        made = compile_go(GO)
        took = time.perf_counter() - began
        time.sleep(pause)
        if n < 3:
            continue
        whole.append(took)
        size = sum(p.instructions for p in made.programs)
        for name, seconds in made.stages.items():
            stages[name].append(seconds)
    return Sample(tuple(whole)), stages, size


def _instructions(path: str) -> int:
    from tinybpf.compiler import elf

    return elf.read(Path(path).read_bytes()).instructions()


def machine() -> str:
    """What it ran on."""
    llvm = subprocess.run([clang(), "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\S+)", llvm)
    return (
        f"{platform.python_implementation()} {platform.python_version()}, Linux {platform.release()}, "
        f"{platform.machine()}, clang {version[1] if version else '?'}\n"
    )
