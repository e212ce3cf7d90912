"""What a command line names: an object, or Go to be compiled into one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tinybpf.cli import messages


def is_object(target: str) -> bool:
    """Whether it is the path of an object rather than of Go source."""
    if target.endswith(".o") and os.path.isfile(target):
        return True
    try:
        with open(target, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def object_of(target: str) -> Any:
    """What `tinybpf.open` takes: the path of an object, or the compiled package or ``.go`` file."""
    if target == "":
        raise click.BadParameter("must not be empty", param_hint="TARGET")
    if is_object(target) or (os.path.isfile(target) and not target.endswith(".go")):
        return target
    from tinybpf.compiler import compile_go

    compiled = compile_go(Path(target))
    messages.show_diagnostics(compiled.warnings)
    return compiled


def size_of(source: Any) -> int:
    """Bytes of the object."""
    return os.path.getsize(source) if isinstance(source, str) else len(bytes(source))
