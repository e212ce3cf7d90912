"""What one call of a case came to."""

from __future__ import annotations

from dataclasses import dataclass

from .inputs import unpack
from .source import Case


@dataclass(frozen=True)
class Outcome:
    """The results as 64-bit words, none after a panic; and what was in ``Effects`` at the end."""

    panicked: bool
    words: tuple[int, ...]
    effects: int = 0

    def show(self, case: Case) -> str:
        values = (
            ", ".join(str(unpack(w, t)) for w, t in zip(self.words, case.results, strict=True))
            if self.words
            else ""
        )
        return ("panic" if self.panicked else values) + (
            f" with effects {self.effects:#x}" if self.effects else ""
        )


def differences(
    case: Case, calls: list[tuple[int, ...]], wanted: list[Outcome], got: list[Outcome]
) -> list[str]:
    """A line for each call that did something else than it should have."""
    return [
        f"{case.name}({', '.join(map(str, call))}): gc {w.show(case)}; BPF {g.show(case)}"
        for call, w, g in zip(calls, wanted, got, strict=True)
        if w != g
    ]
