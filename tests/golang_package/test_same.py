"""The same programs in the kernel and natively: the same results, packets and records."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .conftest import OURS, runner
from .test_project import BESIDE, make

pytestmark = pytest.mark.kernel

SOURCES = Path(__file__).parent / "same"
SEEDS = range(10)


@pytest.fixture(scope="module")
def user_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make(project, tmp_path_factory.mktemp("same"), BESIDE)
    shutil.copytree(SOURCES, directory / "same")
    return directory


@pytest.fixture(scope="module")
def compiled() -> bytes:
    from tinybpf.compiler import compile_go

    return bytes(compile_go(SOURCES))


@pytest.fixture(autouse=True)
def one_cpu() -> Iterator[None]:
    """Per-CPU values are those of one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def steps(seed: int) -> bytes:
    """What ``random`` does; seed 0 keeps to one kind of map after the other."""
    rng = random.Random(seed)
    if seed == 0:
        return bytes(b for i in range(256) for b in (i // 32, *rng.randbytes(3)))
    return rng.randbytes(1024)


@cache
def natively(directory: Path, seed: int) -> dict[str, Any]:
    (directory / "same" / "ops.bin").write_bytes(steps(seed))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    done = runner(OURS, directory, directory / "modules")("test", "-count=1", "./same")
    os.sched_setaffinity(0, before)
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads((directory / "same" / "native.json").read_text())
    return found


def in_kernel(compiled: bytes, name: str, given: list[bytes], seed: int) -> dict[str, Any]:
    """What program ``name`` does with each of the packets, in one object."""
    import tinybpf

    seen: dict[str, Any] = {"Returned": [], "Packets": [], "Records": []}
    with tinybpf.load(compiled, variables={"ops": list(steps(seed))}) as obj:
        obj.map("chain")[0] = obj.program("again").fd
        for packet in given:
            done = obj.program(name).test_run(data=packet)
            seen["Returned"].append(done.retval)
            seen["Packets"].append(done.data_out)
            with obj.ring_buffer("ring", timeout=0.05) as records:
                seen["Records"] += [[r.N, r.Size, r.Text[12]] for r in records]
            with obj.ring_buffer("wideRing", timeout=0.05) as wide:
                list(wide)
        results = obj.map("results")
        seen["Results"] = [results[i] for i in range(obj.globals["written"])]
        seen["Lost"] = [obj.lost(ring) for ring in ("ring", "wideRing", "tooWide")]
        seen["Entries"] = len(list(obj.map("lru")))
    return seen


def packets_of(answers: dict[str, Any], name: str) -> list[bytes]:
    if name == "headers":
        return [base64.b64decode(packet) for packet in answers["given"]]
    return [bytes(64)] * (3 if name in ("order", "fill") else 1)


@pytest.mark.parametrize("name", ["pointers", "order", "fill", "measure", "headers", "again", "forEach"])
def test_same(user_project: Path, compiled: bytes, name: str) -> None:
    answers = natively(user_project, 1)
    native = answers["answers"][name]
    kernel = in_kernel(compiled, name, packets_of(answers, name), 1)
    assert native["Results"] == kernel["Results"]
    assert native["Returned"] == kernel["Returned"]
    assert [base64.b64decode(packet) for packet in native["Packets"]] == kernel["Packets"]
    assert (native["Records"] or []) == kernel["Records"]
    assert native["Lost"] == kernel["Lost"]
    assert len(native["Results"]) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_random_steps(user_project: Path, compiled: bytes, seed: int) -> None:
    native = natively(user_project, seed)["answers"]["random"]["Results"]
    kernel = in_kernel(compiled, "random", [bytes(64)], seed)["Results"]
    assert native == kernel
    assert len(set(kernel)) > 10


def test_lru_makes_room(user_project: Path, compiled: bytes) -> None:
    """Which entries go is the kernel's affair; that none is refused and the last stays is not."""
    native = natively(user_project, 1)["answers"]["room"]
    kernel = in_kernel(compiled, "room", [bytes(64)], 1)
    assert native["Results"] == kernel["Results"] == [0, 999]
    assert kernel["Entries"] <= native["Entries"] == 64
