"""An object made by clang, with one map of each of several kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinybpf

DATA = Path(__file__).resolve().parents[1] / "data"


def without_newer(opened: tinybpf.OpenObject) -> None:
    """Older kernels have the other maps."""
    if not tinybpf.features.map_type("bloom_filter").works:
        opened.maps["seen"].autocreate = False
        opened.programs["was_seen"].autoload = False


@pytest.fixture
def kinds():
    with tinybpf.load(DATA / "kinds.elf", configure=without_newer) as obj:
        yield obj
