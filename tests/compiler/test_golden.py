"""What the compiler says of programs that it refuses: ``golden/NAME.go`` and ``golden/NAME.txt``.

With ``WRITE_GOLDEN=1`` in the environment the words are written anew; read the difference before it
is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go
from tinybpf.errors import CompileError, InternalCompilerError

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = sorted(p.stem for p in GOLDEN.glob("*.go"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_refusal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words, the source line and the caret, and what to do instead, of all errors of the run."""
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(CompileError) as caught:
        compile_go(f"{name}.go")
    assert not isinstance(caught.value, InternalCompilerError), str(caught.value)
    said = f"{caught.value}\n"
    expected = GOLDEN / f"{name}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        expected.write_text(said)
    assert said == expected.read_text()


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_place_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message has a place in the file, in ascending order, with the line as it stands there."""
    monkeypatch.chdir(GOLDEN)
    lines = Path(f"{name}.go").read_text().split("\n")
    with pytest.raises(CompileError) as caught:
        compile_go(f"{name}.go")
    found = caught.value.diagnostics
    assert [(d.line, d.col) for d in found] == sorted((d.line, d.col) for d in found)
    for d in found:
        if name == "noprogram":
            assert (d.path, d.line) == (name, 0)
            continue
        assert d.path == f"{name}.go"
        assert d.source == lines[d.line - 1]
        assert 1 <= d.col <= len(d.source.encode()) + 1


def test_no_expectation_is_left_over() -> None:
    assert sorted(p.stem for p in GOLDEN.glob("*.txt")) == PROGRAMS


def test_there_are_many_messages_of_our_own() -> None:
    """Different words, names of the programs left out; Go's own messages are apart."""
    ours = set()
    for name in PROGRAMS:
        if not name.startswith("go") or name in ("gomaps", "gomapuses", "goroutines"):
            for line in (GOLDEN / f"{name}.txt").read_text().splitlines():
                found = re.match(r"[a-z0-9_]+\.go:\d+:\d+: (.*)", line)
                if found:
                    ours.add(re.sub(r"\d+|(?<=program )\w+|(?<=variable )\w+|(?<=map )\w+", "N", found[1]))
    assert len(ours) > 200
