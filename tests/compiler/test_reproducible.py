"""The same sources give the same bytes, wherever and whenever; and all of their code has its line of Go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go, llvm
from tinybpf.compiler.elf import SHF_EXECINSTR, STT_FUNC, read
from tinybpf.errors import CompileError
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import BtfExt

ROOT = Path(__file__).parents[2]


def packages() -> list[Path]:
    """The examples, the programs of the documents and those of the tests."""
    found = [*ROOT.glob("examples/*/bpf"), *(p for p in ROOT.glob("go/programs/*") if p.is_dir())]
    found += [*ROOT.glob("tests/libbpf/programs/*.go"), *ROOT.glob("benchmarks/programs/*.go")]
    return sorted([*found, ROOT / "tests/compiler/objects/everything.go"])


PACKAGES = packages()


@pytest.fixture(scope="module")
def objects() -> dict[Path, bytes]:
    made = {}
    for path in PACKAGES:
        try:
            made[path] = compile_go(path).elf
        except CompileError as error:
            assert "no program in this package" in str(error), path
    assert len(made) > 30
    return made


SCRIPT = """
import sys, hashlib
from tinybpf.compiler import compile_go
for path in sys.argv[1:]:
    print(hashlib.sha256(compile_go(path).elf).hexdigest())
"""


def hashes(paths: list[str], folder: Path, seed: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_other_processes(objects: dict[Path, bytes], tmp_path: Path) -> None:
    """In another order, with other hashes, from other directories, under other names."""
    from hashlib import sha256

    wanted = [sha256(data).hexdigest() for data in objects.values()]
    paths = [str(p) for p in objects]
    assert hashes(paths, ROOT, "1") == wanted
    assert hashes(paths[::-1], tmp_path, "2") == wanted[::-1]
    relative = [os.path.relpath(p, ROOT / "docs") for p in paths]
    assert hashes(relative, ROOT / "docs", "3") == wanted


def test_other_places(objects: dict[Path, bytes], tmp_path: Path) -> None:
    """A copy of the module, elsewhere and at another depth, has the same object, made by a new worker."""
    llvm.stop()
    examples = tmp_path / "at" / "another" / "depth"
    shutil.copytree(ROOT / "examples", examples)
    for path in sorted(objects):
        if path.is_relative_to(ROOT / "examples"):
            copy = examples / path.relative_to(ROOT / "examples")
            os.utime(next(copy.glob("*.go")), (1, 1))
            assert compile_go(copy).elf == objects[path], path


def test_no_place_is_in_an_object(objects: dict[Path, bytes]) -> None:
    for path, data in objects.items():
        assert str(ROOT).encode() not in data, path
        for _, _, place in lines(data):
            assert not place.startswith(("/", "..")), path


def lines(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Line, text and file of each entry."""
    elf = read(data)
    sections = {s.name: s.data for s in elf.sections}
    ext = BtfExt(sections[".BTF.ext"], Btf(sections[".BTF"]))
    for section in elf.sections:
        if section.flags & SHF_EXECINSTR:
            for _, place in ext.lines(section.name):
                yield place.line, place.text, place.path


def test_each_instruction_has_its_line(objects: dict[Path, bytes]) -> None:
    """An entry counts up to the next: each function begins with one, and none is without a place."""
    for path, data in objects.items():
        elf = read(data)
        sections = {s.name: s.data for s in elf.sections}
        ext = BtfExt(sections[".BTF.ext"], Btf(sections[".BTF"]))
        for number, section in enumerate(elf.sections):
            if not section.flags & SHF_EXECINSTR or not section.data:
                continue
            functions = {s.value: s.name for s in elf.symbols if s.type == STT_FUNC and s.section == number}
            assert dict(ext.functions(section.name)) == functions, path
            assert set(functions) <= {at for at, _ in ext.lines(section.name)}, path
    folders = {path: path if path.is_dir() else path.parent for path in objects}
    for path, data in objects.items():
        sources = {p.relative_to(folders[path]).as_posix() for p in folders[path].rglob("*.go")}
        for line, text, place in lines(data):
            assert line > 0, path
            assert place in sources, path
            assert text == (folders[path] / place).read_text().split("\n")[line - 1], path
