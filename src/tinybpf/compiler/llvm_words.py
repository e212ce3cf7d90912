"""What LLVM says when it refuses a program, in words for the author of the Go source."""

from __future__ import annotations

import re

import msgspec


class Explanation(msgspec.Struct, frozen=True):
    """``function`` is the symbol that the refusal is about, empty where LLVM names none."""

    message: str
    function: str = ""
    hint: str | None = None


_IN_FUNCTION = re.compile(r"in function (\S+)")
_STACK = re.compile(r"stack limit|stack size", re.IGNORECASE)


def explain(log: str) -> Explanation:
    """The cause in LLVM's log, its last words where the cause is not a known one."""
    found = _IN_FUNCTION.search(log)
    function = found[1] if found else ""
    if _STACK.search(log):
        return Explanation(
            f"function {function or 'of this program'} needs more than the 512 bytes of stack that a BPF "
            "program has",
            function,
            "keep large values in a map (a per-CPU array of one element), or make the arrays smaller",
        )
    lines = [
        line.strip() for line in log.splitlines() if line.strip() and not line.startswith("PLEASE submit")
    ]
    errors = [line for line in lines if "error" in line.lower()]
    said = (errors or lines or [""])[0]
    return Explanation(f"LLVM refuses the program: {said}" if said else "", function)
