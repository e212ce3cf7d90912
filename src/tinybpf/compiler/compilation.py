"""One run of the compiler: the steps in order, their messages and times."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinybpf.compiler import contract, frontend, llvm, ssa, typed
from tinybpf.compiler.diagnostics import Diagnostic, fault
from tinybpf.compiler.llvm_words import explain
from tinybpf.compiler.messages import Messages
from tinybpf.compiler.object import CompiledMap, CompiledObject, CompiledProgram
from tinybpf.compiler.project import Project
from tinybpf.errors import BpfError, CompileError, InternalCompilerError

if TYPE_CHECKING:
    from tinybpf.compiler.elf import Elf
    from tinybpf.compiler.lower.module import Module


class Compilation:
    """What one run found to say, and how long each stage took."""

    def __init__(
        self,
        project: Project,
        sections: Mapping[str, str],
        programs: Sequence[str],
        cpu: str,
        dump_ir: str | os.PathLike[str] | None,
        timeout: float,
    ) -> None:
        self.project = project
        self.sections = sections
        self.programs = programs
        self.cpu = cpu
        self.dump = Path(dump_ir) if dump_ir is not None else None
        self.timeout = timeout
        self.stages: dict[str, float] = {}
        self.messages = Messages(project.display or project.name)
        self._began = time.perf_counter()

    def run(self) -> CompiledObject:
        running = frontend.start(self.project.request(), self.timeout)
        self._import_lowering()
        doc = running.result()
        self._stage("front end")
        self.messages.read(doc)
        if self.messages.errors:
            raise CompileError(self.messages.all())
        module, ir = self._lower(doc)
        self._stage("lower")
        emitted = self._emit(module, ir)
        from tinybpf.compiler import elf

        data = elf.strip_debug(emitted.object)
        self.stages.update({f"llvm {k}": v for k, v in emitted.times.items()})
        self._stage("llvm")
        linked = elf.read(data)
        self._check_stack(module, linked)
        return self._object(linked, data, module)

    @staticmethod
    def _import_lowering() -> None:
        """While the front end runs."""
        from tinybpf.compiler import elf, frames, program  # noqa: F401
        from tinybpf.compiler.lower import module  # noqa: F401

    def _stage(self, name: str) -> None:
        now = time.perf_counter()
        self.stages[name] = now - self._began
        self._began = now

    def _lower(self, doc: ssa.Document) -> tuple[Module, str]:
        from tinybpf.compiler.lower.module import Module
        from tinybpf.compiler.lower.refuse import LoweringFault, Refused
        from tinybpf.compiler.lower.types import Types
        from tinybpf.compiler.program import Choices, Reader
        from tinybpf.compiler.resolve.rewrite import resolve
        from tinybpf.compiler.startup import evaluate, initialising

        report = self.messages.report
        choices = Choices(self.sections, self.project.config.programs, self.programs)
        try:
            contract.check(doc)
            typed.without_bodies(doc)
            types = Types(doc.types)
            program = Reader(doc, types, choices, report).read()
            doc = resolve(doc, [*(e.function for e in program.entries), *initialising(doc)], report)
            types = Types(doc.types)
            initial = evaluate(doc, types, report, self.timeout)
            module = Module(doc, types, program, report, initial)
            ir = module.run()
        except Refused as refused:
            self.messages.report(refused.pos, refused.message, refused.hint)
        except LoweringFault as problem:
            if not self.messages.errors:
                raise _internal(self.messages.place(problem.pos, str(problem))) from problem
        except llvm.LlvmInvalid as problem:
            message = f"LLVM does not take the initialisers: {problem}"
            raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        except (BpfError, OSError):
            raise
        except Exception as problem:
            if not self.messages.errors:
                message = f"{type(problem).__name__}: {problem}"
                raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        if self.messages.errors:
            raise CompileError(self.messages.all())
        return module, ir

    def _emit(self, module: Module, ir: str) -> llvm.Emitted:
        self._dump("1-lowered.ll", ir)
        try:
            emitted = llvm.emit(
                ir, cpu=self.cpu, late=module.made.late(), dump=self.dump is not None, timeout=self.timeout
            )
        except llvm.LlvmInvalid as problem:
            message = f"LLVM does not take the module: {problem}"
            raise _internal(self.messages.place(ssa.NO_POS, message)) from problem
        except llvm.LlvmFailure as failure:
            raise self._refused_by_llvm(module, failure) from failure
        if emitted.optimised is not None:
            self._dump("2-optimised.ll", emitted.optimised)
        return emitted

    def _dump(self, file_name: str, text: str) -> None:
        if self.dump is not None:
            self.dump.mkdir(parents=True, exist_ok=True)
            (self.dump / file_name).write_text(text)

    def _refused_by_llvm(self, module: Module, failure: llvm.LlvmFailure) -> CompileError:
        """What LLVM said before it ended its process, at the Go function that it was about."""
        said = explain(failure.log)
        functions = [said.function] if said.function else []
        hint = self._stack_hint(module, functions) if said.stack else said.hint
        if said.place is not None:
            path, line, col = said.place
            file = next((n for n, f in enumerate(module.doc.files) if f.path == path), None)
            if file is not None:
                self.messages.report(ssa.Pos(file, line, col), said.message, hint)
                return CompileError(self.messages.all())
        return self._about(module, functions, said.message or failure.reason, hint)

    def _check_stack(self, module: Module, emitted: Elf) -> None:
        """The kernel refuses a call chain whose frames are too large together."""
        from tinybpf.compiler.frames import deepest
        from tinybpf.compiler.lower.refuse import STACK

        for chain in deepest(emitted):
            if chain.size > STACK:
                names = [name for name, _ in chain.frames]
                parts = " + ".join(f"{name} {size}" for name, size in chain.frames)
                calls = f" with the functions that it calls ({parts})" if len(names) > 1 else ""
                message = (
                    f"program {names[0]} needs {chain.size} bytes of stack{calls}; the kernel has {STACK}"
                )
                pos = module.function_position(names[0])
                self.messages.report(pos, message, self._stack_hint(module, names))
        if self.messages.errors:
            raise CompileError(self.messages.all())

    @staticmethod
    def _stack_hint(module: Module, functions: Sequence[str]) -> str:
        from tinybpf.compiler.lower.refuse import STACK_HINT

        large = module.largest_variables(functions)
        return f"{STACK_HINT}; the largest: {large}" if large else STACK_HINT

    def _about(
        self, module: Module, functions: Sequence[str], message: str, hint: str | None
    ) -> CompileError:
        """An error at the first of some functions."""
        pos = module.function_position(functions[0]) if functions else ssa.NO_POS
        self.messages.report(pos, message, hint)
        return CompileError(self.messages.all())

    def _object(self, linked: Elf, data: bytes, module: Module) -> CompiledObject:
        programs = tuple(CompiledProgram(p.name, p.section, p.instructions) for p in linked.programs())
        maps = tuple(
            CompiledMap(m.name, m.kind.name, m.key_size, m.value_size, m.max_entries)
            for m in module.program.maps.values()
        )
        warnings = (*self.project.config.warnings, *self.messages.all())
        return CompiledObject(
            data, self.project.name, programs, maps, module.program.license, warnings, self.stages
        )


def _internal(at: Diagnostic) -> InternalCompilerError:
    return InternalCompilerError([fault(at)])
