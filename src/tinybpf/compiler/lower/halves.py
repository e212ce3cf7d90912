"""A large module as two, which LLVM optimises at the same time; linked, they are the module again.

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

LARGE = 400_000
"""Characters of the module from which two processes are worth their while."""

LEAST = 0.25
"""The part of the code that the smaller half has to have."""

_SYMBOL = re.compile(r"@([\w.]+)")
_VARIABLE = re.compile(
    r"@(\S+) = ((?:dso_local |externally_initialized )*(?:global|constant)) (\[\d+ x i8\]) "
    r'(?:zeroinitializer|c"[^"]*")'
    r'((?:, section "[^"]*")?, align \d+)(?:, !dbg !\d+)?'
)
_INTERNAL = re.compile(r"@(\S+) = internal ")
_SHARED = re.compile(r"@(\S+) = internal (?=externally_initialized global |constant )")
"""Counters and constants: LLVM takes nothing from their being internal but that it may leave them out."""
_OWN = re.compile(r"@(\S+) = (?:internal|linkonce_odr) ")
_NUMBERED = "@llvm.preserve.struct.access.index"
"""CO-RE: LLVM numbers what it makes of it, anew in each process."""


class Function:
    """A function's text, its symbol, and the symbols in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = _SYMBOL.findall(text)
        self.symbol = found[0]
        self.uses = set(found)
        head = text[: text.index("\n")]
        self.program = not head.startswith("define internal ")
        self.vanishes = not self.program and " alwaysinline" in head


def cut(head: Sequence[str], bodies: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The two halves without their metadata; None where the module stays whole.

    ``head`` has what stands before the functions; ``bodies`` are the functions, callees first, the programs
    behind all that they call.
    """
    if sum(map(len, bodies)) < LARGE or any(_NUMBERED in body for body in bodies):
        return None
    functions = {f.symbol: f for f in map(Function, bodies)}
    programs = [f for f in functions.values() if f.program]
    lines = [line for text in head for line in text.split("\n")]
    lines = [_SHARED.sub(r"@\1 = linkonce_odr ", line) for line in lines]
    internal = {m[1] for line in lines if (m := _INTERNAL.match(line))}
    reached = [_reached(f, functions) for f in programs]
    single = internal | {f.symbol for f in functions.values() if not f.vanishes}
    weights = [sum(len(functions[s].text) for s in r if s in functions) for r in reached]
    at = _middle([r & single for r in reached], weights)
    if at is None:
        return None
    first, second = set().union(*reached[:at]), set().union(*reached[at:])
    declared = _declared(lines, second)
    if declared is None:
        return None
    defined = [line for line in lines if not ((m := _INTERNAL.match(line)) and m[1] in second)]
    return (
        [*defined, *(f.text for f in functions.values() if f.symbol in first or f.symbol not in second)],
        [*declared, *(f.text for f in functions.values() if f.symbol in second)],
    )


def _reached(program: Function, functions: dict[str, Function]) -> set[str]:
    """The symbols that a program leads to, its own among them."""
    found: set[str] = {program.symbol}
    work = [program]
    while work:
        new = work.pop().uses - found
        found |= new
        work += (functions[s] for s in new if s in functions)
    return found


def _middle(single: Sequence[set[str]], weights: Sequence[int]) -> int | None:
    """Before which program to cut: where the halves come nearest to each other, of the places where nothing
    is needed on both sides that may be there once only."""
    last = {symbol: n for n, needed in enumerate(single) for symbol in needed}
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    reach, places = 0, []
    for n, needed in enumerate(single):
        if n > reach:
            places.append(n)
        reach = max([reach, *(last[symbol] for symbol in needed)])
    if not places:
        return None
    near = bisect(places, bisect(sums, sums[-1] / 2))
    best = min(places[max(near - 2, 0) : near + 2], key=lambda n: (abs(2 * sums[n] - sums[-1]), n))
    return best if LEAST <= sums[best] / sums[-1] <= 1 - LEAST else None


def _declared(lines: Sequence[str], used: set[str]) -> list[str] | None:
    """The lines before the functions, for the second half; None where there is a variable of another form."""
    made = []
    for line in lines:
        if not line.startswith("@"):
            made.append(line)
            continue
        own = _OWN.match(line)
        if own:
            made += [line] if own[1] in used else []
            continue
        found = _VARIABLE.fullmatch(line)
        if found is None:
            return None
        if found[1] in used:
            made.append(f"@{found[1]} = external {found[2]} {found[3]}{found[4]}")
    return made
