"""docs/buffers.md: its code runs, block by block, on its program; what it prints is what it says."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "buffers.md").read_text()
COMMANDS = ROOT / "tests" / "libbpf" / "data" / "commands.elf"

pytestmark = pytest.mark.kernel


@pytest.fixture
def starts() -> Iterator[None]:
    """Something is started all the time."""
    done = threading.Event()

    def start() -> None:
        while not done.wait(0.02):
            subprocess.run(["true"], check=True)

    thread = threading.Thread(target=start)
    thread.start()
    yield
    done.set()
    thread.join()


def test_the_code_runs(blocks_of, starts, tmp_path, monkeypatch, capsys):
    (program,) = blocks_of(PAGE, "go")
    tmp_path.joinpath("starts.go").write_text(program)
    tmp_path.joinpath("commands.o").write_bytes(COMMANDS.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = []
    blocks = blocks_of(PAGE, "python")
    try:
        for code in blocks:
            exec(compile(code, "docs/buffers.md", "exec"), names)
            printed.append(capsys.readouterr().out)
    finally:
        if "obj" in names:
            names["obj"].close()
    assert len(blocks) == 13
    said = {title: out for code, out in zip(blocks, printed, strict=True) for title in titles(code)}
    for title in ("stream", "perf stream", "async"):
        assert len(said[title].splitlines()) == 3 and "true" in said[title]
    assert int(said["drain"].split()[0]) % 32 == 0
    assert "32 ('Time', 'PID', 'UID', 'Comm')" in said["array"] and len(names["pids"]) == len(names["array"])
    assert names["stats"].size == 1 << 20 and said["stats"].split()[-2:] == ["0", "0"]
    assert names["count"] >= 1 and set(said["poll"].splitlines()) == {"32 bytes"}
    assert said["tagged"].startswith("starts ")
    assert said["user ring"] == "2 42\n"


def titles(code: str) -> list[str]:
    """What a block is about, by something that only it has."""
    marks = {
        'for start in obj.ring_buffer("starts", count=3': "stream",
        "pages=16": "perf stream",
        "async for start": "async",
        "records = stream.drain()": "drain",
        "numpy=False": "array",
        "stats =": "stats",
        "def show": "poll",
        "buffer.events()": "tagged",
        "user_ring_buffer": "user ring",
    }
    found = [title for mark, title in marks.items() if mark in code]
    return ["async"] if "async for start" in code else found
