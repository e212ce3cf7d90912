"""fentry, fexit, fmod_ret, tp_btf: programs that know the types of what they get.

The function or tracepoint is a part of the program: the verifier checked the program against it when it
was loaded.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import cookie_of, link, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

KINDS = {23: "tp_btf", 24: "fentry", 25: "fexit", 26: "fmod_ret", 58: "fsession"}
ENOTSUPP = 524


def attach(program: BpfProgram, cookie: int = 0) -> BpfLink:
    """See `BpfProgram.attach_trace`. Kernel 5.5 or later."""
    target = program.section.partition("/")[2]
    what = f"attach '{program.name}' to '{target}'"
    require_type(program, what, BpfProgType.TRACING)
    kind = KINDS.get(lib.bpf_program__expected_attach_type(program.pointer))
    if kind is None:
        raise BpfError(
            f"{what} failed: section '{program.section}' is none of {', '.join(KINDS.values())}", errno.EINVAL
        )
    return link(
        program,
        f"attach {kind} to '{target}'",
        f"{kind}:{target}",
        lib.bpf_program__attach_trace_opts,
        options(f"attach {kind} to '{target}'", cookie, kind),
        hints={
            errno.EBUSY: f"'{target}' is in use by another kind of tracing, or has a program that can "
            "only be there alone",
            errno.E2BIG: f"'{target}' has as many programs as the kernel allows (38)",
            errno.ENODEV: f"'{target}' is of a module that is gone",
            ENOTSUPP: lambda: _since.absence(kind) or "this kernel cannot have programs called by functions",
        },
    )


def options(what: str, cookie: int, kind: str) -> Any:
    """libbpf's options, NULL without a cookie: kernels before 5.19 know none."""
    older = "fentry, fexit, fmod_ret and LSM programs"
    require_cookies(
        what, cookie_of(cookie), "raw tracepoints and tp_btf programs" if kind == "tp_btf" else older
    )
    if not cookie:
        return ffi.NULL
    opts = ffi.new("struct bpf_trace_opts *")
    opts.sz, opts.cookie = ffi.sizeof("struct bpf_trace_opts"), cookie
    return opts
