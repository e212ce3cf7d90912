"""Run the benchmarks and print their table: ``python -m benchmarks [--runs N]``."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence

from benchmarks import compiling, language, large, running
from benchmarks.loader import peers
from benchmarks.loader import report as loader
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
    """All figures; times in milliseconds, of runs in nanoseconds."""
    found, stages = compiling.measure(pairs(), runs)
    imported, whole = compiling.starting(runs)
    others = [("a warm compile: " + name, str(sample)) for name, sample in stages.items()]
    for lines in large.LINES:
        whole_source, of_stages = large.measure(lines, max(1, runs // 5))
        others.append((f"a source of {lines:,} lines", str(whole_source)))
        others += [(f"  {name}", str(sample)) for name, sample in of_stages.items()]
    others += [("import tinybpf", f"{imported * 1e3:.1f}"), ("and all its names", f"{whole * 1e3:.1f}")]
    parts = [compiled(found)]
    if os.geteuid() == 0:
        parts += [compiled(compiling.measure(language.pairs(), runs)[0]), exercised(language.measure(runs))]
        parts.append(table(peers.HEAD, [row.cells() for row in loader.measure(max(1, runs // 4))]))
        others.append(("tinybpf run, to the first event", str(running.first_event(runs))))
        last = f"tinybpf run --json shows {running.events_a_second():,.0f} events a second.\n"
    else:
        last = "Left out, for it needs root: the language programs, the loader, tinybpf run.\n"
    return "\n".join([*parts, table(("", "ms"), others), last])


def compiled(found: Sequence[compiling.Compiled]) -> str:
    """Instructions and compile times, beside clang's."""
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
    return table(head, [*rows, mean])


def exercised(found: Sequence[language.Compared]) -> str:
    """What the language programs take in both languages."""
    head = ("", "instructions", "C", "ratio", "verified", "C", "ratio", "ns a run", "C", "ratio")
    rows = []
    ratios: list[list[float]] = [[], [], []]
    for f in found:
        figures = [
            (str(f.go.instructions), str(f.c.instructions)),
            (str(f.go.verified), str(f.c.verified)),
            (f.go.run.nanoseconds(), f.c.run.nanoseconds()),
        ]
        compared = f.ratios()
        for kept, ratio in zip(ratios, compared, strict=True):
            kept.append(ratio)
        cells = [c for figure, r in zip(figures, compared, strict=True) for c in (*figure, f"{r:.2f}")]
        rows.append((f.name, *cells))
    means = [f"{geometric_mean(of):.3f}" for of in ratios]
    rows.append(("geometric mean / C", "", "", means[0], "", "", means[1], "", "", means[2]))
    return table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
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
