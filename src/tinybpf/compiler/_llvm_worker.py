"""The worker process that holds llvmlite: LLVM IR in, an object or a diagnosis out.

LLVM ends the process it runs in where it refuses something, so each request is carried out in a
child that is forked from here, with limits of its own; what becomes of it is the answer. This
file is run by its path with the directories to import from as arguments, and imports nothing of
tinybpf: starting must be quick. Messages are ``marshal`` data with their length before them.
"""

from __future__ import annotations

import sys

sys.path[:] = sys.argv[1:]

import itertools  # noqa: E402
import marshal  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

PR_SET_PDEATHSIG = 1


def read_exactly(fd: int, size: int) -> bytes:
    """``size`` bytes, or fewer where the other side has closed."""
    parts = []
    while size:
        part = os.read(fd, min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive(fd: int) -> Any:
    """One message; None at the end."""
    head = read_exactly(fd, 8)
    if len(head) < 8:
        return None
    body = read_exactly(fd, int.from_bytes(head, "little"))
    return marshal.loads(body)


def send(fd: int, message: Any) -> None:
    body = marshal.dumps(message)
    data = memoryview(len(body).to_bytes(8, "little") + body)
    while data:
        data = data[os.write(fd, data) :]


def compile_module(llvm: Any, request: dict[str, Any]) -> dict[str, Any]:
    """In the child: the object and the time that each stage took."""
    times: dict[str, float] = {}
    began = time.perf_counter()

    def stage(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        times[name] = now - began
        began = now

    target = llvm.Target.from_triple(request["triple"])
    machine = target.create_target_machine(cpu=request["cpu"], opt=request["level"], codemodel="small")
    try:
        module = llvm.parse_assembly(request["ir"])
        module.verify()
    except RuntimeError as problem:
        return {"invalid": str(problem)}
    stage("parse")
    options = llvm.create_pipeline_tuning_options(speed_level=request["level"])
    options.loop_vectorization = False
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    if request.get("optimise", True):
        builder.getModulePassManager().run(module, builder)
    module = with_results(llvm, module)
    stage("optimise")
    answer: dict[str, Any] = {"times": times}
    if request["dump"]:
        answer["optimised"] = str(module)
    if request.get("emit", True):
        answer["object"] = machine.emit_object(module)
        stage("emit")
    return answer


def with_results(llvm: Any, module: Any) -> Any:
    """The module with a result for every function.

    The verifier looks at the result of each subprogram and refuses the address of a variable there. That
    is what may be left in the register where LLVM found that there is no result, or that nobody wants it.
    """
    own = [f for f in module.functions if not f.is_declaration and f.linkage == llvm.Linkage.internal]
    if not own:
        return module
    void = {f.name for f in own if str(f.global_value_type).startswith("void ")}
    text = re.sub(r"^  ret (i\d+) (?:poison|undef)", r"  ret \1 0", str(module), flags=re.M)
    if void:
        names = "|".join(map(re.escape, void))
        body = rf"^(define [^@\n]*)void (@(?:{names})\(.*?^}}$)"
        text = re.sub(
            body, lambda m: f"{m[1]}i64 {m[2].replace('  ret void', '  ret i64 0')}", text, flags=re.M | re.S
        )
        number = itertools.count()
        call = rf"^(  )((?:tail |notail )?call [^@\n]*)void (@(?:{names})\()"
        text = re.sub(call, lambda m: f"  %no.result.{next(number)} = {m[2]}i64 {m[3]}", text, flags=re.M)
    return llvm.parse_assembly(text)


def run_functions(llvm: Any, request: dict[str, Any]) -> dict[str, Any]:
    """In the child: compile for this machine, call the functions in order, read the variables.

    The first function that does not return 0 ends it; ``stopped`` is its place in the list.
    """
    import ctypes

    machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
    try:
        module = llvm.parse_assembly(request["ir"])
        module.verify()
    except RuntimeError as problem:
        return {"invalid": str(problem)}
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    for place, name in enumerate(request["functions"]):
        function = ctypes.CFUNCTYPE(ctypes.c_int64)(engine.get_function_address(name))
        if function():
            return {"stopped": place}
    return {
        "data": [
            ctypes.string_at(engine.get_global_value_address(n), size) for n, size in request["variables"]
        ]
    }


def in_child(llvm: Any, request: dict[str, Any], result: int, log: int) -> None:
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(log, 2)
    os.dup2(log, 1)
    work = run_functions if "functions" in request else compile_module
    send(result, work(llvm, request))


def end_with(parent: int) -> None:
    """Where the worker is killed nobody waits for what its child computes."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it was killed before the line above
        os._exit(70)


def carry_out(llvm: Any, request: dict[str, Any], private: tuple[int, ...]) -> dict[str, Any]:
    """Fork a child for one request; its answer, or how it ended and what it said."""
    result, log = os.memfd_create("result"), os.memfd_create("log")
    worker = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            end_with(worker)
            for fd in private:
                os.close(fd)
            in_child(llvm, request, result, log)
            status = 0
        except MemoryError:
            os.write(2, b"out of memory")
        except BaseException as problem:
            os.write(2, repr(problem).encode())
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    try:
        os.lseek(result, 0, os.SEEK_SET)
        os.lseek(log, 0, os.SEEK_SET)
        said = read_exactly(log, 1 << 20).decode(errors="replace")
        if status == 0:
            return {**receive(result), "log": said}
        return {"status": status, "log": said}
    finally:
        os.close(result)
        os.close(log)


def main() -> None:
    requests, answers = os.dup(0), os.dup(1)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    try:
        import llvmlite.binding as llvm

        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    except Exception as problem:
        send(answers, {"failed": f"{type(problem).__name__}: {problem}"})
        return
    send(answers, {"llvm": ".".join(map(str, llvm.llvm_version_info))})
    while True:
        request = receive(requests)
        if request is None:
            return
        send(answers, carry_out(llvm, request, (requests, answers)))


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)
