"""From libbpf's log of a failed load to the program, the reason and the source line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinybpf.errors import SourceLine, VerifierError
from tinybpf.libbpf._check import strerror
from tinybpf.libbpf._lib import ffi, lib, text

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.btf_ext import BtfExt

_BEGIN = re.compile(r"^libbpf: prog '(?P<program>[^']*)': -- BEGIN PROG LOAD LOG --\n", re.M)
_END = "-- END PROG LOAD LOG --\n"
_INSN_SIZE = 8


def verifier_error(handle: ObjectHandle, code: int, log: str) -> VerifierError | None:
    """The error for a program that the verifier refused, or None where it was something else."""
    found = program_log(log)
    if found is None:
        return None
    program, words = found
    from tinybpf.libbpf.verifier import parse_log

    lines = _Lines(handle)
    failure = parse_log(words, lines.of_program(program))
    source = lines.whole(failure.source)
    message = [f"program '{program}' of '{handle.name}' was refused: {failure.summary or strerror(code)}"]
    if source is not None:
        message.append(f"  {source}")
    if failure.hint:
        message.append(f"  hint: {failure.hint}")
    return VerifierError(
        "\n".join(message),
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


class _Lines:
    """The line information of an object that failed to load."""

    def __init__(self, handle: ObjectHandle) -> None:
        from tinybpf.libbpf.btf_ext import BtfExt, read_sections

        self._handle = handle
        self._sections = read_sections(handle.source)
        self._ext: BtfExt | None = None
        if handle.btf is not None and ".BTF.ext" in self._sections:
            self._ext = BtfExt(self._sections[".BTF.ext"], handle.btf)

    def of_program(self, program: str) -> Callable[[int], SourceLine | None] | None:
        """What finds the source line of an instruction by its number in the log.

        It knows those of the entry function alone: libbpf appends the functions that are called
        in an order of its own. For those the log has to tell (it does since Linux 6.10).
        """
        ext, section = self._ext, self._section_of(program)
        start = None if ext is None or section is None else ext.function_start(section, program)
        if ext is None or section is None or start is None:
            return None
        later = [offset for offset, _ in ext.functions(section) if offset > start]
        end = min(later, default=len(self._sections[section]))

        def locate(instruction: int) -> SourceLine | None:
            offset = start + _INSN_SIZE * instruction
            return ext.source(section, offset) if offset < end else None

        return locate

    def whole(self, source: SourceLine | None) -> SourceLine | None:
        """The line with its column and the whole name of its file, which the log leaves out."""
        if source is None or self._ext is None:
            return source
        return self._ext.locate(source.path, source.line, source.text) or source

    def _section_of(self, program: str) -> str | None:
        pointer = self._handle.pointer
        found = lib.bpf_object__next_program(pointer, ffi.NULL)
        while found != ffi.NULL:
            if text(lib.bpf_program__name(found)) == program:
                name = text(lib.bpf_program__section_name(found))
                return name if name in self._sections else f"?{name}"
            found = lib.bpf_object__next_program(pointer, found)
        return None
