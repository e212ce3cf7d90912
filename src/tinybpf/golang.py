"""From Go source to a loaded object: the one place that knows both compiler and loader."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinybpf.compiler.config import Config
    from tinybpf.libbpf import BpfObject


def load_go(
    target: str | os.PathLike[str],
    *,
    name: str | None = None,
    sections: Mapping[str, str] | None = None,
    programs: Sequence[str] = (),
    cpu: str | None = None,
    config: str | os.PathLike[str] | Config | None = None,
    timeout: float | None = None,
    variables: Mapping[str, Any] | None = None,
) -> BpfObject:
    """Compile a Go package, a ``.go`` file or Go source text, and load it into the kernel.

    The arguments are those of ``tinybpf.compiler.compile_go``, and ``variables``: values for the
    package's variables by name, set before the load (see ``tinybpf.load``). ``CompileError`` where the source
    is refused, ``VerifierError`` where the kernel refuses a program, ``BpfError`` for anything
    else. Needs root, or CAP_BPF and what the program types ask for besides.
    """
    from tinybpf.compiler import compile_go
    from tinybpf.libbpf import load

    compiled = compile_go(
        target, name=name, sections=sections, programs=programs, cpu=cpu, config=config, timeout=timeout
    )
    return load(compiled, variables=variables)
