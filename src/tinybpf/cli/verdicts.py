"""What this kernel's verifier says of each program of an object."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tinybpf
from tinybpf.errors import BpfError, VerifierError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tinybpf import OpenObject

FIGURES, EVERYTHING = 4, 6
"""Log levels: what the verifier counted, and all that it saw besides."""
LOG_SIZE = 256 << 20

_PROCESSED = re.compile(r"^processed (\d+) insns .* total_states (\d+) peak_states (\d+)", re.M)
_STACK = re.compile(r"^stack depth ([\d+]+)", re.M)
_STACK_OF_EACH = re.compile(r"^subprog \d+ \(.*\) .* stack (\d+)$", re.M)  # from Linux 7.3 on
_TIME = re.compile(r"^verification time (\d+) usec", re.M)


@dataclass
class Verdict:
    """What became of a program: ``error`` is why the kernel did not take it.

    ``left_out`` is a program that is not loaded unless somebody asks for it (a section with ``?``).
    """

    name: str
    section: str
    type: str
    left_out: bool
    figures: str = ""
    log: str = ""
    error: BpfError | None = None

    @property
    def word(self) -> str:
        if self.left_out:
            return "left out"
        if self.error is None:
            return "accepted"
        return "refused" if isinstance(self.error, VerifierError) else "not loaded"

    def data(self) -> dict[str, Any]:
        """The verdict as JSON has it; None for what the kernel did not tell."""
        text = self.figures
        processed, time = _PROCESSED.search(text), _TIME.search(text)
        return {
            "name": self.name,
            "section": self.section,
            "type": self.type,
            "verdict": self.word,
            "instructions": int(processed[1]) if processed else None,
            "states": int(processed[2]) if processed else None,
            "peak_states": int(processed[3]) if processed else None,
            "stack": self._stack(),
            "time_us": int(time[1]) if time else None,
        }

    def _stack(self) -> list[int] | None:
        """Bytes of each function, the program first."""
        together = _STACK.search(self.figures)
        each = together[1].split("+") if together else _STACK_OF_EACH.findall(self.figures)
        return [int(size) for size in each if size] or None


def ask(source: Any, log: bool) -> list[Verdict]:
    """The verdict on each program of the object; with ``log`` all that the verifier says of it.

    All are loaded at once; where that fails, each by itself, so that each has its verdict. Errors that are
    not about a program are raised.
    """
    with _opened(source) as opened:
        verdicts = [Verdict(p.name, p.section, p.type.name, not p.autoload) for p in opened.programs.values()]
    wanted = [verdict for verdict in verdicts if not verdict.left_out]
    try:
        _load(source, wanted, FIGURES)
    except BpfError as error:
        if not wanted or (error.errno == errno.EPERM and os.geteuid() != 0):
            raise
        for verdict in wanted:
            _judge(source, verdict)
    for verdict in wanted if log else ():
        if verdict.error is None:
            verdict.log = _load(source, [verdict], EVERYTHING)
    return verdicts


def _judge(source: Any, verdict: Verdict) -> None:
    """Load a program alone; a second time where it is refused, for all that the verifier says then."""
    try:
        _load(source, [verdict], FIGURES)
    except BpfError as error:
        verdict.error = error
    if not isinstance(verdict.error, VerifierError):
        return
    verdict.figures = verdict.error.log
    try:
        _load(source, [verdict], 0)
    except VerifierError as error:
        verdict.error, verdict.log = error, error.log


def _load(source: Any, wanted: Sequence[Verdict], level: int) -> str:
    """Load these programs of the object and let them go; what was said of the last."""
    names, said = {verdict.name for verdict in wanted}, ""
    with _opened(source, level) as opened:
        for program in opened.programs.values():
            if program.autoload and program.name not in names:
                program.autoload = False
        with opened.load() as obj:
            for verdict in wanted:
                said = obj.program(verdict.name).verifier_log or ""
                verdict.figures = said if level == FIGURES else verdict.figures
    return said


def _opened(source: Any, level: int = 0) -> OpenObject:
    opened = tinybpf.open(source, log_level=level)
    if level == EVERYTHING:
        opened.log_size = LOG_SIZE
    for each in opened.maps.values():
        each.pin_path = None
    return opened
