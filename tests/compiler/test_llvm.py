"""The worker that holds LLVM: whatever becomes of it or of its children, the next compile works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go, llvm, ssa
from tinybpf.compiler.lower import function as lowering
from tinybpf.compiler.lower.module import Module
from tinybpf.compiler.lower.variables import Variables
from tinybpf.errors import BpfError, CompileError, InternalCompilerError

PROGRAM = """package main

import "unsafe"

//export prog{n}
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 { return *(*int32)(ctx) + {n} }
"""

SPIN = """
define i64 @spin() {
entry:
  br label %again
again:
  %n = phi i64 [ 0, %entry ], [ %m, %again ]
  %m = add i64 %n, 1
  store volatile i64 %m, ptr @counter
  br label %again
}
@counter = global i64 0
"""


def program(n: int = 0) -> str:
    return PROGRAM.replace("{n}", str(n))


def worker_pid() -> int:
    llvm.version()
    assert llvm._worker is not None
    return llvm._worker.pid


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def at_work(pid: int) -> list[int]:
    """The worker's children that compute; another one may wait for a request, or to be reaped."""
    return [c for c in children(pid) if exists(c) and ticks(c) > 20]


def ticks(pid: int) -> int:
    """User time, in hundredths of a second."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def exists(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(holds: Callable[[], object], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def spinning() -> Iterator[tuple[int, int, Future[object]]]:
    """A child of the worker that computes for ever: the worker, the child, and what becomes of it."""
    pid = worker_pid()
    with ThreadPoolExecutor(1) as pool:
        result: Future[object] = pool.submit(llvm.run, SPIN, ["spin"], [])
        assert until(lambda: at_work(pid))
        (child,) = at_work(pid)
        yield pid, child, result
        with suppress(ProcessLookupError):  # the test may have ended it
            os.kill(child, signal.SIGKILL)


# --- the processes


def test_killed_child(spinning: tuple[int, int, Future[object]]) -> None:
    pid, child, result = spinning
    os.kill(child, signal.SIGKILL)
    with pytest.raises(llvm.LlvmFailure, match="killed by signal 9"):
        result.result(10)
    assert compile_go(program()).elf
    assert worker_pid() == pid, "the worker itself goes on"


def test_killed_worker(spinning: tuple[int, int, Future[object]]) -> None:
    pid, child, result = spinning
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(llvm.LlvmFailure, match="the LLVM worker was killed by signal 9"):
        result.result(10)
    assert until(lambda: not exists(child)), "the child goes with the worker"
    assert compile_go(program()).elf
    assert worker_pid() != pid


def test_killed_while_it_compiles_is_a_compile_error(monkeypatch: pytest.MonkeyPatch) -> None:
    emit = llvm.emit

    def killed(ir: str, **options: object) -> llvm.Emitted:
        os.kill(worker_pid(), signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (worker_pid(), signal.SIGKILL)).start()
        return emit(ir, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(llvm, "emit", killed)
    with pytest.raises(CompileError, match="the LLVM worker was killed by signal 9"):
        compile_go(program())
    monkeypatch.undo()
    assert compile_go(program()).elf


def test_killed_between_compiles() -> None:
    pid = worker_pid()
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: not exists(pid))
    assert compile_go(program()).elf
    assert worker_pid() != pid


def test_time_limit() -> None:
    began = time.monotonic()
    with pytest.raises(llvm.LlvmFailure, match=r"did not finish within 0\.3 s"):
        llvm.run(SPIN, ["spin"], [], timeout=0.3)
    assert time.monotonic() - began < 5
    assert compile_go(program()).elf


def test_time_limit_of_a_compile() -> None:
    source = program() + "\nvar never = spin()\n\nfunc spin() int {\n\tfor {\n\t}\n}\n"
    with pytest.raises(
        CompileError, match=r"never cannot be computed[^~]*took longer than \S+ s: does it end\?"
    ):
        compile_go(
            source + "\n//export other\n//bpf:section syscall\nfunc other(p *int) int { return never }\n",
            timeout=1,
        )
    assert compile_go(program()).elf


def test_worker_that_does_not_answer() -> None:
    pid = worker_pid()
    os.kill(pid, signal.SIGSTOP)
    llvm_grace, llvm._GRACE = llvm._GRACE, 0.2
    try:
        with pytest.raises(llvm.LlvmFailure, match=r"did not finish within 0\.1 s"):
            llvm.emit("", timeout=0.1)
    finally:
        llvm._GRACE = llvm_grace
    assert until(lambda: not exists(pid))
    assert compile_go(program()).elf


def test_memory_limit() -> None:
    values = "\n".join(f"  %a{n} = add i64 %a{n - 1}, {n}" for n in range(1, 200_000))
    ir = f"define i64 @f(i64 %a0) {{\n{values}\n  ret i64 %a199999\n}}\n"
    with pytest.raises(llvm.LlvmFailure):
        llvm.emit(ir, memory=200 << 20)
    assert compile_go(program()).elf


def test_no_llvmlite_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text("raise ImportError('not for this machine')")
    llvm.stop()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        BpfError, match="import llvmlite in the LLVM worker failed: ImportError: not for this"
    ):
        compile_go(program())
    monkeypatch.undo()
    assert compile_go(program()).elf


# --- the user's process


def test_threads() -> None:
    expected = [compile_go(program(n)).elf for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert [o.elf for o in pool.map(lambda n: compile_go(program(n)), range(8))] == expected


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork(tmp_path: Path) -> None:
    before = compile_go(program()).elf
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            (tmp_path / "child").write_bytes(compile_go(program()).elf)
            status = 0
        finally:
            llvm.stop()
            os._exit(status)
    in_parent = compile_go(program()).elf
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "child").read_bytes() == in_parent == before


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_while_a_thread_compiles(spinning: tuple[int, int, Future[object]]) -> None:
    """The lock that the thread holds is not held in the new process, where there is no such thread."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(20)
            status = 0 if compile_go(program()).elf else 2
        finally:
            llvm.stop()
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    os.kill(spinning[1], signal.SIGKILL)


SCRIPT = """
import os, signal, sys, threading
{first}
from tinybpf.compiler import compile_go, llvm
assert compile_go({source!r}).elf
assert "llvmlite" not in sys.modules
{then}
"""


def script(first: str = "", then: str = "") -> list[str]:
    return [sys.executable, "-c", SCRIPT.format(first=first, then=then, source=program())]


def run(*arguments: str) -> str:
    return subprocess.run(
        script(*arguments), check=True, stdout=subprocess.PIPE, text=True, timeout=60
    ).stdout


def test_the_users_process_never_imports_llvmlite() -> None:
    run()


@pytest.mark.parametrize(
    "first",
    [
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))",
        "os.closerange(0, 1)",
    ],
    ids=["children are ignored", "signals are blocked", "no standard input"],
)
def test_process_with_habits(first: str) -> None:
    run(first)


def test_dead_worker_and_default_sigpipe() -> None:
    run(
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)",
        "os.kill(llvm._worker.pid, signal.SIGKILL)\n"
        "os.waitid(os.P_PID, llvm._worker.pid, os.WEXITED | os.WNOWAIT)\n"  # a signal takes its time
        f"assert compile_go({program()!r}).elf",
    )


@pytest.mark.parametrize("ending", ["sys.exit(0)", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_worker_is_left(ending: str) -> None:
    done = subprocess.run(
        script("", f"print(llvm._worker.pid, flush=True)\n{ending}"), stdout=subprocess.PIPE, timeout=60
    )
    pid = int(done.stdout)
    assert until(lambda: not exists(pid))


def test_interrupt_leaves_no_worker() -> None:
    """Ctrl-C reaches the whole process group of the terminal, in the middle of a compile."""
    then = f"print(llvm._worker.pid, flush=True)\nllvm.run({SPIN!r}, ['spin'], [])"
    process = subprocess.Popen(
        script("", then), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True
    )
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    found: list[int] = []
    assert until(lambda: found.extend(at_work(pid)) or found)  # one that has just ended may be among them
    child = found[-1]
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert until(lambda: not exists(pid) and not exists(child))


def test_interrupt_is_survived() -> None:
    """An answer that nobody waited for is not taken for that of the next compile."""
    then = f"""
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    llvm.run({SPIN!r}, ['spin'], [])
except KeyboardInterrupt:
    assert compile_go({program(7)!r}).programs[0].name == "prog7"
    print("went on")
"""
    assert run("", then) == "went on\n"


@pytest.mark.parametrize(
    ("at", "stage", "hint"),
    [("o", "optimising", "--opt-profile conservative"), ("e", "choosing instructions", "--timeout")],
)
def test_the_stage_that_took_too_long(
    at: str, stage: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker tells of a child that was ended."""

    def late(worker: llvm.Worker, *others: object) -> object:
        worker.owes = True
        return {"status": int(signal.SIGALRM), "log": "", "stage": at}

    monkeypatch.setattr(llvm, "_received", late)
    with pytest.raises(CompileError, match=f"not compiled within 7 s: {stage} took too long") as caught:
        compile_go(program(), timeout=7)
    assert hint in str(caught.value)


def test_a_module_that_takes_llvm_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is ended in the stage that it is in."""
    text_ = Module.text
    sums = "\n".join(
        f"  %a{n} = mul i64 %a{n - 1}, {2 * n + 1}\n  store volatile i64 %a{n}, ptr @big"
        for n in range(1, 100_000)
    )
    function = f"@big = global i64 0\ndefine i64 @much(i64 %a0) {{\n{sums}\n  ret i64 %a99999\n}}\n"
    monkeypatch.setattr(Module, "text", lambda self: text_(self) + function)
    with pytest.raises(CompileError, match=r"not compiled within 0\.5 s: .* took too long") as caught:
        compile_go(program(), timeout=0.5)
    assert "--timeout" in str(caught.value)
    monkeypatch.undo()
    assert compile_go(program()).elf


# --- what LLVM is asked, and what it says


def test_module_that_is_none() -> None:
    with pytest.raises(llvm.LlvmInvalid, match="expected top-level entity"):
        llvm.emit("this is no module")


def test_functions_are_run_in_order() -> None:
    ir = """
@x = global i64 5
define i64 @double() {
  %v = load i64, ptr @x
  %w = mul i64 %v, 2
  store i64 %w, ptr @x
  ret i64 0
}
define i64 @fails() {
  ret i64 1
}
"""
    assert llvm.run(ir, ["double", "double"], [("x", 8)]) == [(20).to_bytes(8, "little")]
    assert llvm.run(ir, ["double", "fails", "double"], [("x", 8)]) == (1, 1)


def test_version() -> None:
    assert int(llvm.version().partition(".")[0]) >= 20


def test_fault_of_the_compiler_shows_the_go_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setitem(lowering.HANDLERS, ssa.BinOp, broken)
    with pytest.raises(InternalCompilerError) as caught:
        compile_go(program())
    (said,) = caught.value.diagnostics
    assert (said.line, said.source) == (7, program().split("\n")[6])
    assert "please report it" in (said.hint or "") and "lost" in said.message
    assert said.kind == "internal"
    assert isinstance(caught.value.__cause__, Exception)


def test_fault_outside_an_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Variables, "license", lambda self: {}["x"])
    with pytest.raises(
        InternalCompilerError, match=r"internal error: KeyError: 'x'\n +hint: this is a fault of tinybpf"
    ):
        compile_go(program())


def test_fault_behind_an_error_does_not_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Variables, "license", lambda self: {}["x"])
    with pytest.raises(CompileError, match="unknown directive //bpf:wrong") as caught:
        compile_go(program().replace("//bpf:section", "//bpf:wrong\n//bpf:section"))
    assert not isinstance(caught.value, InternalCompilerError)


def test_module_that_llvm_does_not_take_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Module, "text", lambda self: "define nonsense")
    with pytest.raises(InternalCompilerError, match="LLVM does not take the module"):
        compile_go(program())


def test_refusal_by_llvm_is_at_its_go_function(monkeypatch: pytest.MonkeyPatch) -> None:
    text_ = Module.text

    def with_division(self: Module) -> str:
        return text_(self).replace("add i32", "sdiv i32")

    monkeypatch.setattr(Module, "text", with_division)
    with pytest.raises(CompileError, match="unsupported signed division") as caught:
        compile_go(program().replace("+ 0", "+ *(*int32)(unsafe.Add(ctx, 4))"), cpu="v3")
    assert caught.value.diagnostics[0].line == 7
