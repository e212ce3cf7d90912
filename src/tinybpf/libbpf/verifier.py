"""The kernel verifier's log: why a program was refused, and where.

Two forms are read: the trace of instructions with the verdict at its end, and the report that Linux
7.3 and later print behind it (``Verification failed: …``, ``Reason:``, ``At:``, ``Suggestion:``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinybpf.errors import SourceLine
from tinybpf.libbpf.verifier_facts import SUBJECTS, Facts, Scene
from tinybpf.libbpf.verifier_hints import REFUSALS
from tinybpf.libbpf.verifier_refusal import Refusal, fill
from tinybpf.libbpf.verifier_trace import CUT, Locate, LocateInside, Trace

_MOST_CAUSES = 4  # the verdict and up to three lines above it
_BEHIND = 2000  # lines at the end of a log, among which a cut is looked for

_INSTRUCTION = re.compile(r"\s*(\d+): (?:\([0-9a-f]{2}\) |<(?:invalid|missing) )")  # the latter by libbpf
_AT_INSTRUCTION = re.compile(r"\binsn (\d+)")
_MARKED = re.compile(r"\s*>>> +(\d+) \|")

# Lines that describe the verifier's progress and state, never the reason of a refusal.
_STATE = re.compile(
    r"""\s*(?:
        \d+:\ (?!\() | from\ \d+\ to\ \d+ | (?:\d+:\s+)?(?:frame\d+:)?\s*(?:R\d+(?:_[a-z]+)?=|fp-\d+)
      | ;\ ? | (?:cur|old)\ state: | processed\ \d+\ insn | verification\ time
      | stack\ depth\ (?:[\d+]+)?\ ?(?:max\ \d+)?$ | subprog\ \d+\ \(.*\ insns_self\ \d+
      | mark_precise: | last_idx | regs= | parent\ | propagating\ | Live\ regs\ before | \d+:\ [.\d]+\ \(
      | arg\#\d+\ reference\ type\( | Unrecognized\ arg\#\d+\ type
      | func\#\d+\ @ | caller:$ | callee:$ | returning\ from\ callee
      | to\ caller\ at | Validating\ \S+\ func | Func\#?\d*.*\ is\ (?:global\ and|safe) | insns\ processed
      | (?:insn|subprog)\ history | libbpf: | --\ (?:BEGIN|END)\ PROG\ LOAD\ LOG | \(\d+\ line\(?s
      | reg\ type\ unsupported\ for\ arg\#\d+\ function | safe$ | max_states_per_insn | frame\ \d+: | math:
    )""",
    re.VERBOSE,
)


_LONG = 4 << 20
"""A log of more characters is read at both ends only: in between the verifier goes round in loops."""


@dataclass(frozen=True)
class VerifierFailure:
    """What a verifier log says, read.

    ``summary`` is the cause in the verifier's words, in one line; ``reason`` is it in plain ones, or
    None; ``instruction`` the index of the refused one; ``source`` the line that the reason is about,
    where the log or the object's line information has it; ``messages`` the verifier's lines that
    give the cause, the verdict last; ``variable`` the one that the reason is about, as the source has
    it; ``notes`` other lines that matter, with what they do; ``hint`` what cures it, where that is known.
    """

    summary: str
    instruction: int | None
    source: SourceLine | None
    messages: tuple[str, ...]
    hint: str | None
    reason: str | None = None
    variable: str | None = None
    notes: tuple[tuple[SourceLine, str], ...] = ()


@dataclass
class _Messages:
    """The verifier's words behind the last instruction of a log, and that one."""

    messages: list[str]
    instruction: int | None


def parse_log(
    log: str,
    locate: Locate | None = None,
    inside: LocateInside | None = None,
    about: Mapping[str, str] | None = None,
) -> VerifierFailure:
    """Read a verifier log, or libbpf's words around one.

    ``locate`` gives the source line of an instruction from the object's line information; it is
    asked first, because the log has file names without folders, and none before Linux 6.10.
    ``inside`` does it for functions that the program calls: from the first line of one and the number
    of an instruction in it. ``about`` has what is known of the program: its ``kind`` in words, and the
    context's fields that it may write (``writable``).
    """
    if len(log) > 2 * _LONG:
        log = log[: log.rfind("\n", 0, _LONG) + 1] + log[log.find("\n", len(log) - _LONG) + 1 :]
    lines, behind = _at_the_cut(log.splitlines())
    start = next((i for i, line in enumerate(lines) if line.startswith("Verification failed:")), None)
    steps = lines if start is None else lines[:start]
    found = _read_messages(behind or steps)
    report = {} if start is None else _read_report(lines[start:])
    instruction = _reported_instruction(report["At"]) if "At" in report else None
    if instruction is None:
        instruction = _named_instruction(found.messages[-1:])
    if instruction is None:
        instruction = found.instruction
    if report:
        messages, summary = _of_report(report, found)
    else:
        messages, summary = found.messages, _join(found.messages)

    if behind and "too large. Processed" not in summary and "too complex" not in summary:
        steps = []  # the steps to the refusal are lost
    trace = Trace(steps, locate, inside)
    logged = next((s.logged for s in reversed(trace.steps) if s.number == instruction), None)
    source = None if instruction is None else trace.source_of(instruction, logged)
    failure = VerifierFailure(
        summary, instruction, source, tuple(messages), _paragraph(report.get("Suggestion", []))
    )
    return _explained(failure, found.messages + messages, trace, about or {})


def _explained(
    failure: VerifierFailure, messages: list[str], trace: Trace, about: Mapping[str, str]
) -> VerifierFailure:
    """With the table's words for the verdict; if there are none for it, for the lines above it."""
    known = refusal_of(messages)
    if known is None:
        return failure
    refusal, found = known
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    scene = Scene(found.string, groups, failure.source, trace, tuple(messages))
    facts = SUBJECTS[refusal.subject](scene) if refusal.subject else Facts()
    reason, hint = refusal.cases.get(facts.case, (refusal.reason, refusal.hint))
    names = {**about, **groups, **{k: v for k, v in facts.names.items() if v}}
    source = facts.source or failure.source
    return replace(
        failure,
        reason=fill(reason, names),
        hint=fill(hint, names),
        variable=facts.names.get("variable"),
        notes=tuple(n for n in facts.notes if not _same_line(n[0], source)),
        source=source,
    )


def refusal_of(messages: Sequence[str]) -> tuple[Refusal, re.Match[str]] | None:
    """The table's entry for the verifier's words, and where it is in them; None where it has none."""
    for message in _most_telling(messages):
        for refusal in REFUSALS:
            found = re.search(refusal.pattern, message)
            if found is not None:
                return refusal, found
    return None


def _at_the_cut(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of a log, and those that stand for its end where the kernel cut it."""
    if CUT not in lines[-_BEHIND:]:
        return lines, []
    at = len(lines) - 1 - lines[::-1].index(CUT)
    return lines[:at], lines[at + 1 :]


def _most_telling(messages: Sequence[str]) -> list[str]:
    """The last first; but Linux 7.2 and later have the words of all other memory behind those of packets."""
    ordered = list(messages[::-1])
    if any("outside of the allowed memory range" in message for message in ordered):
        ordered.sort(key=lambda message: "invalid access to packet" not in message)
    return ordered


def _same_line(one: SourceLine, other: SourceLine | None) -> bool:
    return other is not None and (one.path, one.line) == (other.path, other.line)


def _read_messages(lines: list[str]) -> _Messages:
    """The messages behind the last instruction (or the last ones, without any)."""
    messages: list[str] = []
    earlier: list[str] = []
    instruction: int | None = None
    for line in lines:
        found = _INSTRUCTION.match(line)
        if found:
            instruction = int(found[1])
            if messages:
                earlier, messages = messages, []
        elif line.strip() and not _STATE.match(line):
            messages.append(line.strip())
    return _Messages((messages or earlier)[-_MOST_CAUSES:], instruction)


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


def _of_report(report: dict[str, list[str]], found: _Messages) -> tuple[list[str], str]:
    title, reason = report[""][0], _paragraph(report.get("Reason", []))
    marked = [line.partition("^-- ")[2].strip() for line in report.get("At", []) if "^-- " in line]
    messages = [*found.messages, *marked, title]
    short = title.rpartition(": ")[2] or title
    return messages, f"{short}: {reason}" if reason else short


def _paragraph(lines: list[str]) -> str | None:
    return " ".join(line.strip() for line in lines) or None


def _reported_instruction(at: list[str]) -> int | None:
    """The one that a report marks; lines of the source are marked the same way before it."""
    begin = next((n for n, line in enumerate(at) if line.strip() == "Instruction context:"), len(at))
    marked = next(filter(None, map(_MARKED.match, at[begin:])), None)
    return int(marked[1]) if marked else _named_instruction(at[:1])


def _named_instruction(lines: list[str]) -> int | None:
    found = next(filter(None, map(_AT_INSTRUCTION.search, lines)), None)
    return int(found[1]) if found else None


def _join(messages: list[str]) -> str:
    if not messages:
        return "the verifier gave no reason"
    *above, verdict = messages
    return f"{verdict} ({'; '.join(above)})" if above else verdict
