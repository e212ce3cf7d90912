"""How one compile is to be done, and the time that it has."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tinybpf.compiler import llvm
from tinybpf.compiler.pipeline import Pipeline, choose


class Options(msgspec.Struct, frozen=True):
    """What the caller wants; ``dump`` is a folder, ``timeout`` the seconds of the whole compile."""

    sections: Mapping[str, str] = {}
    programs: Sequence[str] = ()
    cpu: str = "v3"
    byte_order: str = "little"
    pipeline: Pipeline = choose("default", None)
    dump: Path | None = None
    timeout: float | None = None
    machine: str = "x86_64"


class Clock:
    """The time that a compile has: for all of it where a limit is given, else for each stage."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit if limit is not None else None

    def left(self) -> float:
        """Seconds that the next stage may take; hardly any where the time is up."""
        if self._end is None:
            return llvm.TIMEOUT
        return max(self._end - time.monotonic(), 1e-3)

    def up(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end

    def given(self) -> str:
        """The limit in words."""
        return f"{llvm.TIMEOUT if self.limit is None else self.limit:g} s"
