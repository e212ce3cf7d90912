"""From libbpf's log of a failed load to the program, the reason and the source line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tinybpf.errors import VerifierError
from tinybpf.libbpf._check import strerror

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle

_BEGIN = re.compile(r"^libbpf: prog '(?P<program>[^']*)': -- BEGIN PROG LOAD LOG --\n", re.M)
_END = "-- END PROG LOAD LOG --\n"


def verifier_error(handle: ObjectHandle, code: int, log: str) -> VerifierError | None:
    """The error for a program that the verifier refused, or None where it was something else."""
    found = program_log(log)
    if found is None:
        return None
    program, words = found
    from tinybpf.libbpf.verifier import parse_log

    failure = parse_log(words)
    source = failure.source
    lines = [
        f"program '{program}' of '{handle.name}' refused by the verifier: {failure.summary or strerror(code)}"
    ]
    if source is not None:
        lines.append(f"  {source}")
    if failure.hint:
        lines.append(f"  hint: {failure.hint}")
    return VerifierError(
        "\n".join(lines),
        code,
        log,
        program=program,
        summary=failure.summary,
        log=words,
        source=source,
        hint=failure.hint,
    )


def program_log(log: str) -> tuple[str, str] | None:
    """The program whose verifier log libbpf printed last, and that log, whole."""
    begins = list(_BEGIN.finditer(log))
    if not begins:
        return None
    last = begins[-1]
    end = log.rfind(_END)
    return last["program"], log[last.end() : end if end >= last.end() else len(log)]
