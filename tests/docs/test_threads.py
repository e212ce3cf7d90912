"""docs/threads.md: its code runs, block by block; what it prints is what the page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threads.md").read_text()

pytestmark = pytest.mark.kernel
EXPECTED = [
    "1000 961\n",
    "events: 0\nobject 'starts' is closed\n",
    "cancelled\n",
    "42\n",
]


def test_the_code_runs(blocks_of, tmp_path, monkeypatch, capsys):
    quiet = ROOT / "tests" / "libbpf" / "programs" / "buffers.go"  # events that nobody sends
    (tmp_path / "starts.go").write_text(quiet.read_text())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = []
    for code in blocks_of(PAGE, "python"):
        exec(compile(code, "docs/threads.md", "exec"), names)
        printed.append(capsys.readouterr().out)
    names["counts"].close()
    assert printed == EXPECTED
