"""The cases in the kernel: compiled by tinybpf, run by BPF_PROG_TEST_RUN."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.errors import CompileError, VerifierError
from tinybpf.libbpf import BpfObject

from . import wrappers
from .inputs import pack
from .outcome import Outcome
from .source import Case, CaseFile

_CONTEXT = struct.Struct(f"<{2 * wrappers.WORDS}Q")
UNWRITTEN = 0xA5A5A5A5A5A5A5A5


@dataclass(frozen=True)
class Variant:
    """A way to compile the cases: whether functions are inlined, and the instruction set."""

    inline: bool
    cpu: str

    def __str__(self) -> str:
        return f"{'inlined' if self.inline else 'called'}-{self.cpu}"


@dataclass
class Loaded:
    """The cases of one file in the kernel, and why some of them are not there."""

    file: CaseFile
    object: BpfObject | None
    refused: dict[str, str] = field(default_factory=dict)

    def run(self, case: Case, calls: list[tuple[int, ...]]) -> list[Outcome]:
        assert self.object is not None
        program = self.object.program(f"t_{case.name}")
        effects = self.object.program("harness_effects") if self.file.has_effects else None
        return [self._one(case, program, effects, call) for call in calls]

    def _one(
        self,
        case: Case,
        program: tinybpf.BpfProgram,
        effects: tinybpf.BpfProgram | None,
        call: tuple[int, ...],
    ) -> Outcome:
        words = [pack(v) for v in call] + [0] * (wrappers.WORDS - len(call)) + [UNWRITTEN] * wrappers.WORDS
        done = program.test_run(ctx=_CONTEXT.pack(*words))
        results = _CONTEXT.unpack(done.ctx_out)[wrappers.WORDS :]
        seen = 0
        if effects is not None:
            seen = _CONTEXT.unpack(effects.test_run(ctx=bytes(_CONTEXT.size)).ctx_out)[wrappers.WORDS]
        if done.retval == wrappers.PANICKED:
            written = tuple(w for w in results if w != UNWRITTEN)
            return Outcome(True, written, seen)
        return Outcome(False, results[: len(case.results)], seen)


def load(file: CaseFile, variant: Variant, folder: Path) -> Loaded:
    """Compile and load all cases; those that are refused are left out and remembered."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file.stem}.go").write_text(file.text if variant.inline else file.without_inlining())
    (folder / "programs.go").write_text(wrappers.bpf(file))
    loaded = Loaded(file, None)
    names = [c.name for c in file.cases]
    while names and loaded.object is None:
        wanted = [f"t_{n}" for n in names] + (["harness_effects"] if file.has_effects else [])
        try:
            loaded.object = tinybpf.load(compile_go(folder, cpu=variant.cpu, programs=wanted))
        except VerifierError as error:
            loaded.refused[error.program.removeprefix("t_")] = f"{error}\n{error.log[-3000:]}"
            names = [n for n in names if n not in loaded.refused]
        except CompileError as error:
            return Loaded(file, None, dict.fromkeys([c.name for c in file.cases], str(error)))
    return loaded
