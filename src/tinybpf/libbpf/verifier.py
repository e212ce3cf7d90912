"""The kernel verifier's log: why a program was refused, and where.

Two forms are read: the trace of instructions with the verdict at its end, and the report that Linux
7.3 and later print behind it (``Verification failed: …``, ``Reason:``, ``At:``, ``Suggestion:``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tinybpf.errors import SourceLine
from tinybpf.libbpf.verifier_hints import HINTS

_MOST_CAUSES = 4  # the verdict and up to three lines above it

_INSTRUCTION = re.compile(r"\s*(\d+): \([0-9a-f]{2}\) ")
_SOURCE = re.compile(r"; (?P<text>.*) @ (?P<file>[^@]+):(?P<line>\d+)$")
_AT_INSTRUCTION = re.compile(r"\binsn (\d+)|^\s*>>> (\d+) \|")
_ACQUIRED = re.compile(r"\balloc_insn=(\d+)")

# Lines that describe the verifier's progress and state, never the reason of a refusal.
_STATE = re.compile(
    r"""\s*(?:
        \d+:\ (?!\() | from\ \d+\ to\ \d+ | (?:\d+:\s+)?(?:frame\d+:)?\s*(?:R\d+(?:_[a-z]+)?=|fp-\d+)
      | ;\ ? | (?:cur|old)\ state: | processed\ \d+\ insn | verification\ time | stack\ depth\ [\d+]+$
      | mark_precise: | last_idx | regs= | parent\ | propagating\ | Live\ regs\ before | \d+:\ [.\d]+\ \(
      | arg\#\d+\ reference\ type\( | func\#\d+\ @ | caller:$ | callee:$ | returning\ from\ callee
      | to\ caller\ at | Validating\ \S+\ func | Func\#?\d*.*\ is\ (?:global\ and|safe) | insns\ processed
      | (?:insn|subprog)\ history | libbpf: | --\ (?:BEGIN|END)\ PROG\ LOAD\ LOG | \(\d+\ line\(?s
      | reg\ type\ unsupported\ for\ arg\#\d+\ function | safe$ | max_states_per_insn | frame\ \d+: | math:
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class VerifierFailure:
    """What a verifier log says, read.

    ``summary`` is the cause in one line; ``instruction`` the index of the refused one; ``source`` its
    line, where the log or the object's line information has it; ``messages`` the verifier's lines that
    give the cause, the verdict last; ``hint`` what cures it, where that is known.
    """

    summary: str
    instruction: int | None
    source: SourceLine | None
    messages: tuple[str, ...]
    hint: str | None


@dataclass
class _Trace:
    """What the instruction-by-instruction part of a log tells."""

    messages: list[str]
    instruction: int | None
    sources: dict[int, SourceLine]


def parse_log(log: str, locate: Callable[[int], SourceLine | None] | None = None) -> VerifierFailure:
    """Read a verifier log, or libbpf's words around one.

    ``locate`` gives the source line of an instruction from the object's line information; it is
    asked first, because the log has file names without folders, and none before Linux 6.10.
    """
    lines = log.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("Verification failed:")), None)
    trace = _read_trace(lines if start is None else lines[:start])
    report = {} if start is None else _read_report(lines[start:])
    instruction = _named_instruction(report.get("At", []) or trace.messages[-1:])
    if instruction is None:
        instruction = trace.instruction

    def source_of(index: int | None) -> SourceLine | None:
        if index is None:
            return None
        return (locate(index) if locate else None) or trace.sources.get(index)

    if report:
        messages, summary = _of_report(report, trace)
    else:
        messages, summary = trace.messages, _join(trace.messages)
    hint = _hint(trace.messages + messages, source_of) or _paragraph(report.get("Suggestion", []))
    return VerifierFailure(summary, instruction, source_of(instruction), tuple(messages), hint)


def _read_trace(lines: list[str]) -> _Trace:
    """The messages behind the last instruction (or the last ones, without any), and the sources."""
    messages: list[str] = []
    earlier: list[str] = []
    instruction: int | None = None
    source: SourceLine | None = None
    sources: dict[int, SourceLine] = {}
    for line in lines:
        found = _INSTRUCTION.match(line)
        if found:
            instruction = int(found[1])
            if source is not None:
                sources[instruction] = source
            if messages:
                earlier, messages = messages, []
        elif line.startswith("; "):
            written = _SOURCE.match(line)
            source = _source_line(written) if written else None
        elif line.strip() and not _STATE.match(line):
            messages.append(line.strip())
    return _Trace((messages or earlier)[-_MOST_CAUSES:], instruction, sources)


def _source_line(found: re.Match[str]) -> SourceLine:
    return SourceLine(found["file"], int(found["line"]), 0, found["text"])


def _read_report(lines: list[str]) -> dict[str, list[str]]:
    """The sections of a report by their headings; ``""`` is what follows ``Verification failed:``."""
    sections = {"": [lines[0].partition(":")[2].strip()]}
    current: list[str] = []
    for line in lines[1:]:
        if re.match(r"[A-Z][A-Za-z ]*:$", line):
            current = sections.setdefault(line[:-1], [])
        elif line.startswith(" "):
            current.append(line)
        elif line.strip():  # the statistics behind the report
            current = []
    return sections


def _of_report(report: dict[str, list[str]], trace: _Trace) -> tuple[list[str], str]:
    title, reason = report[""][0], _paragraph(report.get("Reason", []))
    marked = [line.partition("^-- ")[2].strip() for line in report.get("At", []) if "^-- " in line]
    messages = [*trace.messages, *marked, title]
    short = title.rpartition(": ")[2] or title
    return messages, f"{short}: {reason}" if reason else short


def _paragraph(lines: list[str]) -> str | None:
    return " ".join(line.strip() for line in lines) or None


def _named_instruction(lines: list[str]) -> int | None:
    for line in lines:
        found = _AT_INSTRUCTION.search(line)
        if found:
            return int(found[1] or found[2])
    return None


def _join(messages: list[str]) -> str:
    if not messages:
        return "the verifier gave no reason"
    *above, verdict = messages
    return f"{verdict} ({'; '.join(above)})" if above else verdict


def _hint(messages: list[str], source_of: Callable[[int | None], SourceLine | None]) -> str | None:
    """The advice for the verdict; if there is none for it, for the lines above it."""
    for message in reversed(messages):
        for pattern, advice in HINTS:
            found = re.search(pattern, message)
            if found is None:
                continue
            for name, value in found.groupdict("").items():
                advice = advice.replace(f"{{{name}}}", value)
            return advice + _where_acquired(messages, source_of)
    return None


def _where_acquired(messages: list[str], source_of: Callable[[int | None], SourceLine | None]) -> str:
    for message in messages:
        found = _ACQUIRED.search(message)
        source = source_of(int(found[1])) if found else None
        if source is not None:
            return f"; it was acquired at {source.path}:{source.line}"
    return ""
