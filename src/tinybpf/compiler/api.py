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
BYTE_ORDERS = ("little", "big")


def compile_go(
    target: str | os.PathLike[str],
    *,
    name: str | None = None,
    sections: Mapping[str, str] | None = None,
    programs: Sequence[str] = (),
    cpu: str | None = None,
    byte_order: str | None = None,
    machine: str | None = None,
    opt_profile: str | None = None,
    pass_pipeline: str | None = None,
    config: str | os.PathLike[str] | Config | None = None,
    dump_ir: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
) -> CompiledObject:
    """Compile a Go package to a BPF object.

    ``target`` is a package directory, a ``.go`` file, or Go source as text (a string with a line
    break, or one that begins with ``package``). ``sections`` gives a program's section by its
    name and wins over ``//bpf:section`` and ``tinybpf.json``; ``programs`` limits the object to
    some programs. ``cpu`` is the BPF instruction set, ``v1`` to ``v4`` (``v3`` unless the
    configuration says otherwise; Linux 5.1), ``byte_order`` that of the machine which will run it,
    ``little`` or ``big``. ``machine`` is the one that will run it, as ``uname -m`` calls it: ``x86_64`` or
    ``aarch64``, this one by default. Only the parameters of kprobes, uprobes and ksyscalls depend on it.

    ``opt_profile`` says how LLVM optimises: ``default`` (small code, its Os), ``conservative`` (O1),
    ``aggressive`` (O2) or ``verifier-safe`` (as default, loops stay as they are written).
    ``pass_pipeline`` names LLVM's passes in place of a profile, in LLVM's notation:
    ``function(sroa,instcombine),globaldce``. ``dump_ir`` names a folder that gets the LLVM IR before and
    after optimisation, and the assembly. ``timeout`` is in seconds, for all of it; without one here or
    in the configuration each stage may take a minute.

    ``CompileError`` has all messages about the source, and says which stage took too long.
    ``NotFoundError``: there is no such file. ``ValueError``: an option that does not exist.
    """
    llvm.start()
    from pathlib import Path

    from tinybpf.compiler.options import Options
    from tinybpf.compiler.pipeline import choose
    from tinybpf.compiler.project import resolve

    project = resolve(target, name=name, config=config)
    configured = project.config
    cpu = cpu or configured.cpu
    if cpu not in CPUS:
        raise ValueError(f"cpu must be one of {', '.join(CPUS)}, not {cpu!r}")
    byte_order = byte_order or configured.byte_order
    if byte_order not in BYTE_ORDERS:
        raise ValueError(f"byte_order must be little or big, not {byte_order!r}")
    machine = machine or configured.machine or os.uname().machine
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be above zero, not {timeout!r}")
    profile = opt_profile or configured.opt_profile
    if pass_pipeline is None and opt_profile is None:
        pass_pipeline = configured.pass_pipeline
    pipeline = choose(profile, pass_pipeline, configured.custom_passes)
    limit = timeout if timeout is not None else configured.timeout
    dump = Path(dump_ir) if dump_ir is not None else None
    options = Options(sections or {}, programs, cpu, byte_order, pipeline, dump, limit, machine)
    if os.environ.get(llvm.ELSEWHERE):
        from tinybpf.compiler import remote

        made = remote.ask(project, options)
        if made is not None:
            return made
    from tinybpf.compiler.compilation import Compilation

    return Compilation(project, options).run()
