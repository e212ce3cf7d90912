"""One run of the compiler: the steps in order, their messages and times."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tinybpf.compiler import contract, frontend, llvm, ssa, typed
from tinybpf.compiler.diagnostics import Diagnostic, fault
from tinybpf.compiler.llvm_words import explain
from tinybpf.compiler.messages import Messages
from tinybpf.compiler.object import CompiledMap, CompiledObject, CompiledProgram
from tinybpf.compiler.options import Clock, Options
from tinybpf.compiler.project import Project
from tinybpf.errors import BpfError, CompileError, InternalCompilerError

if TYPE_CHECKING:
    from tinybpf.compiler.elf import Elf
    from tinybpf.compiler.frames import Chain
    from tinybpf.compiler.lower.module import Module


class Compilation:
    """What one run found to say, and how long each stage took."""

    def __init__(
        self,
        project: Project,
        options: Options,
    ) -> None:
        self.project = project
        self.options = options
        self.clock = Clock(options.timeout)
        self.stages: dict[str, float] = {}
        self.messages = Messages(project.display or project.name)
        self._began = time.perf_counter()
        self._ahead: llvm.Ahead | None = None

    def run(self) -> CompiledObject:
        with _without_collector():
            return self._run()

    def _run(self) -> CompiledObject:
        running = frontend.start(self.project.request(), self.clock.left())
        self._import_lowering()
        try:
            doc = running.result()
        except frontend.OutOfTime as problem:
            raise self._late("parsing and type-checking") from problem
        self._stage("front end")
        if self.clock.up():
            raise self._late("parsing and type-checking")
        self.messages.read(doc)
        if self.messages.errors:
            raise CompileError(self.messages.all())
        try:
            module = self._lower(doc)
            self._stage("lower")
            if self.clock.up():
                raise self._late("turning Go's instructions into LLVM's")
            emitted = self._emit(module)
        finally:
            if self._ahead is not None:
                self._ahead.give_up()
        from tinybpf.compiler import elf
        from tinybpf.compiler.lower.module import forget

        data = elf.strip_debug(emitted.elf, module.debug.texts())
        self.stages.update({f"llvm {k}": v for k, v in emitted.times.items()})
        self._stage("llvm")
        linked = elf.read(data)
        chains = self._check_stack(module, linked)
        made = self._object(linked, data, module, chains)
        forget(module)
        return made

    @staticmethod
    def _import_lowering() -> None:
        """While the front end runs."""
        from tinybpf.compiler import elf, frames, program  # noqa: F401
        from tinybpf.compiler.lower import module  # noqa: F401
        from tinybpf.compiler.resolve import rewrite  # noqa: F401

    def _stage(self, name: str) -> None:
        now = time.perf_counter()
        self.stages[name] = now - self._began
        self._began = now

    def _lower(self, doc: ssa.Document) -> Module:
        from tinybpf.compiler.lower.module import Module
        from tinybpf.compiler.lower.refuse import LoweringFault, Refused
        from tinybpf.compiler.lower.types import Types
        from tinybpf.compiler.program import Choices, Reader
        from tinybpf.compiler.resolve.rewrite import resolve
        from tinybpf.compiler.startup import evaluate, initialising

        report = self.messages.report
        options = self.options
        choices = Choices(options.sections, self.project.config.programs, options.programs, options.machine)
        module = None
        try:
            contract.check(doc)
            typed.without_bodies(doc)
            types = Types(doc.types)
            program = Reader(doc, types, choices, report).read()
            doc = resolve(doc, [*(e.function for e in program.entries), *initialising(doc)], report)
            types = Types(doc.types)
            big_endian = self.options.byte_order == "big"
            initial = evaluate(doc, types, report, self.clock.left(), big_endian)
            module = Module(
                doc, types, program, report, initial,
                big_endian=big_endian, directory=self.project.display, warn=self.messages.warn,
            )  # fmt: skip
            module.run(None if self.options.dump else self._send_ahead)
        except Refused as refused:
            self.messages.report(refused.pos, refused.message, refused.hint)
        except LoweringFault as problem:
            self._check(module)
            if not self.messages.errors:
                raise _internal(self.messages.place(problem.pos, str(problem))) from problem
        except llvm.LlvmInvalid as problem:
            message = f"LLVM does not take the initialisers: {problem}"
            raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        except (BpfError, OSError):
            raise
        except Exception as problem:
            self._check(module)
            if not self.messages.errors:
                message = f"{type(problem).__name__}: {problem}"
                raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        if self.messages.errors:
            self._check(module)
            raise CompileError(self.messages.all())
        assert module is not None
        return module

    def _check(self, module: Module | None) -> None:
        """What is wrong that the lowering does not see; a fault there may have come of it."""
        if module is not None:
            module.check()
        if self.messages.errors:
            raise CompileError(self.messages.all())

    def _send_ahead(self, triple: str, half: str) -> None:
        """Let LLVM begin with the first half of a large module."""
        options = self.options
        if self.messages.errors or self.clock.up():
            return
        self._ahead = llvm.Ahead(
            half, triple=triple, cpu=options.cpu, steps=options.pipeline.steps, timeout=self.clock.left()
        )

    def _emit(self, module: Module) -> llvm.Emitted:
        options = self.options
        if options.dump is not None:
            self._dump("1-lowered.ll", module.text())
        late = module.made.late()
        try:
            emitted = self._finish(module, late) or llvm.emit(
                module.text(),
                triple=module.triple,
                cpu=options.cpu,
                steps=options.pipeline.steps,
                late=late,
                dump=options.dump is not None,
                dump_steps=options.pipeline.own,
                timeout=self.clock.left(),
                meanwhile=lambda: self._check(module),
            )
        except llvm.LlvmInvalid as problem:
            message = f"LLVM does not take the module: {problem}"
            raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        except llvm.LlvmFailure as failure:
            raise self._refused_by_llvm(module, failure) from failure
        for number, (name, text) in enumerate(emitted.dumps, 2):
            self._dump(f"{number}-{name}", text)
        return emitted

    def _finish(self, module: Module, late: str) -> llvm.Emitted | None:
        """What LLVM began with the first half of; None where there is no second, or it takes no halves."""
        if self._ahead is None:
            return None
        if module.second:
            return self._ahead.finish(module.second, late, lambda: self._check(module))
        self._ahead.give_up()
        return None

    def _dump(self, file_name: str, text: str) -> None:
        folder = self.options.dump
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file_name).write_text(text)

    def _refused_by_llvm(self, module: Module, failure: llvm.LlvmFailure) -> CompileError:
        """What LLVM said before it ended its process, at the Go function that it was about."""
        if failure.late:
            return self._late(failure.stage)
        said = explain(failure.log)
        functions = [said.function] if said.function else []
        hint = self._stack_hint(module, functions) if said.stack else said.hint
        if hint is None and self.options.pipeline.own:
            hint = "the pass pipeline is not one of tinybpf's: see what happens without it"
        if said.place is not None:
            path, line, col = said.place
            if path in module.debug.paths:
                self.messages.report(ssa.Pos(module.debug.paths.index(path), line, col), said.message, hint)
                return CompileError(self.messages.all())
        return self._about(module, functions, said.message or failure.reason, hint)

    def _check_stack(self, module: Module, emitted: Elf) -> list[Chain]:
        """The largest chain of each program; the kernel refuses frames too large together, or too many."""
        from tinybpf.compiler import frames
        from tinybpf.compiler.lower.refuse import FRAMES_HINT, STACK

        found = frames.deepest(emitted)
        for chains in found:
            largest, longest = chains.largest, chains.longest
            if largest.size > STACK:
                parts = " + ".join(f"{name} {size}" for name, size in largest.taken())
                calls = f" with the functions that it calls ({parts})" if len(largest.frames) > 1 else ""
                message = f"program {largest.names[0]} needs {largest.size} bytes of stack{calls}; "
                message += f"the kernel has {STACK}"
                self._about(module, largest.names, message, self._stack_hint(module, largest.names))
            if len(longest.frames) > frames.MAX_FRAMES:
                path = " calls ".join(longest.names)
                message = f"{len(longest.frames)} functions are active at once ({path}); the kernel allows "
                message += str(frames.MAX_FRAMES)
                self._about(module, longest.names, message, FRAMES_HINT)
            most = sum(size for _, size in largest.taken(frames.ROUNDED_MOST))
            if largest.size <= STACK < most:
                self._warn_of_stack(module, largest.names, most)
        if self.messages.errors:
            raise CompileError(self.messages.all())
        return [chains.largest for chains in found]

    def _warn_of_stack(self, module: Module, names: Sequence[str], size: int) -> None:
        from tinybpf.compiler.frames import ROUNDED_MOST
        from tinybpf.compiler.lower.refuse import STACK

        message = (
            f"old kernels, and those without a JIT, count {size} bytes of stack ({' + '.join(names)}, each "
        )
        message += f"rounded up to {ROUNDED_MOST}), of {STACK}: they will refuse the program"
        pos, hint = module.function_position(names[0]), self._stack_hint(module, names)
        self.messages.warn(pos, message, hint)

    @staticmethod
    def _stack_hint(module: Module, functions: Sequence[str]) -> str:
        from tinybpf.compiler.lower.refuse import STACK_HINT

        large = module.largest_variables(functions)
        return f"{STACK_HINT}; the largest: {large}" if large else STACK_HINT

    def _late(self, stage: str) -> CompileError:
        """The time is up in a stage."""
        hint = "give it more time (--timeout, or build.timeout in tinybpf.json)"
        if stage == llvm.OPTIMISING:
            hint += ", or less to do (--opt-profile conservative)"
        found = Diagnostic(
            "", 0, 0, f"not compiled within {self.clock.given()}: {stage} took too long", hint=hint
        )
        return CompileError([*self.messages.all(), found])

    def _about(
        self, module: Module, functions: Sequence[str], message: str, hint: str | None
    ) -> CompileError:
        """An error at the first of some functions."""
        pos = module.function_position(functions[0]) if functions else ssa.NO_POS
        self.messages.report(pos, message, hint)
        return CompileError(self.messages.all())

    def _object(self, linked: Elf, data: bytes, module: Module, chains: list[Chain]) -> CompiledObject:
        programs = tuple(
            CompiledProgram(p.name, p.section, p.instructions, chain.size, chain.frames)
            for p, chain in zip(linked.programs(), chains, strict=True)
        )
        maps = tuple(
            CompiledMap(m.name, m.kind.name, m.key_size, m.value_size, m.max_entries)
            for m in module.program.maps.values()
        )
        warnings = (*self.project.config.warnings, *self.messages.all())
        name, directory = self.project.name, self.project.display
        return CompiledObject(
            data, name, programs, maps, module.program.license, warnings, self.stages, directory
        )


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """The garbage collector would look again and again at a document in which nothing is garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _internal(at: Diagnostic) -> InternalCompilerError:
    return InternalCompilerError([fault(at)])
