"""A large module as two, of which LLVM has the first while the second is made.

Their objects, joined, are the module's.

The cut is between two programs, so that their order stays. Each half has the functions that its programs
reach; what is inlined into both is in both. The first half defines the variables, the second declares them;
counters and constants, which are left out where nothing needs them, both define as ``linkonce_odr``, and the
worker makes them what they were. Nothing else may be needed on both sides: a subprogram would be there twice.
Where there is no such cut near the middle, and where LLVM or the debug information could tell that there were
two, the module stays whole.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence

LARGEST_WHOLE = 4000
"""Instructions of the source from which two processes are worth their while."""

FIRST = 0.53
"""The part of the code that the first half should have: LLVM has begun with it when the second is made."""

LEAST = 0.25
"""The part of the code that each half has to have."""

_SYMBOL = re.compile(r"@([\w.]+)")
_VARIABLE = re.compile(
    r"@(\S+) = ((?:dso_local |externally_initialized )*(?:global|constant)) (\[\d+ x i8\]) "
    r'(?:zeroinitializer|c"[^"]*")'
    r'((?:, section "[^"]*")?, align \d+)(?:, !dbg !\d+)?'
)
_SHARED = re.compile(r"@(\S+) = internal (?=externally_initialized global |constant )")
"""Counters and constants: LLVM takes nothing from their being internal but that it may leave them out."""
_OWN = re.compile(r"@(\S+) = (?:internal|linkonce_odr) ")
_NUMBERED = "@llvm.preserve.struct.access.index"
"""CO-RE: LLVM numbers what it makes of it, anew in each process."""


def middle(single: Sequence[set[int]], weights: Sequence[int]) -> int | None:
    """Before which program to cut: where the first half is nearest to ``FIRST``, of the places where nothing
    is needed on both sides that may be there once only; None where that is not near enough.

    ``single`` has what may be there once only, by program; ``weights`` how much code there is of each."""
    last = {function: n for n, needed in enumerate(single) for function in needed}
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    reach, places = 0, []
    for n, needed in enumerate(single):
        if n > reach:
            places.append(n)
        reach = max([reach, *(last[function] for function in needed)])
    if not places:
        return None
    near = bisect(places, bisect(sums, sums[-1] * FIRST))
    best = min(places[max(near - 2, 0) : near + 2], key=lambda n: (abs(sums[n] - sums[-1] * FIRST), n))
    return best if LEAST <= sums[best] / sums[-1] <= 1 - LEAST else None


class Halves:
    """The halves without their metadata.

    ``head`` has what stands before the functions, as far as it is known; ``bodies`` are functions, callees
    first. Where a half is None the module stays whole.
    """

    def __init__(self, head: Sequence[str], bodies: Sequence[str]) -> None:
        self._lines = _shared(head)
        self._used = _symbols(bodies)
        self.first: list[str] | None = None
        if not any(_NUMBERED in body for body in bodies):
            self.first = [*(line for line in self._lines if not _is_for_second(line, self._used)), *bodies]

    def second(self, head: Sequence[str], bodies: Sequence[str]) -> list[str] | None:
        """The other half, once all is known."""
        if self.first is None or any(_NUMBERED in body for body in bodies):
            return None
        used = _symbols(bodies)
        before = set(self._lines)
        declared = []
        for line in _shared(head):
            if not line.startswith("@"):
                declared.append(line)
                continue
            own = _OWN.match(line)
            if own:
                if own[1] in self._used and (line not in before or (own[1] in used and " internal " in line)):
                    return None  # it has grown since, or may be there once only
                declared += [line] if own[1] in used else []
                continue
            found = _VARIABLE.fullmatch(line)
            if found is None:
                return None
            if found[1] in used:
                declared.append(f"@{found[1]} = external {found[2]} {found[3]}{found[4]}")
        return [*declared, *bodies]


def _shared(head: Sequence[str]) -> list[str]:
    lines = [line for text in head for line in text.split("\n")]
    return [_SHARED.sub(r"@\1 = linkonce_odr ", line) for line in lines]


def _symbols(bodies: Sequence[str]) -> set[str]:
    return {symbol for body in bodies for symbol in _SYMBOL.findall(body)}


def _is_for_second(line: str, used: set[str]) -> bool:
    """Whether only the second half can need what a line defines."""
    own = _OWN.match(line)
    return own is not None and own[1] not in used
