"""Raw tracepoints: the same events as tracepoints, with the arguments the kernel code gives."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(program: BpfProgram, name: str) -> BpfLink:
    """See `BpfProgram.attach_raw_tracepoint`. Kernel 4.17 or later."""
    return link(
        program,
        f"attach raw tracepoint to '{name}'",
        f"raw_tracepoint:{name}",
        lib.bpf_program__attach_raw_tracepoint,
        name.encode(),
        hints={
            errno.ENOENT: f"the kernel has no tracepoint '{name}': raw tracepoints have no category in their "
            "name, and system calls are sys_enter and sys_exit",
            errno.EINVAL: f"'{program.name}' is a {program.type.name} program, "
            "this needs a RAW_TRACEPOINT one",
        },
    )
