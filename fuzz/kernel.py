"""Programs in the kernel: compiled by tinybpf, run by BPF_PROG_TEST_RUN."""

from __future__ import annotations

import re
import struct
import traceback
from collections import Counter
from collections.abc import Callable, Sequence

import tinybpf
from tinybpf.compiler import CompiledObject, compile_go
from tinybpf.errors import BpfError, CompileError, InternalCompilerError, VerifierError
from tinybpf.libbpf import BpfObject

from . import harness
from .outcome import Outcome, Verdict
from .tree import Program

Compile = Callable[[str, str], CompiledObject]

_CONTEXT = struct.Struct(f"<{harness.INPUTS + harness.WORDS}Q")
_SPECIFIC = re.compile(r"0x[0-9a-f]+|\b[a-z]\w*_\d+\b|\b[A-Z]\w*_\d+\b|-?\d+|\b[a-z]{1,4}\d+\b")
LOG = 3000


def compile_text(text: str, cpu: str) -> CompiledObject:
    return compile_go(text, cpu=cpu)


def category(message: str) -> str:
    """A message without what differs from program to program."""
    return _SPECIFIC.sub("N", message.splitlines()[0] if message else "")[:120]


def refusal(problem: Exception) -> Verdict:
    """What an exception of the compiler or the loader says of a program."""
    if isinstance(problem, InternalCompilerError):
        return Verdict("fault", category(problem.diagnostics[0].message), f"{problem}\n{problem.__cause__!r}")
    if isinstance(problem, CompileError):
        message = problem.diagnostics[0].message
        if "LLVM" in message:
            return Verdict("fault", category(message), str(problem))
        return Verdict("stack" if "bytes of stack" in message else "refused", category(message), str(problem))
    if isinstance(problem, VerifierError):
        last = [line for line in problem.log.splitlines() if line and not line.startswith("processed")]
        why = category(last[-1] if last else problem.summary)
        return Verdict("verifier", why, f"{problem}\n{problem.log[-LOG:]}")
    return Verdict(
        "fault",
        category(f"{type(problem).__name__}: {problem}"),
        "".join(traceback.format_exception(problem)),
    )


def load(
    programs: Sequence[Program], cpu: str, compiler: Compile = compile_text, lines: bool = False
) -> Loaded | Verdict:
    """The programs in one object, loaded; or why not."""
    text = harness.bpf(list(programs), lines)
    try:
        return Loaded(tinybpf.load(compiler(text, cpu)), harness.first_lines(text))
    except (
        BpfError,
        AssertionError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
        AttributeError,
    ) as problem:
        return refusal(problem)


class Loaded:
    """An object with programs, and where each begins in its source."""

    def __init__(self, loaded: BpfObject, first_lines: dict[int, int]) -> None:
        self._object = loaded
        self._first_lines = first_lines
        self._counted: Counter[tuple[int, str]] = Counter()

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *reason: object) -> None:
        self._object.close()

    def run(self, n: int, calls: Sequence[tuple[int, ...]]) -> list[Outcome]:
        """What program ``n`` of the object does in these calls."""
        program, state = self._object.program(f"t_{n}"), self._object.program(f"s_{n}")
        empty = bytes(_CONTEXT.size)
        outcomes = []
        for call in calls:
            words = [v & (1 << 64) - 1 for v in call] + [0] * (harness.INPUTS - len(call) + harness.WORDS)
            panicked = program.test_run(ctx=_CONTEXT.pack(*words)).retval == harness.PANICKED
            seen = _CONTEXT.unpack(state.test_run(ctx=empty).ctx_out)[harness.INPUTS :]
            outcomes.append(Outcome(panicked, seen, self._places(n) if panicked else frozenset()))
        return outcomes

    def _places(self, n: int) -> frozenset[tuple[int, str]]:
        """Where panics were counted since the last call, if they are counted."""
        before, self._counted = self._counted, Counter()
        for place in self._object.panic_lines:
            self._counted[place.line, place.reason] += place.count
        first = self._first_lines[n]
        return frozenset((line - first, reason) for line, reason in self._counted - before)
