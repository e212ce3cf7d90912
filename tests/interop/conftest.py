"""Objects for other loaders than our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.compiler import CompiledObject, compile_go

EVERYTHING = Path(__file__).parent.parent / "compiler" / "objects" / "everything.go"


@pytest.fixture(scope="session")
def everything() -> CompiledObject:
    """Several programs, maps and variables; pinned is nothing, for that needs a mounted bpffs."""
    return compile_go(EVERYTHING.read_text().replace(", Pinning: 1", ""), name="everything")


@pytest.fixture(scope="session")
def example(project: Path) -> CompiledObject:
    return compile_go(project / "tests" / "data" / "tracepoint-connect" / "bpf")
