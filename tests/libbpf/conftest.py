"""What the loader's tests share: a BPF object made by clang."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import read_sections

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def sample_elf() -> bytes:
    """``data/sample.c`` as clang compiled it."""
    return (DATA / "sample.elf").read_bytes()


@pytest.fixture(scope="session")
def sample_btf(sample_elf: bytes) -> Btf:
    return Btf(read_sections(sample_elf)[".BTF"])
