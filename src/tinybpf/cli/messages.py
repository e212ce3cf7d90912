"""How messages look on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

import click

from tinybpf.errors import BpfError, CompileError, InternalCompilerError

if TYPE_CHECKING:
    from tinybpf.compiler.diagnostics import Diagnostic

REPORT = (
    "This is a fault of tinybpf, not of your program. Please report it with the source that causes it;\n"
    "TINYBPF_DEBUG=1 shows where in tinybpf it happened."
)


def wants_color(stream: TextIO) -> bool:
    """Whether to write in colour: to a terminal, unless ``NO_COLOR`` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Write a line to standard error."""
    click.echo(text, err=True, color=wants_color(sys.stderr))


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    color = wants_color(sys.stderr)
    for diagnostic in diagnostics:
        say(diagnostic.render(color))


def show_failure(error: Exception) -> None:
    """Say on standard error what ended the command."""
    if isinstance(error, CompileError):
        show_diagnostics(error.diagnostics)
        if isinstance(error, InternalCompilerError):
            say(REPORT)
        return
    if isinstance(error, BpfError):
        say(f"tinybpf: {error}")
        return
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        say(f"tinybpf: {where}{error.strerror or error}")
        return
    say(f"tinybpf: internal error: {type(error).__name__}: {error}")
    say(REPORT)
