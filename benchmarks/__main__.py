"""Run the benchmarks and print their table: ``python -m benchmarks [--runs N]``."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import compiling, running
from benchmarks.pairs import clang, clang_version, pairs
from benchmarks.timing import geometric_mean


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each (default 20)")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs must be at least 1")
    print(machine())
    print(report(runs))


def report(runs: int) -> str:
    """All figures; times in milliseconds."""
    found, stages = compiling.measure(pairs(), runs)
    head = ("", "instructions", clang(), "ratio", "cold", "warm", clang())
    rows = [
        (
            f.name,
            str(f.instructions),
            str(f.clang_instructions),
            f"{f.instructions / f.clang_instructions:.2f}",
            str(f.cold),
            str(f.warm),
            str(f.clang),
        )
        for f in found
    ]
    ratios = [
        geometric_mean(f.instructions / f.clang_instructions for f in found),
        geometric_mean(f.cold.median / f.clang.median for f in found),
        geometric_mean(f.warm.median / f.clang.median for f in found),
    ]
    mean = ("geometric mean / clang", "", "", f"{ratios[0]:.3f}", *(f"{r:.2f}" for r in ratios[1:]), "")
    imported, whole = compiling.starting(runs)
    others = [("a warm compile: " + name, str(sample)) for name, sample in stages.items()]
    others += [("import tinybpf", f"{imported * 1e3:.1f}"), ("and all its names", f"{whole * 1e3:.1f}")]
    if os.geteuid() == 0:
        others.append(("tinybpf run, to the first event", str(running.first_event(runs))))
        last = f"tinybpf run --json shows {running.events_a_second():,.0f} events a second.\n"
    else:
        last = "Left out, for it needs root: tinybpf run.\n"
    return "\n".join([table(head, [*rows, mean]), table(("", "ms"), others), last])


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Columns under their names, the first to the left and the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = (
        "  ".join(f"{cell:{'<>'[column > 0]}{widths[column]}}" for column, cell in enumerate(row)).rstrip()
        for row in (head, *rows)
    )
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What it ran on."""
    return (
        f"{cpu()}, {os.cpu_count()} CPUs, Linux {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, clang {clang_version()}\n"
    )


def cpu() -> str:
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
