"""What one call came to, and what became of a program."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """Whether it panicked, and what was in the package variables afterwards."""

    panicked: bool
    words: tuple[int, ...]

    def __str__(self) -> str:
        trace, *outputs, rest = self.words
        shown = f"out {' '.join(map(str, outputs))}, trace {trace:#x}, variables {rest:#x}"
        return ("panic, " if self.panicked else "") + shown


@dataclass(frozen=True)
class Verdict:
    """``kind``: right, wrong (another result than gc), refused (by the compiler), verifier (by the kernel),
    stack, fault (of ours: internal errors, tracebacks, LLVM), invalid (gc refuses it: the generator's fault).

    ``category`` is what is the same in programs that fail for the same reason; ``detail`` is for the reader.
    """

    kind: str
    category: str = ""
    detail: str = ""
    panics: int = field(default=0, compare=False)
    calls: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.category
