"""What the loader's benchmark compares: the same work on the same data; the table says what was reached."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.loader import loading, maps, peers, ring
from benchmarks.loader.peers import Row
from benchmarks.pairs import HERE

from tinybpf.compiler import compile_go

ENTRIES = 5000
RECORDS = 3000


@pytest.mark.parametrize(
    ("row", "reached", "cells"),
    [
        (Row("a", "M/s", 340, 25, 0.0735), True, ("340", "25", "0.0735", "≥ 0.0735", "yes", "")),
        (Row("a", "M/s", 340, 24, 0.0735), False, ("340", "24", "0.0706", "≥ 0.0735", "no", "")),
        (Row("a", "µs", 200, 300, 1.5, 90_000), True, ("200", "300", "1.5", "≤ 1.5", "yes", "90000")),
        (Row("a", "µs", 200, 301, 1.5), False, ("200", "301", "1.5", "≤ 1.5", "no", "")),
        (Row("a", "ms", None, 25.5, 25), False, ("", "25.5", "", "≤ 25 ms", "no", "")),
        (Row("a", "MiB", 2, 20, 35, absolute=True), True, ("2", "20", "10", "≤ 35 MiB", "yes", "")),
        (Row("a", "MiB", 2, 36, 35, absolute=True), False, ("2", "36", "18", "≤ 35 MiB", "no", "")),
        (Row("a", "ms", 2, 20), None, ("2", "20", "10", "", "", "")),
    ],
)
def test_what_is_reached(row: Row, reached: bool | None, cells: tuple[str, ...]) -> None:
    assert row.reached() is reached
    assert row.cells()[2:] == cells and len(row.cells()) == len(peers.HEAD)


def test_growth_is_that_of_an_entry() -> None:
    million = 1e6
    found = maps.whole({10_000: (10 * million, 5 * million), 100_000: (5 * million, 4 * million),
                        1_000_000: (2 * million, 1 * million)})  # fmt: skip
    assert [(row.c, row.ours) for row in found] == [(100, 200), (200, 250), (500, 1000), (5, 5)]
    assert [row.reached() for row in found] == [None, True, None, True]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if peers.libbpf_flags() is None or not shutil.which("cc"):
        pytest.skip("no libbpf or no C compiler to compare with")
    yield str(tmp_path_factory.mktemp("peers"))


def compiled(name: str, folder: str) -> str:
    path = Path(folder, f"{name}.o")
    path.write_bytes(bytes(compile_go(HERE / "loader" / name)))
    return str(path)


@pytest.mark.kernel
@pytest.mark.parametrize("way", ["lookup", "update", "all"])
def test_maps(folder: str, way: str) -> None:
    numbers = (way, "2", str(ENTRIES))
    values = sum(range(1, ENTRIES + 1))
    wanted = {"lookup": values, "update": 0, "all": values + sum(range(ENTRIES))}[way]
    for command in ([peers.c_program("maps", folder), *numbers], peers.our_program("maps", *numbers)):
        found = peers.best(command)
        assert found.sums == {str(wanted)} and found.rate > 0


@pytest.mark.kernel
def test_rings(folder: str) -> None:
    numbers = (compiled("events", folder), "2", str(RECORDS))
    c = peers.best([peers.c_program("ring", folder), *numbers])
    assert len(c.sums) == 2  # the numbers of the records go on in the second round
    for way in ring.WAYS:
        found = peers.best(peers.our_program("ring", way, *numbers))
        assert found.rate > 0 and (way.endswith("*") or found.sums == c.sums)


@pytest.mark.kernel
def test_loads(folder: str) -> None:
    path = compiled("small", folder)
    program = peers.c_program("load", folder)
    for command in ([program, "warm", path, "2", "3"], peers.our_program("loading", path, "2", "3")):
        printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=peers.ROOT).stdout
        assert [line.split()[0] for line in printed.splitlines()] == ["3", "3"]
    least = int(subprocess.run([program, "memory", path, "1", "1"], capture_output=True, check=True).stdout)
    ours = [sys.executable, "-c", loading._ALONE, path]
    assert 500 < least < int(subprocess.run(ours, capture_output=True, check=True).stdout)


@pytest.mark.kernel
def test_data_that_differs_ends_the_run(folder: str) -> None:
    program = peers.c_program("maps", folder)
    commands = {"C": [program, "lookup", "1", "100"], "tinybpf": [program, "lookup", "1", "101"]}
    with pytest.raises(SystemExit, match="different data"):
        peers.in_turn(commands, 1)


def test_a_process_that_fails_ends_the_run() -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        peers.best([sys.executable, "-c", "raise RuntimeError('no such thing')"])
