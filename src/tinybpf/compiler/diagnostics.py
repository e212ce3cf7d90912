"""Messages about the source, and how they look."""

from __future__ import annotations

from typing import Literal

import msgspec


class Diagnostic(msgspec.Struct, frozen=True):
    """One message: ``path:line:col: message``, the source line, and what to do where known.

    ``line`` and ``col`` count from 1, the column in bytes as Go does; line 0 is a message about
    the whole file or run. An empty ``path`` has no place at all.
    """

    path: str
    line: int
    col: int
    message: str
    severity: Literal["error", "warning"] = "error"
    hint: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        place = self.path
        if self.line:
            place += f":{self.line}:{self.col}"
        label = "" if self.severity == "error" else f"{self.severity}: "
        return f"{place}: {label}{self.message}" if place else f"{label}{self.message}"

    def render(self, color: bool = False) -> str:
        """The message with its source line and a caret below the column."""
        bold, red, dim, reset = ("\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m") if color else ("",) * 4
        lines = [f"{bold}{self}{reset}"]
        if self.source is not None and self.line:
            before = self.source.encode()[: self.col - 1].decode(errors="replace")
            shown, at = _window(self.source, len(before))
            pad = "".join("\t" if c == "\t" else " " for c in shown[:at])
            lines += [f"    {shown}", f"    {pad}{red}^{reset}"]
        if self.hint:
            lines.append(f"    {dim}hint:{reset} {self.hint}")
        return "\n".join(lines)


WIDTH = 160
"""Characters of a source line that are shown at the most."""


def _window(line: str, at: int) -> tuple[str, int]:
    """What is shown of a source line, and where in it ``at`` is: no control characters, nothing endless."""
    line = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line[: at + WIDTH])
    if len(line) <= WIDTH:
        return line, at
    start = max(0, min(at - WIDTH // 2, len(line) - WIDTH))
    shown = line[start : start + WIDTH]
    if start:
        shown = "…" + shown[1:]
    if start + WIDTH < len(line):
        shown = shown[:-1] + "…"
    return shown, at - start
