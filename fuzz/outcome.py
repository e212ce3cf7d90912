"""What one call came to, and what became of a program."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """Whether it panicked, and what was in the package variables afterwards.

    ``places`` are the lines, counted from the program's first, where panics began, and their reasons; none
    where nobody told. gc tells only of the panic that came last.
    """

    panicked: bool
    words: tuple[int, ...]
    places: frozenset[tuple[int, str]] = frozenset()

    def is_as(self, wanted: Outcome) -> bool:
        """Whether the kernel did what gc did."""
        if (self.panicked, self.words) != (wanted.panicked, wanted.words):
            return False
        return not self.places or all(
            any(line == at and _same_reason(text, reason) for at, reason in self.places)
            for line, text in wanted.places
        )

    def __str__(self) -> str:
        trace, *outputs, rest = self.words
        shown = f"out {' '.join(map(str, outputs))}, trace {trace:#x}, variables {rest:#x}"
        places = " and ".join(f"line {line}: {reason}" for line, reason in sorted(self.places))
        return (f"panic ({places}), " if places else "panic, " if self.panicked else "") + shown


_OTHER_WORDS = {
    "slice is shorter than the array": "cannot convert slice",
    "length of an unsafe slice or string out of range": "len out of range",
}


def _same_reason(text: str, reason: str) -> bool:
    """Whether gc's ``text`` and the counter's ``reason`` tell of one kind of panic."""
    return _OTHER_WORDS.get(reason, reason.removeprefix("panic: ")) in text


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
