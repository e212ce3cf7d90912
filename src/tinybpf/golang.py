"""From Go source to a loaded object: the one place that knows both compiler and loader."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinybpf.compiler.config import Config
    from tinybpf.libbpf import BpfObject
    from tinybpf.libbpf.open import OpenObject


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
    configure: Callable[[OpenObject], object] | None = None,
    log_level: int = 0,
    log_size: int = 16 << 20,
    btf_path: str | os.PathLike[str] | None = None,
    pin_root: str | os.PathLike[str] | None = None,
    kconfig: str | Mapping[str, bool | int | str] | None = None,
) -> BpfObject:
    """Compile a Go package, a ``.go`` file or Go source text, and load it into the kernel.

    The arguments are those of ``tinybpf.compiler.compile_go`` and, from ``variables`` on, of
    ``tinybpf.load``: values for the package's variables by name, a function that configures the
    open object, and the options of ``tinybpf.open``. ``CompileError`` where the source is refused,
    ``VerifierError`` where the kernel refuses a program, ``BpfError`` for anything else. Needs
    root, or CAP_BPF and what the program types ask for besides.
    """
    from tinybpf.compiler import compile_go
    from tinybpf.libbpf import load

    compiled = compile_go(
        target, name=name, sections=sections, programs=programs, cpu=cpu, config=config, timeout=timeout
    )
    return load(
        compiled,
        variables=variables,
        configure=configure,
        log_level=log_level,
        log_size=log_size,
        btf_path=btf_path,
        pin_root=pin_root,
        kconfig=kconfig,
    )
