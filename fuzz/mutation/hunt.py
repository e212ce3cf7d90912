"""Mutates, runs, and looks at what came out; what reaches new lines of the compiler is mutated further."""

from __future__ import annotations

import random
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import tinybpf.compiler
from tinybpf.errors import BpfError, CompileError, InternalCompilerError

from .targets import Target

HANG = 60
"""Seconds after which a run counts as hanging: more than all stages of a compile may take together."""

_COMPILER = str(Path(tinybpf.compiler.__file__).parent)


@dataclass(frozen=True)
class Failure:
    """``key`` is the same for failures at one place."""

    key: str
    text: str
    detail: str


@dataclass
class Hunt:
    """One target's mutants: what they came to, and those that failed, one for each key."""

    target: Target
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)
    reached: set[tuple[str, int]] = field(default_factory=set)

    def mutants(self) -> Iterator[str]:
        """Mutants without end; ``try_one`` decides which of them are kept to be mutated further."""
        rng = random.Random(self.seed)
        self._pool = list(self.target.seeds())
        while True:
            # The newest half of the time: they are where nothing was before.
            recent = self._pool[-20:] if rng.random() < 0.5 else self._pool
            yield self.target.mutate(rng, rng.choice(recent), self._pool)

    def try_one(self, text: str) -> str:
        """Runs a mutant: ``object``, ``diagnostic`` or ``failure``."""
        before = len(self.reached)
        with covered(self.reached):
            failure = outcome(self.target, text)
        if len(self.reached) > before and len(text) < 40_000:
            self._pool.append(text)
        if isinstance(failure, str):
            self.counts[failure] += 1
            return failure
        self.counts["failure"] += 1
        self.failures.setdefault(failure.key, failure)
        return "failure"


def outcome(target: Target, text: str) -> Failure | str:
    """What a mutant comes to; it must be run in the main thread."""
    try:
        with alarm(HANG):
            target.run(text)
    except InternalCompilerError as problem:
        if target.internal:
            return "diagnostic"
        return Failure(f"internal {_place(problem.__cause__ or problem)}", text, _told(problem))
    except CompileError as problem:
        words = str(problem)
        if "LLVM" in words and not target.internal:
            return Failure(f"LLVM {words.splitlines()[0][-80:]}", text, words)
        if "took more than" in words or "did not finish" in words:
            return Failure("slow", text, words)
        return "diagnostic"
    except BpfError as problem:
        return Failure(f"{type(problem).__name__} {_place(problem)}", text, _told(problem))
    except BaseException as problem:
        if isinstance(problem, KeyboardInterrupt):
            raise
        return Failure(f"{type(problem).__name__} {_place(problem)}", text, _told(problem))
    return "object"


def _told(problem: BaseException) -> str:
    return "".join(traceback.format_exception(problem))


def _place(problem: BaseException) -> str:
    frames = traceback.extract_tb(problem.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else str(problem)[:80]


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """``TimeoutError`` in the block when the time is up."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    old = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


@contextmanager
def covered(lines: set[tuple[str, int]]) -> Iterator[None]:
    """Adds the lines of the compiler that run in the block."""

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        lines.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(_COMPILER) else None

    old = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(old)


def shortened(text: str, fails: Callable[[str], bool]) -> str:
    """The text with as many lines gone as leave the failure."""
    lines = text.split("\n")
    length = max(1, len(lines) // 2)
    while length:
        at = 0
        while at < len(lines):
            rest = lines[:at] + lines[at + length :]
            if fails("\n".join(rest)):
                lines = rest
            else:
                at += length
        length //= 2
    return "\n".join(lines)
