"""The only door to LLVM: a worker process that turns LLVM IR into an object.

The worker is started once for a process, imports llvmlite there and forks for each compile; the
process that uses tinybpf never imports llvmlite, and whatever LLVM does to its process, this
one goes on.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

from tinybpf.compiler.worker import Worker, describe, quietly, spawn
from tinybpf.errors import BpfError

TYPE_CHECKING = False  # until the worker is started nothing is imported that takes a millisecond
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from tinybpf.compiler.elf import Elf
    from tinybpf.compiler.pipeline import Step

MEMORY = 8 << 30
"""Address space that one compile may take, in bytes."""

TIMEOUT = 60.0
"""Seconds that one compile may take."""

_GRACE = 10.0

STEPS: Sequence[Step] = (("default", "default<Os>", 2, True, True, ""),)
"""How a module is optimised where nothing else is said."""


class LlvmFailure(Exception):
    """LLVM ended the process that compiled: ``log`` is what it said last, ``reason`` how it ended.

    ``late`` where it was ended because its time was up; ``stage`` says what it was at.
    """

    def __init__(self, reason: str, log: str, stage: str = "", late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log
        self.stage = stage
        self.late = late


class LlvmInvalid(Exception):
    """LLVM does not take the module that it was given: a fault of the compiler."""


class Emitted:
    """An object, the module after each step where it was asked for, and seconds by stage."""

    def __init__(self, elf: Elf, dumps: Sequence[tuple[str, str]], times: dict[str, float]) -> None:
        self.elf = elf
        self.dumps = dumps
        self.times = times


_lock = allocate_lock()
_worker: Worker | None = None


ELSEWHERE = "TINYBPF_COMPILER"
"""Set where another process compiles for this one: see ``remote``."""


def start() -> None:
    """Start the worker if none is running, unless another process compiles; does not wait for it."""
    if os.environ.get(ELSEWHERE):
        return
    with _lock:
        _running()


def _running() -> Worker:
    global _worker
    if _worker is not None and _worker.ended():
        _worker.end()
        _worker = None
    if _worker is None:
        _worker = spawn()
    return _worker


def _forget() -> None:
    """After a fork: the worker is the parent's, and so is what another thread held."""
    global _lock, _worker
    _lock = allocate_lock()
    if _worker is not None:
        _worker.close()
        _worker = None


os.register_at_fork(after_in_child=_forget)


class Ahead:
    """The first half of a module, which LLVM optimises while the second is made.

    It has the worker for itself until it is finished or given up.
    """

    def __init__(
        self,
        ir: str,
        *,
        triple: str = "bpfel",
        cpu: str = "v3",
        steps: Sequence[Step] = STEPS,
        timeout: float = TIMEOUT,
        memory: int = MEMORY,
    ) -> None:
        """As ``emit``."""
        request = {
            "ir": ir, "triple": triple, "cpu": cpu, "steps": list(steps),
            "seconds": timeout, "memory": memory, "ahead": True,
        }  # fmt: skip
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout + _GRACE
        self._open = False
        _lock.acquire()
        try:
            with _Exchange(timeout):
                self._worker = _send(request, self._deadline)
            self._open = True
        finally:
            if not self._open:
                _lock.release()

    def finish(self, second: str, late: str, meanwhile: Callable[[], None] | None) -> Emitted | None:
        """The object of both halves; None where LLVM refuses them: what it has to say, it says of the whole.

        ``late`` and ``meanwhile`` as of ``emit``.
        """
        from tinybpf.compiler.btf_join import Unjoinable
        from tinybpf.compiler.elf import read
        from tinybpf.compiler.join import join

        try:
            answer = self.second(second, late, meanwhile)
            return Emitted(join(read(answer["first"]), read(answer["object"])), [], answer["times"])
        except (LlvmInvalid, Unjoinable):
            return None
        except LlvmFailure as failure:
            if failure.late:
                raise
            return None

    def second(self, ir: str, late: str, meanwhile: Callable[[], None] | None) -> Any:
        """The answer to both halves."""
        self._open = False
        try:
            with _Exchange(self._timeout):
                self._worker.send({"ir": ir, "late": late})
                answer = _received(self._worker, self._deadline, meanwhile)
        finally:
            _lock.release()
        return _checked(answer, self._timeout)

    def give_up(self) -> None:
        """What LLVM makes of the half is not wanted; of no effect where it is finished."""
        if self._open:
            self._open = False
            self._worker.owes = True
            try:
                quietly(self._worker.send, {"ir": None})
            finally:
                _lock.release()


def emit(
    ir: str,
    *,
    triple: str = "bpfel",
    cpu: str = "v3",
    steps: Sequence[Step] = STEPS,
    late: str = "",
    dump: bool = False,
    dump_steps: bool = False,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    meanwhile: Callable[[], None] | None = None,
) -> Emitted:
    """Verify, optimise and emit one module; ``late`` has functions that are inlined after that.

    ``steps`` are those of a ``Pipeline``. ``dump`` asks for the module as text when it is optimised, and
    as assembly, ``dump_steps`` for the text after each step, too. ``meanwhile`` is called while LLVM
    works; what it raises ends the wait.

    ``LlvmFailure`` where LLVM ended its process, ``LlvmInvalid`` where the module is none,
    ``BpfError`` where there is no LLVM to talk to.
    """
    request = {
        "ir": ir, "triple": triple, "cpu": cpu, "steps": list(steps), "late": late,
        "dump": dump, "dump_steps": dump and dump_steps, "seconds": timeout, "memory": memory,
    }  # fmt: skip
    try:
        answer = _answer(request, timeout, meanwhile)
    except LlvmFailure as failure:
        from tinybpf.compiler import wide

        if _REGISTERS in failure.log and cpu in ("v3", "v4"):
            return _without_halves(request, timeout, failure)
        if wide.SIGN not in failure.log:
            raise
        optimised = _answer({**request, "text": True, "emit": False}, timeout)
        answer = _answer({**request, "ir": wide.expand(optimised["text"]), "steps": [], "late": ""}, timeout)
        answer["dumps"] = [*optimised["dumps"], *answer["dumps"]]
    return _emitted(answer)


def _emitted(answer: dict[str, Any]) -> Emitted:
    from tinybpf.compiler.elf import read

    return Emitted(read(answer["object"]), answer["dumps"], answer["times"])


_REGISTERS = "Register use before def"
"""LLVM 22 stops with these words now and then, where it does without a zero extension of half a register."""


def _without_halves(request: dict[str, Any], timeout: float, failure: LlvmFailure) -> Emitted:
    """The module for v2, which v3 and v4 have in them: its code uses no halves of registers."""
    try:
        answer = _answer({**request, "cpu": "v2"}, timeout)
    except LlvmFailure:
        raise failure from None
    return _emitted(answer)


def run(
    ir: str,
    functions: Sequence[str],
    variables: Sequence[tuple[str, int]],
    *,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
) -> list[bytes] | tuple[int, int]:
    """Compile a module for this machine, call functions (``i64 ()``) in order, read variables.

    ``variables`` are names and sizes; their bytes are the result. Where a function does not
    return 0, the result is its place in ``functions`` and what it returned. Errors as of ``emit``.
    """
    request = {
        "ir": ir,
        "functions": list(functions),
        "variables": list(variables),
        "seconds": timeout,
        "memory": memory,
    }
    answer = _answer(request, timeout)
    if "stopped" in answer:
        place, status = answer["stopped"]
        return place, status
    data: list[bytes] = answer["data"]
    return data


class _Exchange:
    """Around talking to the worker: one that was interrupted is ended, and what ended it is told."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        global _worker
        lost = isinstance(problem, (EOFError, BrokenPipeError, TimeoutError))
        if problem is None or _worker is None or (_worker.owes and not lost):
            return
        # An interrupted exchange leaves an answer behind that the next request would take for its own.
        worker, _worker = _worker, None
        how = worker.end()
        if isinstance(problem, TimeoutError):
            late = f"LLVM did not finish within {self._timeout:g} s"
            raise LlvmFailure(late, "", "waiting for LLVM", True) from None
        if lost:
            raise LlvmFailure(f"the LLVM worker was {how}", "") from None


def _answer(request: dict[str, Any], timeout: float, meanwhile: Callable[[], None] | None = None) -> Any:
    deadline = time.monotonic() + timeout + _GRACE
    with _lock, _Exchange(timeout):
        answer = _received(_send(request, deadline), deadline, meanwhile)
    return _checked(answer, timeout)


def _send(request: dict[str, Any] | None, deadline: float) -> Worker:
    """The worker, which was given a request; where there is none, it is only greeted."""
    worker = _running()
    if worker.hello is None:
        worker.hello = worker.receive(deadline)
        if "failed" in worker.hello:
            raise BpfError(f"import llvmlite in the LLVM worker failed: {worker.hello['failed']}")
    if worker.owes:
        worker.owes = False
        _taken(worker, deadline)
        if worker is not _worker:
            return _send(request, deadline)
    if request is not None:
        worker.send(request)
    return worker


def _received(worker: Worker, deadline: float, meanwhile: Callable[[], None] | None) -> Any:
    if meanwhile is not None:
        worker.owes = True
        meanwhile()
        worker.owes = False
    return _taken(worker, deadline)


def _taken(worker: Worker, deadline: float) -> Any:
    """An answer. Where LLVM's process may have ended before it had read its whole request, the worker is
    ended, too: what is left would be taken for the next request."""
    global _worker
    answer = worker.receive(deadline)
    if "status" in answer and answer["stage"] in _MAY_BE_UNREAD:
        _worker = None
        worker.end()
    return answer


def _checked(answer: Any, timeout: float) -> Any:
    if "invalid" in answer:
        raise LlvmInvalid(answer["invalid"])
    if "status" in answer:
        raise _failure(answer, timeout)
    return answer


OPTIMISING = "optimising"
_STAGES = {"p": "reading the module", "o": OPTIMISING, "e": "choosing instructions"}
_MAY_BE_UNREAD = ("", "h")


def _failure(answer: dict[str, Any], timeout: float) -> LlvmFailure:
    from signal import SIGALRM

    status, log, stage = answer["status"], answer["log"], _STAGES.get(answer["stage"], "")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == SIGALRM:
        return LlvmFailure(f"LLVM did not finish within {timeout:g} s", log, stage, True)
    return LlvmFailure(f"LLVM's process was {describe(status)}", log, stage)


def version() -> str:
    """LLVM's version, such as ``22.1.0``; starts the worker where none is running."""
    with _lock, _Exchange(TIMEOUT):
        hello = _send(None, time.monotonic() + TIMEOUT).hello
    assert hello is not None
    return str(hello["llvm"])


def stop() -> None:
    """End the worker, if one is running; the next compile starts another."""
    global _worker
    with _lock:
        worker, _worker = _worker, None
    if worker is not None:
        worker.end()
