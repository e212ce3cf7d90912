"""The generated table of libbpf's entry points."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tinybpf.libbpf._lib import ffi, lib, text

ROOT = Path(__file__).resolve().parents[2]
CDEF = ROOT / "csrc" / "binding.cdef"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_binding", ROOT / "csrc" / "build_binding.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(generator: ModuleType) -> list[tuple[str, tuple[int, int]]]:
    """Each libbpf function of the declarations with the version that is given for it."""
    found = []
    for part, declarations in generator.parts(CDEF.read_text()):
        if part.startswith("libbpf "):
            version = tuple(map(int, part.removeprefix("libbpf ").split(".")))
            found += [(name, version) for name, _ in generator.slots("1.1", declarations)]
    return found


def test_the_table_has_each_prototype(generator: ModuleType):
    listing, redirect, _ = generator.generate(CDEF.read_text())
    names = [name for name, _ in entries(generator)]
    assert len(names) == len(set(names)) > 50
    declared = re.sub(r"/\*.*?\*/", "", CDEF.read_text(), flags=re.S)
    assert len(
        re.findall(
            r"^[a-z_].*\b(?:bpf_|libbpf_|btf__|(?:user_)?ring_buffer__|perf_buffer__)\w+\(", declared, re.M
        )
    ) == len(names)
    for name in names:
        assert f", {name}, (" in listing and f"#define {name}(...) (*tb_api.{name})(" in redirect
        assert callable(getattr(lib, name))


def test_how_functions_fail(generator: ModuleType):
    lines = dict(
        generator.slots(
            "1.3",
            "int a(int fd);\nstruct x *b(void);\nconst char *c(int (*f)(void *, int), void *p);\n"
            "__u32 d(void);\nvoid e(struct x *p);\nbool f(void);",
        )
    )
    assert lines["a"] == "X(INT, int, a, (int fd), 1, 3)"
    assert lines["b"] == "X(POINTER, struct x*, b, (void), 1, 3)"
    assert lines["c"] == "X(POINTER, const char*, c, (int (*f)(void *, int), void *p), 1, 3)"
    assert [lines[name].split(",")[0] for name in "def"] == ["X(COUNT", "X(VOID", "X(COUNT"]


def test_versions_are_those_of_libbpf(generator: ModuleType):
    """What libbpf's own list of exported names says, where its source is at hand."""
    lists = sorted(ROOT.glob("third_party/**/libbpf.map"))
    if not lists:
        pytest.skip("needs libbpf's source below third_party")
    brought, version = {}, (0, 0)
    for line in lists[-1].read_text().splitlines():
        if start := re.match(r"LIBBPF_(\d+)\.(\d+)", line):
            version = (int(start[1]), int(start[2]))
        elif name := re.match(r"\s+(\w+);", line):
            brought[name[1]] = version
    for name, since in entries(generator):
        assert max(brought[name], (1, 1)) == since, name


def test_nothing_is_missing_from_the_library_that_is_built_in():
    lib.tb_missing_clear()
    assert lib.libbpf_num_possible_cpus() > 0
    assert text(lib.tb_missing_name()) == "" and ffi.string(lib.libbpf_version_string())
