"""From libbpf's log of a failed load to the program, the reason and the source line."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, overload

from tinybpf.errors import BpfError, SourceLine, VerifierError
from tinybpf.libbpf._check import strerror
from tinybpf.libbpf._lib import ffi, lib, text

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.btf_ext import BtfExt

_FAILED = re.compile(r"^libbpf: prog '(?P<program>[^']*)': BPF program load failed: ", re.M)
_BEGIN = re.compile(r"^libbpf: prog '(?P<program>[^']*)': -- BEGIN PROG LOAD LOG --\n", re.M)
_END = "-- END PROG LOAD LOG --\n"
_INSN_SIZE = 8

# The longest log seen, of a program that ran into the limit of a million steps, has 100 MB.
_ROOM = 256 << 20
_ROOM_BEFORE_5_2 = (1 << 24) - 1  # older kernels refuse more
LARGEST_LOG = (1 << 30) - 1

_REFUSAL = 1 << 16  # of a log's end, which has the refusal; a hundred megabytes take a minute to search


class LogRoom:
    """Room for the verifier's log while an object is loaded.

    libbpf would find out how much is needed by having the program verified again and again with
    twice the room, which takes 20 s for the longest logs. Address space costs nothing until the
    kernel writes into it, and it writes only when a program was refused. Where there is none,
    libbpf's own way is left to it. Programs with a log level of their own, by name in ``levels``,
    have a room of ``size`` bytes each.
    """

    def __init__(self, handle: ObjectHandle, levels: Mapping[str, int] | None = None, size: int = 0) -> None:
        self._size = _ROOM if _kernel_version() >= (5, 2) else _ROOM_BEFORE_5_2
        self._room = lib.tb_room_new(handle.pointer, self._size)
        self.own_size = size if _kernel_version() >= (5, 2) else min(size, self._size)
        self._own: dict[str, Any] = {}
        if levels:
            self._give_rooms(handle, levels, self.own_size)

    @property
    def has_own(self) -> bool:
        """Whether a program has a room of its own."""
        return bool(self._own)

    def _give_rooms(self, handle: ObjectHandle, levels: Mapping[str, int], size: int) -> None:
        from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

        program = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
        while program != ffi.NULL:
            name = text(lib.bpf_program__name(program))
            if name in levels:
                room = ffi.from_buffer("char[]", mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS))
                check = lib.bpf_program__set_log_buf(program, room, size)
                check = check or lib.bpf_program__set_log_level(program, levels[name])
                if check:
                    raise BpfError(f"program '{name}' cannot have log level {levels[name]}", -check)
                self._own[name] = room
            program = lib.bpf_object__next_program(handle.pointer, program)

    def text(self, program: str = "") -> str:
        """The log of the program that was verified last, as far as it was refused."""
        return text(self._own.get(program, self._room))

    def logs(self) -> dict[str, str]:
        """What the verifier said of the programs with a log level."""
        return {name: text(room) for name, room in self._own.items()}

    def __enter__(self) -> LogRoom:
        return self

    def __exit__(self, *reason: object) -> None:
        room, self._room = self._room, ffi.NULL
        self._own = {}
        lib.tb_room_free(room, self._size)


def verifier_error(handle: ObjectHandle, code: int, log: str, room: LogRoom) -> VerifierError | None:
    """The error for a program that the verifier refused, or None where it was something else."""
    failed = _FAILED.findall(log)
    found = program_log(log, room.text(failed[-1] if failed else ""))
    if found is None:
        return None
    program, words = found
    if code == errno.ENOSPC:
        code, words = _whole(handle, program, words)
    from tinybpf.libbpf import _absent, _unresolved
    from tinybpf.libbpf._forbidden import about_program, verifier_hint
    from tinybpf.libbpf.verifier import parse_log

    lines = _Lines(handle)
    failure = parse_log(words, lines.of_program(program), lines.inside, about_program(handle, program))
    why = failure.reason or failure.summary or strerror(code)
    end = words[-_REFUSAL:]
    return VerifierError(
        f"program '{program}' of '{handle.name}' was refused: {why}",
        code,
        log,
        program=program,
        summary=failure.summary,
        log=words,
        source=lines.whole(failure.source),
        hint=_left_out_hint(end)
        or verifier_hint(end)
        or _absent.helper_hint(end)
        or _unresolved.verifier_hint(end)
        or failure.hint,
        reason=failure.reason,
        variable=failure.variable,
        notes=[(lines.whole(source), said) for source, said in failure.notes],
    )


def _whole(handle: ObjectHandle, program: str, words: str) -> tuple[int, str]:
    """The errno and the log of a program; where the kernel cut that, with the messages from a second load."""
    from tinybpf.libbpf import _cut_log
    from tinybpf.libbpf.verifier_trace import CUT

    again = _cut_log.messages(handle, program) if _cut_log.is_cut(words) else None
    return (errno.ENOSPC, words) if again is None else (again[0], f"{words}\n{CUT}\n{again[1]}")


def _left_out_hint(words: str) -> str | None:
    """What helps where a program uses a map that was left out; libbpf says it in the verifier's place."""
    if "is referenced but wasn't created" not in words:
        return None
    return "the map was left out (autocreate is False): leave the program out, too, or have it check for it"


def program_log(log: str, room: str) -> tuple[str, str] | None:
    """The program that failed to load, and the verifier's whole log; None where there is no such log.

    It is in ``room``, or in libbpf's own words where libbpf had to find the room.
    """
    failed = list(_FAILED.finditer(log))
    if failed and room:
        return failed[-1]["program"], room
    begins = list(_BEGIN.finditer(log))
    if not begins:
        return None
    last = begins[-1]
    end = log.rfind(_END)
    return last["program"], log[last.end() : end if end >= last.end() else len(log)]


@cache
def _kernel_version() -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


class _Lines:
    """The line information of an object that failed to load."""

    def __init__(self, handle: ObjectHandle) -> None:
        from tinybpf.libbpf.btf_ext import BtfExt, read_sections

        self._handle = handle
        self._sections = read_sections(handle.source)
        self._ext: BtfExt | None = None
        if handle.btf is not None and ".BTF.ext" in self._sections:
            self._ext = BtfExt(self._sections[".BTF.ext"], handle.btf, handle.directory)

    def of_program(self, program: str) -> Callable[[int], SourceLine | None] | None:
        """What finds the source line of an instruction by its number in the log.

        It knows those of the entry function alone: libbpf appends the functions that are called
        in an order of its own. For those see `inside`.
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

    def inside(self, first: SourceLine, instruction: int) -> SourceLine | None:
        """The line of an instruction of a function that is called, by its number in that function.

        The function is known by its first line; before Linux 6.10 the log tells its text alone, and
        the function is known where there is one that begins so.
        """
        if self._ext is None:
            return None
        begins = []
        for section in self._sections:
            for start, _ in self._ext.functions(section):
                found = self._ext.source(section, start)
                if found is not None and _same(found, first):
                    begins.append((section, start))
        if not begins or (not first.line and len(begins) > 1):
            return None
        section, start = begins[0]
        return self._ext.source(section, start + _INSN_SIZE * instruction)

    @overload
    def whole(self, source: SourceLine) -> SourceLine: ...

    @overload
    def whole(self, source: SourceLine | None) -> SourceLine | None: ...

    def whole(self, source: SourceLine | None) -> SourceLine | None:
        """The line with its column and the whole name of its file, which the log leaves out."""
        if source is None or source.column or self._ext is None:
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


def _same(found: SourceLine, logged: SourceLine) -> bool:
    """Whether a line of the object is the one that the log names, without folders, or its text alone."""
    if not logged.line:
        return found.text.strip() == logged.text
    same_file = found.path.rsplit("/", 1)[-1] == logged.path
    return same_file and found.line == logged.line and found.text.strip() == logged.text.strip()
