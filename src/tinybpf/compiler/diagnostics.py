"""Messages about the source, and how they look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

Kind = Literal["go", "bpf", "verifier", "project", "internal"]
"""Who says so: Go's own rules, those of BPF, the kernel's verifier, the project's files and the machine,
or tinybpf about a fault of its own."""

TAB = 8
"""Columns from one tab stop of a terminal to the next."""
WIDTH = 160
"""Columns of a source line that are shown at the most."""
INDENT = "    "


class Diagnostic(msgspec.Struct, frozen=True):
    """One message: ``path:line:col: message``, the source line, and what to do where known.

    ``line`` and ``col`` count from 1, the column in bytes as Go does; line 0 is a message about
    the whole file or run. An empty ``path`` has no place at all. Further lines of ``message`` tell of
    other places (``other declaration of x``).
    """

    path: str
    line: int
    col: int
    message: str
    severity: Literal["error", "warning"] = "error"
    hint: str | None = None
    source: str | None = None
    kind: Kind = "bpf"

    def __str__(self) -> str:
        place = self.path
        if self.line:
            place += f":{self.line}:{self.col}"
        label = "" if self.severity == "error" else f"{self.severity}: "
        return f"{place}: {label}{self.message}" if place else f"{label}{self.message}"

    @property
    def end_col(self) -> int:
        """The column behind the word, number, operator or directive that stands at ``col``; 0 without one."""
        if self.source is None or not self.line or not self.col:
            return 0
        rest = self.source.encode()[self.col - 1 :].decode(errors="replace")
        token = _TOKEN.match(rest)
        return self.col + len(token[0].encode()) if token else self.col

    def render(self, color: bool = False, columns: int = 0) -> str:
        """The message with its source line and a caret below the column.

        ``columns`` is the width of a terminal, for which lines are broken between words; 0 leaves
        each as it is.
        """
        bold, red, dim, reset = ("\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m") if color else ("",) * 4
        lines = [f"{bold}{_folded(str(self), columns)}{reset}"]
        if self.source is not None and self.line:
            before = self.source.encode()[: self.col - 1].decode(errors="replace")
            width = min(WIDTH, max(columns - len(INDENT), 20)) if columns else WIDTH
            shown, at = _window(self.source, len(before), width)
            lines += [f"{INDENT}{shown}", f"{INDENT}{_blank(shown[:at])}{red}^{reset}"]
        if self.hint:
            hint = _folded(f"{INDENT}hint: {self.hint}", columns)
            lines.append(hint.replace("hint:", f"{dim}hint:{reset}", 1))
        return "\n".join(lines)

    def data(self) -> dict[str, Any]:
        """The message for another program, as JSON has it."""
        message, *more = self.message.split("\n\t")
        related = [_RELATED.fullmatch(line) for line in more]
        return {
            "path": self.path,
            "line": self.line,
            "col": self.col,
            "end_line": self.line,
            "end_col": self.end_col,
            "severity": self.severity,
            "kind": self.kind,
            "message": message,
            "hint": self.hint,
            "source": self.source,
            "related": [
                {"path": m["path"], "line": int(m["line"]), "col": int(m["col"]), "message": m["message"]}
                for m in related
                if m
            ],
        }


_RELATED = re.compile(r"(?P<path>.*?):(?P<line>\d+):(?P<col>\d+): (?P<message>.*)", re.S)
_TOKEN = re.compile(
    r"//.*|\w+(?:\.\d\w*)?|\"(?:\\.|[^\"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*'"
    r"|<<=|>>=|&\^=|\.\.\.|&&|\|\||<-|\+\+|--|==|!=|<=|>=|:=|[-+*/%&|^]=|<<|>>|&\^|\S"
)


def summary(diagnostics: Sequence[Diagnostic]) -> str | None:
    """How many messages there were, where there were several: ``3 errors, 1 warning``."""
    if len(diagnostics) < 2:
        return None
    parts = []
    for severity in ("error", "warning"):
        count = sum(d.severity == severity for d in diagnostics)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts)


def fault(at: Diagnostic) -> Diagnostic:
    """A fault of tinybpf's own, found while it worked on the place of ``at``."""
    import platform

    from tinybpf._version import __version__

    hint = (
        "this is a fault of tinybpf, not of your program: please report it with the source that causes it "
        f"(tinybpf {__version__}, Python {platform.python_version()}, {platform.machine()})"
    )
    return Diagnostic(
        at.path, at.line, at.col, f"internal error: {at.message}", "error", hint, at.source, "internal"
    )


def _folded(text: str, columns: int) -> str:
    """``text`` with its lines broken between words to fit, what follows indented further."""
    if not columns:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, columns))


def _broken(line: str, columns: int) -> Iterator[str]:
    indent = line[: len(line) - len(line.lstrip())] + "  "
    while _columns(line) > columns:
        cut = columns
        while _columns(line[:cut]) > columns:
            cut -= 1
        space = line.rfind(" ", len(indent) + 1, cut + 1)
        if space < 0:  # a word that is longer than the line
            space = line.find(" ", len(indent) + 1)
        if space < 0:
            break
        yield line[:space]
        line = indent + line[space + 1 :]
    yield line


def _columns(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii() and "\t" not in text:
        return len(text)
    at = 0
    for c in text:
        at += TAB - at % TAB if c == "\t" else _width(c)
    return at


def _width(c: str) -> int:
    if c.isascii():
        return 1
    import unicodedata  # large, and few lines need it

    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _blank(text: str) -> str:
    """As wide as ``text``, and nothing to be seen: a tab goes as far as the same tab in the line above."""
    return "".join("\t" if c == "\t" else " " * _width(c) for c in text)


def _window(line: str, at: int, width: int) -> tuple[str, int]:
    """What is shown of a source line, and where in it ``at`` is: no control characters, nothing endless."""
    line = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line[: at + width])
    if _columns(line) <= width:
        return line, at
    start = max(0, min(at - width // 2, len(line) - width))
    shown = line[start : start + width]
    while _columns(shown) > width:  # tabs and wide characters
        if at - start > len(shown) // 2:
            start, shown = start + 1, shown[1:]
        else:
            shown = shown[:-1]
    cut = start + len(shown) < len(line)
    if start:
        shown = "…" + shown[1:]
    if cut:
        shown = shown[:-1] + "…"
    return shown, at - start
