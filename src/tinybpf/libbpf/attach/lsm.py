"""LSM: programs that allow or deny what processes do, at the hooks of security modules."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf import system
from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach import trace
from tinybpf.libbpf.attach._common import link, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

LSM, CGROUP = 27, 43  # BPF_LSM_MAC, BPF_LSM_CGROUP


def attach(program: BpfProgram, cookie: int = 0) -> BpfLink:
    """See `BpfProgram.attach_lsm`. Kernel 5.7 or later."""
    hook = program.section.partition("/")[2]
    what = f"attach lsm to '{hook}'"
    require_type(program, what, BpfProgType.LSM)
    if lib.bpf_program__expected_attach_type(program.pointer) != LSM:
        raise BpfError(
            f"{what} failed: '{program.name}' is in section '{program.section}'\n  hint: attach_cgroup(path) "
            "attaches it to a cgroup",
            errno.EINVAL,
        )
    require_active(what)
    return link(
        program,
        what,
        f"lsm:{hook}",
        lib.bpf_program__attach_trace_opts,
        trace.options(what, cookie, "lsm"),
        hints={
            errno.EBUSY: f"hook '{hook}' has as many programs as the kernel allows",
            errno.E2BIG: f"hook '{hook}' has as many programs as the kernel allows (38)",
        },
    )


def require_active(what: str) -> None:
    """An error where the kernel asks BPF programs nothing: it would attach them and never call them."""
    active = system.security_modules()
    if active is None or "bpf" in active:
        return
    reason = _since.absence("lsm")
    if reason is None:
        reason = "the security module bpf is not active, so that no program would be called; active: "
        reason += f"{', '.join(active)}"
        reason += f"\n  hint: start the kernel with lsm={','.join([*active, 'bpf'])} on its command line"
    raise UnsupportedError(f"{what} failed: {reason}", errno.EOPNOTSUPP)
