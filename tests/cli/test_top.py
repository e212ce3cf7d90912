"""``tinybpf top``: runs that are counted, signals, readers that go away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel
TOP = [sys.executable, "-m", "tinybpf", "top"]
RUNS = 5000


@pytest.fixture
def program(build):
    """A program to run, and the flags that show it."""
    with tinybpf.load(build("tracing")) as obj:
        yield obj.program("whoami")


@pytest.fixture
def running():
    """Start ``top``, which SIGINT ends also where the tests ignore it (``make test &``); gone at the end."""
    started = []

    def start(*arguments, **given):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            process = subprocess.Popen(
                [*TOP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given
            )
        finally:
            signal.signal(signal.SIGINT, before)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_runs_of_an_interval(program, running):
    process = running("--json", "--all", "--interval", "0.2")
    first = json.loads(process.stdout.readline())
    id = program.info.id
    assert [row["runs"] for row in first["programs"] if row["id"] == id] == [0]
    program.test_run(ctx=bytes(8), repeat=1)
    for _ in range(RUNS):
        program.test_run(ctx=bytes(8))
    total, counted = program.info.run_count, 0
    assert total >= RUNS
    rows = []
    while counted < total:
        document = json.loads(process.stdout.readline())
        (row,) = (row for row in document["programs"] if row["id"] == id)
        counted += row["runs"]
        rows.append(row)
    assert (rows[-1]["name"], rows[-1]["run_count"]) == ("whoami", total)
    observed("name, and whether all runs were counted", (rows[-1]["name"], counted == total))
    assert all(row["time_ns"] > 0 for row in rows if row["runs"])
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert process.stderr.read() == ""


def test_so_many_tables(program, run):
    outcome = run("top", "--count", "2", "--interval", "0.05", "--all")
    assert (outcome.status, outcome.err) == (0, "")
    heads = [line for line in outcome.out.splitlines() if line.split()[:3] == ["id", "type", "name"]]
    assert len(heads) == 2
    id = str(program.info.id)
    rows = [line.split() for line in outcome.out.splitlines() if line.split()[:1] == [id]]
    assert [row[2] for row in rows] == [program.name] * 2


def test_counting_ends_with_it(run):
    with open("/proc/sys/kernel/bpf_stats_enabled") as file:
        before = file.read()
    held = settled()
    assert run("top", "--count", "1", "--interval", "0.05", "--json").status == 0
    assert descriptors() == held
    with open("/proc/sys/kernel/bpf_stats_enabled") as file:
        assert file.read() == before


def test_a_reader_that_has_gone(running):
    process = running("--json", "--interval", "0.05")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 1
    assert process.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments", [("--interval", "0"), ("--interval", "nan"), ("--count", "0"), ("more",)]
)
def test_wrong_flags(run, arguments):
    outcome = run("top", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
