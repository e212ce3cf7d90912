"""Panics by the line of Go where they began.

An object counts them where its source says ``//bpf:panics lines``: each place that can panic has a
counter in ``.bss``, and a declaration tag of the counter in BTF says the place.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.globals import Globals

TAG = "panic:"


@dataclass(frozen=True, order=True)
class PanicLine:
    """A place in Go that can panic, and how often it did.

    ``file`` is as the compiler's messages show it, ``reason`` in Go's words: ``index out of
    range``, or ``panic:`` and what the program said.
    """

    file: str
    line: int
    function: str
    reason: str
    count: int

    @property
    def place(self) -> tuple[str, int, str, str]:
        """All but the count."""
        return self.file, self.line, self.function, self.reason

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason} in {self.function}"


def panic_lines(variables: Globals, btf: Btf, directory: str = "") -> list[PanicLine]:
    """The places in the order of the source, with what is counted now; ``directory`` comes before files."""
    found = []
    for name, place in places(btf):
        count = variables.counter(name)
        if count is not None:
            file, line, function, reason = place
            file = os.path.normpath(os.path.join(directory, file))
            found.append(PanicLine(file, line, function, reason, count))
    return sorted(found)


def places(btf: Btf) -> list[tuple[str, tuple[str, int, str, str]]]:
    """The counters' names, and file, line, function and reason of each. What is not ours is left out."""
    known: list[tuple[str, tuple[str, int, str, str]]] | None = btf.derived.get("panics")
    if known is None:
        read = [(name, _place(text)) for name, text in btf.tagged(TAG)]
        known = btf.derived["panics"] = [(name, place) for name, place in read if place is not None]
    return known


def _place(text: str) -> tuple[str, int, str, str] | None:
    try:
        told: Any = json.loads(text)
        file, line, function, reason = (told[key] for key in ("file", "line", "function", "reason"))
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    texts = all(isinstance(part, str) for part in (file, function, reason))
    return (file, line, function, reason) if texts and isinstance(line, int) else None
