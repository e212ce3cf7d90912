"""Clang's object with every kind of field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import read_sections

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def shapes_elf() -> bytes:
    return (DATA / "shapes.elf").read_bytes()


@pytest.fixture(scope="session")
def shapes(shapes_elf: bytes) -> Btf:
    """The types of ``data/shapes.c``."""
    return Btf(read_sections(shapes_elf)[".BTF"])
