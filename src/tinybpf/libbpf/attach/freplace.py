"""freplace: a program that takes the place of a function of another program that is loaded."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import c_name, link, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf._check import Hints
    from tinybpf.libbpf.program import BpfProgram


def attach(program: BpfProgram, target: BpfProgram | None, function: str | None) -> BpfLink:
    """See `BpfProgram.attach_freplace`. Kernel 5.6 or later, 5.10 with a target."""
    from tinybpf.libbpf.program import BpfProgram

    if (target is None) != (function is None):
        raise ValueError("give target and function, or neither: then what the program was loaded for")
    name = program.section.partition("/")[2] if function is None else function
    what = f"attach freplace to '{name}'"
    require_type(program, what, BpfProgType.EXT)
    if target is not None and not isinstance(target, BpfProgram):
        raise TypeError(f"target must be a BpfProgram, not {type(target).__name__}")
    hints: Hints = {
        errno.EBUSY: f"'{name}' is replaced already, or traced",
        errno.EINVAL: lambda: (
            _since.absence("freplace")
            or f"'{name}' is no global function of the target, or has other parameters than '{program.name}'"
        ),
        errno.ENOENT: f"the target has no function '{name}'",
        errno.ESRCH: f"the target has no function '{name}' with a type (BTF)",
    }
    _held, fd = (None, 0) if target is None else (target._held(), target.fd)
    wanted = ffi.NULL if function is None else c_name("function", function)
    return link(program, what, f"freplace:{name}", lib.bpf_program__attach_freplace, fd, wanted, hints=hints)
