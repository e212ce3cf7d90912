"""Types made by hand, and clang's object with every kind of field."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import read_sections

DATA = Path(__file__).parent / "data"


def _loader_tests() -> ModuleType:
    """``tests/libbpf/conftest.py``, which knows how to write BTF."""
    name = "tinybpf_tests_libbpf_conftest"
    if name not in sys.modules:
        path = Path(__file__).parent.parent / "libbpf" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def btf_maker() -> type:
    return _loader_tests().BtfMaker  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def shapes_elf() -> bytes:
    return (DATA / "shapes.elf").read_bytes()


@pytest.fixture(scope="session")
def shapes(shapes_elf: bytes) -> Btf:
    """The types of ``data/shapes.c``."""
    return Btf(read_sections(shapes_elf)[".BTF"])
