"""An object made by clang, with one map of each of several kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinybpf

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture
def kinds():
    with tinybpf.load(DATA / "kinds.elf") as obj:
        yield obj
