"""Each example has its program in C, with the same sections and maps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from benchmarks import pairs as benchmarked
from benchmarks.pairs import Pair

from tinybpf.compiler import compile_go, elf
from tinybpf.libbpf.btf import Btf

PAIRS = benchmarked.pairs()


def test_each_has_both() -> None:
    assert len(PAIRS) >= 10
    assert [pair.name for pair in PAIRS if not pair.c.is_file()] == []


def parts(data: bytes) -> tuple[list[str], list[list[int]]]:
    """The sections of programs; of each map its type, entries, and the sizes of key and value."""
    file = elf.read(data)
    found = file.section(".BTF")
    assert found is not None
    btf = Btf(found.data)
    maps = []
    for var in btf.section_vars(".maps"):
        members = {member.name: member.type_id for member in btf.members(btf.resolve(var.type_id))}
        targets = {name: btf.resolve(type_id).ref for name, type_id in members.items()}
        numbers = [btf.array_of(btf.resolve(targets[n]))[1] for n in ("type", "max_entries")]
        maps.append([*numbers, *(btf.size_of(targets[n]) for n in ("key", "value") if n in targets)])
    return sorted(p.section for p in file.programs()), sorted(maps)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_they_are_the_same_to_a_loader(pair: Pair, tmp_path: Path) -> None:
    made = tmp_path / "c.o"
    try:
        command = pair.clang(str(made))
    except SystemExit as missing:
        pytest.skip(str(missing))
    subprocess.run([*command[:1], "-Wall", "-Werror", *command[1:]], check=True)
    assert parts(made.read_bytes()) == parts(compile_go(pair.go).elf)
