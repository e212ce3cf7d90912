"""Damaged objects, from a fixed seed: an error or a result; what is found is told as it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from fuzz.border import campaign, guided, image, mutants, seeds

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "libbpf" / "data"
COUNT = 300


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, build) -> Path:
    """Some of the compiler's objects and all of clang's."""
    folder = tmp_path_factory.mktemp("seeds")
    for name in ("maps", "packets", "tracing"):
        (folder / f"{name}.o").write_bytes(build(name))
    for made in DATA.glob("*.elf"):
        (folder / made.name).write_bytes(made.read_bytes())
    return folder


@pytest.mark.kernel
def test_mutants_are_loaded_or_refused(place: Path):
    """In processes of their own, which may die: then this fails, and says of which mutant."""
    summary = campaign.run(place, seed=7, first=0, count=COUNT)
    assert not summary.failures, "\n\n".join(f"{f.number}: {f.key}\n{f.detail}" for f in summary.failures)
    assert sum(summary.outcomes.values()) == COUNT
    reached = {"validator", "open refused", "load refused", "loaded"}
    assert all(summary.outcomes[outcome] > COUNT // 50 for outcome in reached), summary.outcomes


def test_a_mutant_is_known_by_its_numbers(place: Path):
    good = seeds.read(place)
    first = [mutants.numbered(good, 1, n) for n in range(50)]
    assert first == [mutants.numbered(good, 1, n) for n in range(50)]
    assert len(set(first)) > 45 and not set(first) <= set(good)


def test_the_parts_of_an_object():
    found = image.Image.of((DATA / "sample.elf").read_bytes())
    assert {s.name for s in found.sections} >= {"xdp", ".maps", ".BTF", ".BTF.ext", "license"}
    xdp = found.find("xdp")
    assert xdp is not None and xdp.code and xdp.size % 8 == 0
    found.replace(xdp, b"12345678")
    assert image.Image.of(bytes(found.data)).bytes_of(xdp) == b"12345678"


@pytest.mark.parametrize(
    ("status", "detail", "key"),
    [
        (-signal.SIGSEGV, 'Fatal error\n  File "/x/open.py", line 241 in load\n', "signal 11 open.py:241"),
        (-signal.SIGPROF, '  File "/x/re.py", line 9 in search\n  File "/x/b.py", line 1', "hang re.py:9"),
        (1, 'Traceback\n  File "/x/child.py", line 3, in main\n  File "/x/map.py", line 7, in f\nKeyError: 1',
         "KeyError: 1 map.py:7"),
        (-6, "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address\n"
         "    #0 0x7 in find_relo /y/src/relo_core.c:12\n    #1 0x8 in load /y/src/libbpf.c:34\n",
         "heap-buffer-overflow find_relo:relo_core.c:12 load:libbpf.c:34"),
    ],
)  # fmt: skip
def test_what_a_failure_is_called(status: int, detail: str, key: str):
    assert campaign.key_of(status, detail) == key


@pytest.mark.kernel
def test_a_process_that_dies_is_a_failure(place: Path, monkeypatch: pytest.MonkeyPatch):
    """Mutant 3 is one that a process dies of; the next one goes on behind it."""
    program = "import os, sys; n = int(sys.argv[1])\nfor i in range(n, 6):\n print(i, end=' ', flush=True)\n"
    program += " if i == 3: os.abort()\n print('loaded', flush=True)\nprint('done')"
    real = campaign.subprocess.run

    def run(command, **how):
        return real([command[0], "-c", program, command[5]], **how)

    monkeypatch.setattr(campaign.subprocess, "run", run)
    summary = campaign.run(place, 1, 0, 6)
    assert [failure.number for failure in summary.failures] == [3]
    assert summary.failures[0].key.startswith("signal 6")
    assert summary.outcomes == {"loaded": 5}


def test_a_process_that_does_not_start_is_no_failure_of_a_mutant(tmp_path: Path):
    with pytest.raises(RuntimeError, match=r"(?s)does not start:.*No such file"):
        campaign.run(tmp_path / "nowhere", 1, 0, 6)


def test_what_atheris_hands_over_is_changed_or_replaced(place: Path):
    """libFuzzer begins with nothing, and keeps what is no object any more."""
    good = seeds.read(place)
    change = guided.mutator(good)
    assert change(b"", 1 << 20, 1) not in (b"", *good)
    assert all(change(b"no object", 1 << 20, n) in good for n in range(20))
    assert len({change(good[0], 1 << 20, n) for n in range(20)}) > 10
    assert len(change(good[0], 100, 3)) == 100
