"""The worker process that holds llvmlite: LLVM IR in, an object or a diagnosis out.

LLVM ends the process it runs in where it refuses something, so each request is carried out in a
child that is forked from here, with limits of its own; what becomes of it is the answer. The child
is forked ahead and waits for its request. This file is run by its path with the directories to
import from as arguments, and imports nothing of tinybpf: starting must be quick. Messages are
``marshal`` data with their length before them.
"""

from __future__ import annotations

import sys

sys.path[:] = sys.argv[1:]

import gc  # noqa: E402
import marshal  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import select  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402

from tinybpf.compiler import _llvm_text as text  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tinybpf.compiler.pipeline import Step

PR_SET_PDEATHSIG = 1
END = 3
"""The status of a child that waited for a request until there was nobody to make one."""

HALF, STARTED, OPTIMISING, EMITTING, FINISHED = b"h", b"p", b"o", b"e", b"f"
"""What a child says when it has half a module, when it begins to parse, to optimise and to emit, and when
its answer is there."""

WARM_UP = """
target triple = "bpfel"
@v = global [16 x i8] zeroinitializer, section ".data", align 8, !dbg !6
define i32 @f(ptr %c) section "s" !dbg !4 {
  %a = alloca [16 x i8], align 8
  call void @llvm.memset.p0.i64(ptr align 8 %a, i8 0, i64 16, i1 false), !dbg !5
  %x = load i64, ptr %c, align 8, !dbg !5
  br label %loop, !dbg !5
loop:
  %i = phi i64 [ 0, %0 ], [ %n, %loop ]
  %p = getelementptr [2 x i8], ptr %a, i64 %i, !dbg !5
  store i8 1, ptr %p, align 1, !dbg !5
  %n = add i64 %i, 1, !dbg !5
  %m = icmp ult i64 %n, 5, !dbg !5
  br i1 %m, label %loop, label %out, !dbg !5
out:
  %r = call i64 inttoptr (i64 130 to ptr)(ptr @v, ptr %a, i64 %x), !dbg !5
  %t = trunc i64 %r to i32, !dbg !5
  ret i32 %t, !dbg !5
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!1}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !2, emissionKind: FullDebug, globals: !{!6})
!1 = !{i32 2, !"Debug Info Version", i32 3}
!2 = !DIFile(filename: "f", directory: "", source: "f")
!3 = !DISubroutineType(types: !{!8})
!4 = distinct !DISubprogram(name: "f", file: !2, line: 1, type: !3, spFlags: DISPFlagDefinition, unit: !0)
!5 = !DILocation(line: 1, column: 1, scope: !4)
!6 = !DIGlobalVariableExpression(var: !7, expr: !DIExpression())
!7 = distinct !DIGlobalVariable(name: "v", scope: !0, file: !2, line: 1, type: !8, isDefinition: true)
!8 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
"""
"""A module that takes the way through LLVM that programs take."""

STEPS = [("default", "default<Os>", 2, True, True, "")]
"""Those of the default profile."""


UNROLLED = 80
"""LLVM's measure of how large a loop may become by being unrolled; half of what it takes by itself.

The verifier walks each turn in either case, and what is larger gains nothing: six turns over the extension
headers of IPv6 are 185 instructions in place of 268, at the same speed.
"""


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


def compile_module(
    llvm: Any, request: dict[str, Any], tell: Callable[[bytes], object], other: Other | None = None
) -> dict[str, Any]:
    """In the child: the object and the time that each stage took; ``other`` makes one of the half before."""
    times: dict[str, float] = {}
    began = time.perf_counter()

    def stage(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        times[name] = now - began
        began = now

    machine = machine_for(llvm, request)
    try:
        module = llvm.parse_assembly(request["ir"])
        module.verify()
    except RuntimeError as problem:
        return {"invalid": str(problem)}
    stage("parse")
    tell(OPTIMISING)
    answer: dict[str, Any] = {"times": times}
    dumps: list[tuple[str, str]] = []
    for steps in grouped(request["steps"], not request["dump_steps"]):
        run_steps(llvm, machine, module, steps)
        if request["dump_steps"]:
            name = steps[0][1].replace("<", "-").replace(">", "")
            dumps.append((f"{name}.ll", str(module)))
    module = finished(llvm, machine, module, request["late"])
    if request.get("text"):
        answer["text"] = str(module)
    stage("optimise")
    tell(EMITTING)
    if request["dump"]:
        dumps.append(("optimised.ll", str(module)))
    if request.get("emit", True):
        if request["dump"]:
            copy = llvm.parse_assembly(str(module))  # emitting changes the module
            dumps.append(("assembly.s", machine.emit_assembly(copy)))
        answer["object"] = machine.emit_object(module)
        if other is not None:
            answer["first"] = other.object()
        stage("emit")
    answer["dumps"] = dumps
    return answer


def finished(llvm: Any, machine: Any, module: Any, late: str) -> Any:
    """The optimised module as it is emitted."""
    module = text.for_verifier(llvm, module)
    if late:
        expand(llvm, machine, module, late)
    module = text.with_results(llvm, module)
    show_counters(llvm, module)
    return module


def compile_halves(
    llvm: Any, first: dict[str, Any], requests: int, tell: Callable[[bytes], object]
) -> dict[str, Any]:
    """In the child: as ``compile_module``, once the second half is there; nothing where none will be."""
    other = Other(llvm, first)
    second = receive(requests)
    if second is None or second["ir"] is None:
        return {}
    tell(STARTED)
    other.finish(second["late"])
    request = {**first, "dump": False, "dump_steps": False, **second}
    return compile_module(llvm, request, tell, other)


def machine_for(llvm: Any, request: dict[str, Any]) -> Any:
    target = llvm.Target.from_triple(request["triple"])
    return target.create_target_machine(cpu=request["cpu"], opt=2, codemodel="small")


class Other:
    """A process that makes an object of the half of a module that came ahead of the other."""

    def __init__(self, llvm: Any, request: dict[str, Any]) -> None:
        self.result = os.memfd_create("half")
        late, self._late = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            status = 70
            try:
                end_with(parent)
                os.close(self._late)
                signal.setitimer(signal.ITIMER_REAL, request["seconds"])
                send(self.result, self._emit(llvm, request, late))
                status = 0
            except BaseException as problem:
                os.write(2, repr(problem).encode())
            finally:
                os._exit(status)
        os.close(late)

    @staticmethod
    def _emit(llvm: Any, request: dict[str, Any], late: int) -> bytes:
        machine = machine_for(llvm, request)
        module = llvm.parse_assembly(request["ir"])
        module.verify()
        for steps in grouped(request["steps"], True):
            run_steps(llvm, machine, module, steps)
        made: bytes = machine.emit_object(finished(llvm, machine, module, receive(late)))
        return made

    def finish(self, late: str) -> None:
        """The whole module is made now, and what is inlined at the end is known."""
        try:
            send(self._late, late)
        except BrokenPipeError:
            return  # it has ended, which ``object`` tells

    def object(self) -> bytes:
        """The half's object; where that process failed, so does this one."""
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status:
            if status == -signal.SIGALRM:
                signal.raise_signal(signal.SIGALRM)
            os._exit(70)
        os.lseek(self.result, 0, os.SEEK_SET)
        made: bytes = receive(self.result)
        return made


def show_counters(llvm: Any, module: Any) -> None:
    """Let loaders see the counters that are left.

    They are internal until now, so that LLVM drops those that nothing counts. In halves they are
    ``linkonce_odr``, and so are constants.
    """
    for variable in module.global_variables:
        if variable.linkage == llvm.Linkage.linkonce_odr:
            variable.linkage = "external" if variable.name.startswith("ebpf_") else "internal"
        elif variable.name.startswith("ebpf_") and variable.linkage == llvm.Linkage.internal:
            variable.linkage = "external"


def expand(llvm: Any, machine: Any, module: Any, functions: str) -> None:
    """Put the bodies of some functions where they are called, after the optimiser has seen calls only."""
    module.link_in(llvm.parse_assembly(functions))
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.run(module, builder)


def grouped(steps: list[Step], together: bool) -> list[list[Step]]:
    """Steps that one pass manager carries out: single passes, where nobody looks in between."""
    groups: list[list[Step]] = []
    for step in steps:
        if together and groups and step[0] == "pass" == groups[-1][-1][0]:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def run_steps(llvm: Any, machine: Any, module: Any, steps: list[Step]) -> None:
    """One step, or several passes; ``pipeline.Step`` says what a step is."""
    kind, _, level, unrolling, small, _ = steps[0]
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = False
    options.loop_unrolling = unrolling
    builder = llvm.create_pass_builder(machine, options)
    if small:
        for function in module.functions:
            if not function.is_declaration:
                function.add_function_attribute("optsize")
    if kind == "default":
        builder.getModulePassManager().run(module, builder)
    elif kind == "simplify":
        simplify = builder.getFunctionPassManager()
        for function in module.functions:
            if not function.is_declaration:
                simplify.run(function, builder)
    else:
        manager = llvm.create_new_module_pass_manager()
        for step in steps:
            getattr(manager, f"add_{step[5]}_pass")()
        manager.run(module, builder)


def run_functions(llvm: Any, request: dict[str, Any]) -> dict[str, Any]:
    """In the child: compile for this machine, call the functions in order, read the variables.

    The first function that does not return 0 ends it; ``stopped`` is its place in the list and
    what it returned.
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
        status = function()
        if status:
            return {"stopped": [place, status]}
    return {
        "data": [
            ctypes.string_at(engine.get_global_value_address(n), size) for n, size in request["variables"]
        ]
    }


def warm_up(llvm: Any, requests: int) -> None:
    """Compile something while nobody waits: what a forked process touches first costs it most."""
    waiting = select.poll()
    waiting.register(requests, select.POLLIN)
    if not waiting.poll(0):
        request = {
            "triple": "bpfel", "cpu": "v3", "steps": STEPS, "ir": WARM_UP, "late": "",
            "dump": False, "dump_steps": False,
        }  # fmt: skip
        compile_module(llvm, request, lambda _: None)


def in_child(llvm: Any, requests: int, result: int, done: int, warm: bool) -> int:
    """Wait for a request, carry it out, and say so; the status to end with."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if warm:
        warm_up(llvm, requests)
    request = receive(requests)
    if request is None:
        return END
    os.write(done, HALF if "ahead" in request else STARTED)
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    if "functions" in request:
        answer = run_functions(llvm, request)
    elif "ahead" in request:
        answer = compile_halves(llvm, request, requests, lambda stage: os.write(done, stage))
    else:
        answer = compile_module(llvm, request, lambda stage: os.write(done, stage))
    send(result, answer)
    os.write(done, FINISHED)
    return 0


def end_with(parent: int) -> None:
    """Where the worker is killed nobody waits for what its child computes."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it was killed before the line above
        os._exit(70)


class Child:
    """A process forked ahead of the request that it will carry out.

    It says through ``done`` when it has taken a request and when the answer is in ``result``, both
    memory files, as ``log`` is; a child that ends says no more.
    """

    def __init__(self, llvm: Any, requests: int, answers: int, warm: bool) -> None:
        self.result, self.log = os.memfd_create("result"), os.memfd_create("log")
        self.done, done = os.pipe()
        worker = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            status = 70
            try:
                end_with(worker)
                os.close(answers)
                os.close(self.done)
                os.dup2(self.log, 2)
                os.dup2(self.log, 1)
                status = in_child(llvm, requests, self.result, done, warm)
            except MemoryError:
                os.write(2, b"out of memory")
            except BaseException as problem:
                os.write(2, repr(problem).encode())
            finally:
                os._exit(status)
        os.close(done)

    def answer(self) -> dict[str, Any] | None:
        """The answer to a request, or how the child ended; None where there was no request."""
        said = b""
        while not said.endswith(FINISHED):
            part = os.read(self.done, 8)
            if not part:
                return self._ended(said)
            said += part
        os.lseek(self.result, 0, os.SEEK_SET)
        return {**receive(self.result), "log": self._log()}

    def _ended(self, said: bytes) -> dict[str, Any] | None:
        status = self.reap()
        if said or (status and os.waitstatus_to_exitcode(status) != END):
            return {"status": status, "log": self._log(), "stage": said[-1:].decode()}
        return None

    def _log(self) -> str:
        os.lseek(self.log, 0, os.SEEK_SET)
        return read_exactly(self.log, 1 << 20).decode(errors="replace")

    def reap(self) -> int:
        """Its wait status, once it has ended."""
        pid, self.pid = self.pid, 0
        return os.waitpid(pid, 0)[1] if pid else 0

    def close(self) -> None:
        self.reap()
        for fd in (self.result, self.log, self.done):
            os.close(fd)


def serve(llvm: Any, requests: int, answers: int) -> None:
    """One child a request; the next is forked before the last has quite ended."""
    child = Child(llvm, requests, answers, warm=False)  # its request is on the way
    while True:
        answer = child.answer()
        if answer is None:
            return
        send(answers, answer)
        last, child = child, Child(llvm, requests, answers, warm=True)
        last.close()


LARGEST_FRAME = 16384
"""Bytes of stack up to which LLVM emits a function; the kernel takes far less."""


def main() -> None:
    for number in (signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)  # whoever started this may ignore them
    requests, answers = os.dup(0), os.dup(1)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    try:
        import llvmlite.binding as llvm

        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        llvm.set_option("", f"-unroll-threshold={UNROLLED}")
        llvm.set_option("", "-indvars-predicate-loops=0")  # it can leave a loop without a way out
        # Frames are measured afterwards, which tells how large they are: LLVM itself only refuses.
        llvm.set_option("", f"-bpf-stack-size={LARGEST_FRAME}")
    except Exception as problem:
        send(answers, {"failed": f"{type(problem).__name__}: {problem}"})
        return
    send(answers, {"llvm": ".".join(map(str, llvm.llvm_version_info))})
    gc.freeze()  # the collector would write to, and so copy, each page of a child
    gc.disable()
    serve(llvm, requests, answers)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)
