"""Go source to a BPF object.

``compile_go`` is the whole of it; what it gives is a ``CompiledObject``, what it says are
``Diagnostic`` objects in a ``CompileError``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tinybpf.compiler.api import compile_go
    from tinybpf.compiler.diagnostics import Diagnostic
    from tinybpf.compiler.facts import CompiledField, CompiledFunction, CompiledType, CompiledVariable
    from tinybpf.compiler.object import CompiledMap, CompiledObject, CompiledProgram

_HOMES = {
    "CompiledField": "facts",
    "CompiledFunction": "facts",
    "CompiledMap": "object",
    "CompiledObject": "object",
    "CompiledProgram": "object",
    "CompiledType": "facts",
    "CompiledVariable": "facts",
    "Diagnostic": "diagnostics",
    "compile_go": "api",
}

__all__ = [
    "CompiledField",
    "CompiledFunction",
    "CompiledMap",
    "CompiledObject",
    "CompiledProgram",
    "CompiledType",
    "CompiledVariable",
    "Diagnostic",
    "compile_go",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
