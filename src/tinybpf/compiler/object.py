"""The result of a compile: an object file as bytes, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler.diagnostics import Diagnostic

if TYPE_CHECKING:
    from tinybpf.compiler.facts import CompiledFunction, CompiledType, CompiledVariable


class CompiledProgram(msgspec.Struct, frozen=True):
    """A program: its name, its ELF section, and its size in 8-byte instruction slots (subprograms apart).

    ``stack`` are the bytes of the call chain that takes the most stack, of 512 that there are, each frame
    counted as a multiple of 16 as the kernel does; ``chain`` has its functions, the program first, each with
    its own bytes.
    """

    name: str
    section: str
    instructions: int
    stack: int = 0
    chain: tuple[tuple[str, int], ...] = ()


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
    ``stages`` the seconds that each stage took, ``license`` the programs' licence. The object has the
    paths of its sources from the package's directory on; ``directory`` is that, as messages show it.
    The same sources give the same bytes, wherever and whenever they are compiled.
    """

    elf: bytes
    name: str
    programs: tuple[CompiledProgram, ...]
    maps: tuple[CompiledMap, ...]
    license: str
    warnings: tuple[Diagnostic, ...] = ()
    stages: Mapping[str, float] = {}
    directory: str = ""

    def __bytes__(self) -> bytes:
        return self.elf

    def __repr__(self) -> str:
        programs = ", ".join(f"{p.name} ({p.section}, {p.instructions} instructions)" for p in self.programs)
        maps = ", ".join(f"{m.name} ({m.type.lower()})" for m in self.maps)
        return (
            f"<CompiledObject {self.name}: {programs}{'; maps: ' + maps if maps else ''}; {len(self.elf)} "
            "bytes>"
        )

    @property
    def byte_order(self) -> str:
        """That of the machines which can run it: ``little`` or ``big``."""
        return "little" if self.elf[5] == 1 else "big"

    @property
    def functions(self) -> tuple[CompiledFunction, ...]:
        """Programs, then subprograms, each with its size, its own stack and what it calls."""
        from tinybpf.compiler import elf, facts

        return facts.functions(elf.read(self.elf))

    @property
    def types(self) -> tuple[CompiledType, ...]:
        """The types that user space meets, by name: of events, keys, values, variables and their fields."""
        from tinybpf.compiler import elf, facts

        return facts.Types(elf.read(self.elf)).visible()

    @property
    def variables(self) -> tuple[CompiledVariable, ...]:
        """The package variables: ``.rodata`` until the program is loaded, ``.data`` and ``.bss`` always."""
        from tinybpf.compiler import elf, facts

        return facts.Types(elf.read(self.elf)).variables()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the object to a file, in one step: a reader sees the old file or the new one.

        A link stays a link, an existing file keeps its permissions. ``OSError`` leaves the old file as
        it was.
        """
        from tinybpf.compiler.output import write_atomically

        write_atomically(Path(path), self.elf)
