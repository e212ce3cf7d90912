"""How messages look on the terminal, and as data for other programs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from tinybpf.errors import BpfError, CompileError, InternalCompilerError, VerifierError

if TYPE_CHECKING:
    from tinybpf.compiler.diagnostics import Diagnostic

DEBUG = "TINYBPF_DEBUG=1 shows where in tinybpf it happened."
REPORT = (
    "This is a fault of tinybpf, not of your program. Please report it with the source that causes it;\n"
    f"{DEBUG}"
)


def wants_color(stream: TextIO) -> bool:
    """Whether to write in colour: to a terminal, unless ``NO_COLOR`` is set or ``TERM`` is ``dumb``.

    ``FORCE_COLOR`` asks for colour where there is no terminal, such as in the log of a CI.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Write a line to standard error."""
    click.echo(text, err=True, color=wants_color(sys.stderr))


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Write messages to standard error, and how many there were."""
    if not diagnostics:
        return
    from tinybpf.compiler.diagnostics import summary

    color, columns = wants_color(sys.stderr), _columns(sys.stderr)
    for diagnostic in diagnostics:
        say(diagnostic.render(color, columns))
    counted = summary(diagnostics)
    if counted:
        say(counted)


def _columns(stream: TextIO) -> int:
    """The width of a terminal; 0 for what is none, where a message is one line for other tools."""
    return shutil.get_terminal_size().columns if stream.isatty() else 0


def show_failure(error: Exception) -> None:
    """Say on standard error what ended the command."""
    if isinstance(error, CompileError):
        show_diagnostics(error.diagnostics)
        if isinstance(error, InternalCompilerError):
            say(DEBUG)
        return
    if isinstance(error, VerifierError):
        say(error.render(wants_color(sys.stderr), _columns(sys.stderr)))
        return
    say(f"tinybpf: {words(error)}")
    if not isinstance(error, (BpfError, OSError)):
        say(REPORT)


def words(error: Exception) -> str:
    """What ended the command, in words."""
    if isinstance(error, BpfError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or error}"
    return f"internal error: {type(error).__name__}: {error}"


def as_data(error: Exception) -> list[dict[str, Any]]:
    """What ended the command as the list of messages that ``--json`` writes."""
    if isinstance(error, CompileError):
        return [d.data() for d in error.diagnostics]
    if isinstance(error, VerifierError):
        return [error.data()]
    from tinybpf.compiler.diagnostics import Diagnostic, fault

    if isinstance(error, (BpfError, OSError, click.ClickException)):
        shown = error.format_message() if isinstance(error, click.ClickException) else words(error)
        return [Diagnostic("", 0, 0, shown, kind="project").data()]
    return [fault(Diagnostic("", 0, 0, f"{type(error).__name__}: {error}")).data()]


def write_json(data: object, indent: int | None = 2) -> None:
    """One document on standard output, in ASCII as all JSON of ours; in one line without ``indent``."""
    import json

    separators = None if indent else (",", ":")
    click.echo(json.dumps(data, indent=indent, separators=separators))
