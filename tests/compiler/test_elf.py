"""Leaving DWARF out of an object: all that loaders look at is the same, as another reader sees it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

from tinybpf.compiler import compile_go, elf

EVERYTHING = Path(__file__).parent / "objects" / "everything.go"


@pytest.fixture(scope="module")
def emitted() -> bytes:
    """The object as LLVM wrote it."""
    found: list[bytes] = []
    strip = elf.strip_debug

    def keep(made: elf.Elf, texts: Mapping[str, str] | None = None) -> bytes:
        found.append(elf.write(made, lambda section: True))
        return strip(made, texts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elf, "strip_debug", keep)
        compile_go(EVERYTHING)
    return found[0]


def seen(data: bytes) -> dict[str, Any]:
    """Sections, symbols and relocations by name, without what has to do with DWARF."""
    file = ELFFile(io.BytesIO(data))
    table = file.get_section_by_name(".symtab")
    home = [s.name for s in file.iter_sections()]

    def place(symbol: Any) -> str:
        index = symbol["st_shndx"]
        return home[index] if isinstance(index, int) else str(index)

    symbols = [
        (s.name, s["st_value"], s["st_size"], str(s["st_info"]), place(s)) for s in table.iter_symbols()
    ]
    sections, relocations = {}, {}
    for s in file.iter_sections():
        if "debug" in s.name or s.name in (".strtab", ".symtab", ".llvm_addrsig"):
            continue
        if isinstance(s, RelocationSection):
            target = home[s["sh_info"]]
            relocations[target] = [
                (r["r_offset"], r["r_info_type"], symbols[r["r_info_sym"]]) for r in s.iter_relocations()
            ]
        else:
            header = (s["sh_type"], s["sh_flags"], s["sh_size"], s["sh_addralign"], s["sh_entsize"])
            sections[s.name] = (header, s.data())
    return {
        "sections": sections,
        "relocations": relocations,
        "symbols": [s for s in symbols if "debug" not in s[4]],
        "locals first": table["sh_info"],
    }


def test_nothing_else_is_lost(emitted: bytes) -> None:
    before, after = seen(emitted), seen(elf.strip_debug(elf.read(emitted)))
    for what in ("sections", "relocations", "symbols"):
        assert after[what] == before[what], what
    assert {"xdp", "cgroup/connect4", ".text", ".maps", ".bss", ".BTF", ".BTF.ext"} <= set(after["sections"])
    assert {"xdp", ".text", ".BTF", ".BTF.ext"} <= set(after["relocations"])


def test_dwarf_is_gone(emitted: bytes) -> None:
    stripped = elf.strip_debug(elf.read(emitted))
    before, after = (
        {s.name for s in elf.read(data).sections if "debug" in s.name} for data in (emitted, stripped)
    )
    assert before == {".debug_frame", ".rel.debug_frame"}  # LLVM was told to make no more
    assert not after
    assert not [s for s in seen(stripped)["symbols"] if "debug" in s[4]]


def test_local_symbols_come_first(emitted: bytes) -> None:
    """As ELF has it; the number of them is the section's ``sh_info``."""
    found = seen(elf.strip_debug(elf.read(emitted)))
    kinds = ["STB_LOCAL" in info for _, _, _, info, _ in found["symbols"]]
    assert kinds == sorted(kinds, reverse=True)
    assert sum(kinds) == found["locals first"]


def test_sections_are_aligned(emitted: bytes) -> None:
    file = ELFFile(io.BytesIO(elf.strip_debug(elf.read(emitted))))
    for s in file.iter_sections():
        assert s["sh_offset"] % max(s["sh_addralign"], 1) == 0, s.name


def test_counts(emitted: bytes) -> None:
    found = elf.read(emitted)
    programs = found.programs()
    assert [p.name for p in programs] == ["trace", "drop", "allow"]
    text = found.section(".text")
    assert text is not None
    assert found.instructions() == sum(p.instructions for p in programs) + text.size // elf.INSTRUCTION
