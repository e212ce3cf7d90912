"""The instructions in a verifier's log: the path that it walked to the refusal, and what a register held.

The verifier takes one way at a branch and comes back for the other; ``from 7 to 12:`` in the log is
such a return. The path to the end of the log is thus read backwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tinybpf.errors import SourceLine

_STEP = re.compile(r"\s*(\d+): \([0-9a-f]{2}\) ([^;\n]*?)(?:\s*;[^\n]*| (\d+): (?:frame|R\d)[^\n]*)?$")
_RETURN = re.compile(r"from (\d+) to \d+(?:: |$)")
_SOURCE = re.compile(r"; (?P<text>.*) @ (?P<file>[^@]+):(?P<line>\d+)$")
_CALL = re.compile(r"call (?:(?P<helper>\w+)#-?\d+|pc(?P<near>[+-]\d+))")
_MOVE = re.compile(r"[rw](\d+) = (?:\(s\d+\))?[rw](\d+)$")
_FILL = re.compile(r"r(\d+) = \*\(u64 \*\)\(r10 (-\d+)\)$")
_SPILL = re.compile(r"\*\(u64 \*\)\(r10 (-\d+)\) = r(\d+)$")
_WRITES = re.compile(r"[rw](\d+) (?P<how>\S*=) ?(?P<value>.*)$")

CUT = "-- the kernel cut the log here; its messages alone: --"
"""A line between what the kernel left of a log and the messages of a second load."""

FRAME = 10  # the register that points to the stack

Locate = Callable[[int], "SourceLine | None"]
LocateInside = Callable[["SourceLine", int], "SourceLine | None"]


class Step(NamedTuple):
    """One instruction as the verifier walked it: ``number`` in the program, the line that the log has."""

    number: int
    text: str
    logged: SourceLine | None

    @property
    def helper(self) -> str:
        """The helper that it calls, empty for anything else."""
        found = _CALL.match(self.text)
        return (found["helper"] or "") if found else ""

    @property
    def calls_function(self) -> bool:
        found = _CALL.match(self.text)
        return bool(found and found["near"])


class Origin(NamedTuple):
    """Where a register's value came from: the step that made it, and those that it came through."""

    step: Step
    sums: tuple[Step, ...]
    """The steps that added something to it, the last one first."""
    passed: tuple[Step, ...]
    """The calls of helpers between then and now, the last one first."""


class Trace:
    """The steps of a log in its order. ``locate`` finds the lines of the program's own instructions,
    ``inside`` those of functions that it calls (from the first line of one, of which old kernels tell
    no more than the text, and an instruction's number in it)."""

    def __init__(
        self, lines: list[str], locate: Locate | None = None, inside: LocateInside | None = None
    ) -> None:
        self.steps: list[Step] = []
        self._resumed: dict[int, int] = {}
        self._starts: dict[int, SourceLine | None] = {}
        self._locate, self._inside = locate, inside
        self._read(lines)

    def _read(self, lines: list[str]) -> None:
        source: SourceLine | None = None
        text = ""
        called: set[int] = set()
        for line in lines:
            found = _STEP.match(line)
            if found:
                step = Step(int(found[1]), found[2], source)
                if step.number in called:
                    self._starts.setdefault(
                        step.number, source or (SourceLine("", 0, 0, text) if text else None)
                    )
                near = _CALL.match(step.text)
                if near and near["near"]:
                    called.add(step.number + 1 + int(near["near"]))
                self.steps.append(step)
            elif line.startswith("; "):
                text = line[2:].strip()
                written = _SOURCE.match(line)
                if written:
                    source = SourceLine(written["file"], int(written["line"]), 0, written["text"])
            else:
                back = _RETURN.search(line) if "from " in line else None
                if back:
                    self._resumed[len(self.steps)] = int(back[1])

    def source(self, step: Step) -> SourceLine | None:
        """The source line of a step, as whole as it can be known."""
        return self.source_of(step.number, step.logged)

    def source_of(self, number: int, logged: SourceLine | None = None) -> SourceLine | None:
        start = max((s for s in self._starts if s <= number), default=None)
        if start is not None:
            first = self._starts[start]
            found = self._inside(first, number - start) if self._inside and first else None
            return found or logged
        return (self._locate(number) if self._locate else None) or logged

    def path(self) -> Iterator[Step]:
        """The steps that led to the end of the log, the last one first."""
        at = len(self.steps) - 1
        while at >= 0:
            yield self.steps[at]
            before = self._resumed.get(at)
            if before is None:
                at -= 1
                continue
            at -= 1
            while at >= 0 and self.steps[at].number != before:
                at -= 1

    def origin(self, register: int) -> Origin | None:
        """Where the value came from that the register holds at the last step."""
        holder: int | str = register
        sums: list[Step] = []
        passed: list[Step] = []
        depth = 0
        path = self.path()
        next(path, None)  # the refused step itself
        for step in path:
            if step.text == "exit":
                depth += 1
            elif step.calls_function and depth:
                depth -= 1
                if holder == 0:
                    return Origin(step, tuple(sums), tuple(passed))
            elif step.helper and (depth or holder != 0):
                passed.append(step)
            elif step.helper:
                return Origin(step, tuple(sums), tuple(passed))
            elif not depth:
                follows = _follow(step.text, holder)
                if follows is None:
                    return Origin(step, tuple(sums), tuple(passed))
                if follows == "sum":
                    sums.append(step)
                elif follows == FRAME:
                    return Origin(step, tuple(sums), tuple(passed))
                else:
                    holder = follows if follows != "" else holder
        return None


def _follow(text: str, holder: int | str) -> int | str | None:
    """What held the value before an instruction: a register, a slot, ``""`` for the same, ``"sum"``
    where something was added to it, None where the instruction made it."""
    spilled = _SPILL.match(text)
    if spilled:
        return int(spilled[2]) if holder == spilled[1] else ""
    written = _WRITES.match(text)
    if written is None or holder != int(written[1]):
        return ""
    filled, moved = _FILL.match(text), _MOVE.match(text)
    if filled:
        return filled[2]
    if moved:
        return int(moved[2])
    if written["how"] == "=":
        return None
    return "sum" if written["how"] in ("+=", "-=") else ""
