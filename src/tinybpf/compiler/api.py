"""Go source to a BPF object: the steps in order."""

from __future__ import annotations

import os

from tinybpf.compiler import llvm

TYPE_CHECKING = False  # as little as possible is imported before the worker is started
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tinybpf.compiler.config import Config
    from tinybpf.compiler.object import CompiledObject

CPUS = ("v1", "v2", "v3", "v4")


def compile_go(
    target: str | os.PathLike[str],
    *,
    name: str | None = None,
    sections: Mapping[str, str] | None = None,
    programs: Sequence[str] = (),
    cpu: str | None = None,
    config: str | os.PathLike[str] | Config | None = None,
    dump_ir: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
) -> CompiledObject:
    """Compile a Go package to a BPF object.

    ``target`` is a package directory, a ``.go`` file, or Go source as text (a string with a line
    break, or one that begins with ``package``). ``sections`` gives a program's section by its
    name and wins over ``//bpf:section`` and ``tinybpf.json``; ``programs`` limits the object to
    some programs. ``cpu`` is the BPF instruction set, ``v1`` to ``v4`` (``v3`` unless the
    configuration says otherwise; Linux 5.1). ``dump_ir`` names a folder that gets the LLVM IR
    before and after optimisation. ``timeout`` is in seconds, for each stage.

    ``CompileError`` has all messages about the source. ``NotFoundError``: there is no such file.
    """
    llvm.start()
    from tinybpf.compiler.compilation import Compilation
    from tinybpf.compiler.project import resolve

    project = resolve(target, name=name, config=config)
    cpu = cpu or project.config.cpu
    if cpu not in CPUS:
        raise ValueError(f"cpu must be one of {', '.join(CPUS)}, not {cpu!r}")
    limit = timeout or project.config.timeout or llvm.TIMEOUT
    return Compilation(project, sections or {}, programs, cpu, dump_ir, limit).run()
