"""What can go wrong, as exceptions.

::

    BpfError                    root: a message, ``errno`` (0 without one), ``libbpf_log``
    ├── CompileError            the Go source is refused: ``diagnostics``
    │   └── InternalCompilerError   tinybpf's own fault, with the place it was working on
    ├── VerifierError           the kernel refused a program: ``reason source variable hint summary log``
    ├── ObjectError             bytes that are no BPF object a loader could trust
    ├── BtfValidationError      a Python type that does not fit the object's type information
    ├── MissingError            (KeyError) a name that the object does not have
    ├── NotFoundError           (FileNotFoundError) no such file, pin or device
    └── UnsupportedError        the kernel, or the libbpf in use, lacks what was asked

Wrong arguments are ``TypeError`` and ``ValueError``.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would take longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tinybpf.compiler.diagnostics import Diagnostic


class BpfError(Exception):
    """The root of all that tinybpf raises.

    ``errno`` is the kernel's error number, 0 where there is none; ``libbpf_log`` is what libbpf
    said while the operation ran, or None.
    """

    def __init__(self, message: str, errno: int = 0, libbpf_log: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errno = errno
        self.libbpf_log = libbpf_log

    def __str__(self) -> str:
        return self.message


class CompileError(BpfError):
    """The Go source is refused; ``diagnostics`` has every message of the run."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


class InternalCompilerError(CompileError):
    """A fault of the compiler, not of the source; the message asks to report it."""


class SourceLine:
    """A line of the program's source, as the object's line information has it.

    ``line`` and ``column`` count from 1, column 0 is unknown; ``text`` is the line itself.
    """

    __slots__ = ("column", "line", "path", "text")

    def __init__(self, path: str, line: int, column: int, text: str) -> None:
        self.path = path
        self.line = line
        self.column = column
        self.text = text

    def _key(self) -> tuple[str, int, int, str]:
        return self.path, self.line, self.column, self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceLine) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"SourceLine({self.path!r}, {self.line}, {self.column}, {self.text!r})"

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" + (f":{self.column}" if self.column else "")
        return f"{place}: {self.text.strip()}"


class VerifierError(BpfError):
    """The kernel's verifier refused a program.

    ``program`` is its name, ``reason`` why, in plain words (None where the verifier's are not known),
    ``summary`` the verifier's own words in one line, ``log`` its whole log, ``source`` the line that the
    reason is about (None without line information), ``variable`` the one that it is about, as the source
    has it (None where it is not known), ``notes`` other lines that matter, each with what it does there,
    ``hint`` what cures it, where that is known. ``str()`` is all but the log, as `render` has it.
    """

    def __init__(
        self,
        message: str,
        errno: int = 0,
        libbpf_log: str | None = None,
        *,
        program: str = "",
        summary: str = "",
        log: str = "",
        source: SourceLine | None = None,
        hint: str | None = None,
        reason: str | None = None,
        variable: str | None = None,
        notes: Sequence[tuple[SourceLine, str]] = (),
    ) -> None:
        super().__init__(message, errno, libbpf_log)
        self.program = program
        self.summary = summary
        self.log = log
        self.source = source
        self.hint = hint
        self.reason = reason
        self.variable = variable
        self.notes = tuple(notes)

    def __str__(self) -> str:
        return self.render()

    @property
    def diagnostic(self) -> Diagnostic:
        """The refusal as a message about the source, like the compiler's; the notes are more lines of it."""
        from tinybpf.compiler.diagnostics import Diagnostic

        message = "\n\t".join([self.message, *(f"{_place(at)}: {words}" for at, words in self.notes)])
        at = self.source
        if at is None:
            return Diagnostic("", 0, 0, message, hint=self.hint, kind="verifier")
        return Diagnostic(
            at.path, at.line, at.column or _indent(at), message, "error", self.hint, at.text, "verifier"
        )

    def render(self, color: bool = False, columns: int = 0) -> str:
        """The message with its source line and a caret, the notes, the hint, and the verifier's words.

        ``columns`` is the width of a terminal, 0 for what is none.
        """
        shown = self.diagnostic.render(color, columns)
        if not self.reason:
            return shown
        dim, reset = ("\x1b[2m", "\x1b[0m") if color else ("", "")
        return f"{shown}\n    {dim}verifier:{reset} {self.summary}"

    def data(self) -> dict[str, Any]:
        """All but the log as plain data, as ``--json`` writes it."""
        return {
            **self.diagnostic.data(),
            "program": self.program,
            "reason": self.reason,
            "variable": self.variable,
            "verifier": self.summary,
        }


def _indent(source: SourceLine) -> int:
    """The column of the first character of a line that is no space."""
    return len(source.text) - len(source.text.lstrip()) + 1


def _place(source: SourceLine) -> str:
    return f"{source.path}:{source.line}:{source.column or _indent(source)}"


class ObjectError(BpfError):
    """Not a BPF object, or one that contradicts itself; says what, where, and why."""


class BtfValidationError(BpfError):
    """A Python type does not fit the BTF type; ``suggestions`` says how it would."""

    def __init__(self, message: str, suggestions: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.suggestions = list(suggestions or ())


class MissingError(BpfError, KeyError):
    """No program, map, variable or type of that name; the message lists those that exist."""


class NotFoundError(BpfError, FileNotFoundError):  # type: ignore[misc]  # errno, in both
    """No such file, pin, cgroup or network interface."""


class UnsupportedError(BpfError):
    """The running kernel, or the libbpf in use, lacks what was asked; names the version."""
