"""Programs of the typed dialect, compiled, loaded and run."""

from __future__ import annotations

from tests.compiler.typed.conftest import load

__all__ = ["load"]
