"""The result of a compile: an object file as bytes, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tinybpf.compiler.diagnostics import Diagnostic


class CompiledProgram(msgspec.Struct, frozen=True):
    """A program: its name, its ELF section, and its size in 8-byte instruction slots (subprograms apart)."""

    name: str
    section: str
    instructions: int


class CompiledMap(msgspec.Struct, frozen=True):
    """A map: its name and the kernel's name of its type, such as ``RINGBUF``; sizes in bytes."""

    name: str
    type: str
    key_size: int
    value_size: int
    max_entries: int


class CompiledObject(msgspec.Struct, frozen=True):
    """A BPF object in ELF, as libbpf, bpftool and cilium/ebpf load it.

    ``elf`` are its bytes, ``warnings`` what the compiler had to say although it compiled,
    ``stages`` the seconds that each stage took, ``license`` the programs' licence.
    """

    elf: bytes
    name: str
    programs: tuple[CompiledProgram, ...]
    maps: tuple[CompiledMap, ...]
    license: str
    warnings: tuple[Diagnostic, ...] = ()
    stages: Mapping[str, float] = {}

    def __bytes__(self) -> bytes:
        return self.elf

    def __repr__(self) -> str:
        programs = ", ".join(f"{p.name} ({p.section}, {p.instructions} instructions)" for p in self.programs)
        maps = ", ".join(f"{m.name} ({m.type.lower()})" for m in self.maps)
        return (
            f"<CompiledObject {self.name}: {programs}{'; maps: ' + maps if maps else ''}; {len(self.elf)} "
            "bytes>"
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the object to a file."""
        Path(path).write_bytes(self.elf)
