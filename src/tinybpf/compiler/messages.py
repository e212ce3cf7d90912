"""What a compile has to say: messages with their source lines, in the order of the source."""

from __future__ import annotations

from typing import Literal

from tinybpf.compiler import ssa
from tinybpf.compiler.diagnostics import Diagnostic, Kind

Severity = Literal["error", "warning"]


class Messages:
    """Gathers diagnostics; ``where`` is shown for those that have no place in a file."""

    def __init__(self, where: str) -> None:
        self.errors = 0
        self._where = where
        self._files: list[tuple[str, list[str]]] = []
        self._said: list[tuple[ssa.Pos, Diagnostic]] = []

    def read(self, doc: ssa.Document) -> None:
        """Take over the front end's document: its files' lines, and its diagnostics."""
        self._files = [(f.path, _lines(f.text)) for f in doc.files]
        for d in doc.diagnostics:
            severity: Severity = "warning" if d.kind == "warning" else "error"
            self._add(d.pos, self.place(d.pos, d.message, None, severity, "go"))

    def report(self, pos: ssa.Pos, message: str, hint: str | None) -> None:
        """An error."""
        self._add(pos, self.place(pos, message, hint))

    def warn(self, pos: ssa.Pos, message: str, hint: str | None) -> None:
        """A warning."""
        self._add(pos, self.place(pos, message, hint, "warning"))

    def _add(self, pos: ssa.Pos, diagnostic: Diagnostic) -> None:
        self.errors += diagnostic.severity == "error"
        self._said.append((pos, diagnostic))

    def place(
        self,
        pos: ssa.Pos,
        message: str,
        hint: str | None = None,
        severity: Severity = "error",
        kind: Kind = "bpf",
    ) -> Diagnostic:
        """A diagnostic with the source line that it is about."""
        if pos.line <= 0 or not 0 <= pos.file < len(self._files):
            return Diagnostic(self._where, 0, 0, message, severity, hint, None, kind)
        path, lines = self._files[pos.file]
        source = lines[pos.line - 1] if pos.line <= len(lines) else None
        return Diagnostic(path, pos.line, pos.col, message, severity, hint, source, kind)

    def all(self) -> list[Diagnostic]:
        """All messages, in the order of the source; a cause met again in the same line is said once."""
        found: list[Diagnostic] = []
        line: list[Diagnostic] = []
        for _, d in sorted(self._said, key=lambda m: (m[0].file, m[0].line, m[0].col)):
            if not line or (line[0].path, line[0].line) != (d.path, d.line):
                line = []
            if not any(_same_cause(d, before) for before in line):
                line.append(d)
                found.append(d)
        return found


def _same_cause(a: Diagnostic, b: Diagnostic) -> bool:
    """Whether two messages about a line give one reason, perhaps for different parts of it."""
    if a.kind == b.kind == "bpf":
        return a.message.rpartition(": ")[2] == b.message.rpartition(": ")[2] and a.severity == b.severity
    return a.message == b.message


def _lines(text: str) -> list[str]:
    """As Go counts them: form feeds and Unicode's separators end no line."""
    return [line.removesuffix("\r") for line in text.split("\n")]
