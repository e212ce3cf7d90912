"""A program given as text on the command line: what every file begins with may be left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tinybpf.errors import CompileError, SourceLine, VerifierError

if TYPE_CHECKING:
    from tinybpf.libbpf.panics import PanicLine

NAME = "-e"
"""What the text is called in messages."""

SOURCE_NAME = "<source>"
"""What the compiler calls it."""

EXAMPLE = """tinybpf run -e '
//bpf:section tracepoint/syscalls/sys_enter_openat
func hello(ctx *ebpf.SysEnter) int32 { ebpf.Printk("hello"); return 0 }'"""

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
_IMPORT = re.compile(r"^\s*(?:import\s*)?(?:\(\s*)?(?:\w+\s+)?\"tinybpf/ebpf\"", re.M)


def complete(text: str) -> tuple[str, int]:
    """The text with ``package`` and the import of ``tinybpf/ebpf`` where it has none and needs them.

    With it goes how many lines stand before the text now. ``ValueError`` where it has no function.
    """
    code = _TOKEN.sub(lambda found: " " if found[0][0] == "/" else '""', text)
    if not code.strip():
        raise ValueError(f"the program is empty; a whole one is\n\n{EXAMPLE}")
    if not re.search(r"\bfunc\b", code):
        raise ValueError(f"there is no function in it; a whole program is\n\n{EXAMPLE}")
    if re.search(r"^\s*package\s", code, re.M):
        return text + "\n", 0
    head = "package main"
    if re.search(r"\bebpf\s*\.", code) and not _IMPORT.search(text):
        head += '; import "tinybpf/ebpf"'
    return f"{head}\n{text}\n", 1


@contextmanager
def positions(source_name: str, shift: int) -> Iterator[None]:
    """Errors about the source ``source_name`` name lines of the text, which starts ``shift`` lines later."""
    try:
        yield
    except CompileError as error:
        from msgspec.structs import replace

        raise type(error)(
            [
                replace(told, path=NAME, line=max(told.line - shift, 0)) if told.path == source_name else told
                for told in error.diagnostics
            ]
        ) from None
    except VerifierError as error:
        raise _moved(error, source_name, shift) from None


def typed_at(line: PanicLine, shift: int) -> PanicLine:
    """A place in the text as it was typed."""
    from dataclasses import replace

    return replace(line, file=NAME, line=line.line - shift) if line.file == SOURCE_NAME else line


def _moved(error: VerifierError, source_name: str, shift: int) -> VerifierError:
    def moved(source: SourceLine) -> SourceLine:
        if not source.path.endswith(source_name):
            return source
        return SourceLine(NAME, max(source.line - shift, 0), source.column, source.text)

    return VerifierError(
        error.message,
        error.errno,
        error.libbpf_log,
        program=error.program,
        summary=error.summary,
        log=error.log,
        source=moved(error.source) if error.source is not None else None,
        hint=error.hint,
        reason=error.reason,
        variable=error.variable,
        notes=[(moved(source), words) for source, words in error.notes],
    )
