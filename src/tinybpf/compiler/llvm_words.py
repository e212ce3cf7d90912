"""What LLVM says when it refuses a program, in words for the author of the Go source."""

from __future__ import annotations

import re

import msgspec

from tinybpf.compiler.lower.refuse import STACK


class Explanation(msgspec.Struct, frozen=True):
    """``function`` is the symbol that the refusal is about, empty where LLVM names none.

    ``stack``: the function needs more stack than there is. ``place`` is file, line and column, where
    LLVM tells them.
    """

    message: str
    function: str = ""
    stack: bool = False
    hint: str | None = None
    place: tuple[str, int, int] | None = None


_IN_FUNCTION = re.compile(r"in function (\S+)")
_STACK = re.compile(r"stack limit|stack size", re.IGNORECASE)
_ATOMIC = re.compile(r"unsupported atomic operation|Invalid usage of the XADD return value")
_PLACE = re.compile(r"error: (.+?):(\d+):(\d+): in function")
_LIBRARY = re.compile(r"built-in function '(mem\w+)'")


def explain(log: str) -> Explanation:
    """The cause in LLVM's log, its last words where the cause is not a known one."""
    found = _IN_FUNCTION.search(log)
    function = found[1] if found else ""
    if _STACK.search(log):
        whose = f"function {function}" if function else "a function"
        message = f"{whose} needs more than the {STACK} bytes of stack that a BPF program has"
        return Explanation(message, function, stack=True)
    if _ATOMIC.search(log):
        hint = "choose v3 (--cpu v3, or build.cpu in tinybpf.json), or use 64 bits and no result"
        return Explanation("this atomic operation needs cpu v3", function, False, hint, _place(log))
    library = _LIBRARY.search(log)
    if library:
        message = f"a value is too large to be copied or zeroed at once (LLVM wants to call {library[1]})"
        return Explanation(message, function)
    lines = [
        line.strip() for line in log.splitlines() if line.strip() and not line.startswith("PLEASE submit")
    ]
    errors = [line for line in lines if "error" in line.lower()]
    said = (errors or lines or [""])[0]
    return Explanation(f"LLVM refuses the program: {said}" if said else "", function)


def _place(log: str) -> tuple[str, int, int] | None:
    found = _PLACE.search(log)
    return (found[1], int(found[2]), int(found[3])) if found else None
