"""System calls: a kprobe at the function that the kernel's table of system calls has."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf import _arguments
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import kprobe
from tinybpf.libbpf.attach._common import c_name, cookie_of, link, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

_PREFIXES = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_", "s390x": "__s390x_sys_"}
PREFIX = _PREFIXES.get(os.uname().machine, "__se_sys_")
"""What the functions' names begin with that take a pointer to the caller's registers."""


def attach(program: BpfProgram, name: str, retprobe: bool, cookie: int = 0) -> BpfLink:
    """See `BpfProgram.attach_ksyscall`. Kernel 4.17 or later."""
    if not isinstance(name, str):
        raise TypeError(f"name must be that of a system call, not {type(name).__name__}")
    kind = "kretsyscall" if retprobe else "ksyscall"
    what = f"attach {kind} to '{name}'"
    require_type(program, what, BpfProgType.KPROBE)
    _arguments.check_place(program, what, kind)
    function = c_name("name", PREFIX + name)
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    opts = ffi.new("struct bpf_kprobe_opts *")
    opts.bpf_cookie = cookie
    opts.sz, opts.retprobe = ffi.sizeof("struct bpf_kprobe_opts"), retprobe
    return link(
        program,
        what,
        f"{kind}:{name}",
        lib.bpf_program__attach_kprobe_opts,
        function,
        opts,
        hints={code: lambda: missing(name) for code in (errno.ENOENT, errno.EADDRNOTAVAIL)},
    )


def missing(name: str) -> str | None:
    """Why there is no such system call."""
    if not kprobe.available():
        return kprobe.NO_KPROBES
    found = [n.removeprefix(PREFIX) for n in kprobe.functions() if n.startswith(PREFIX)]
    return f"the kernel has no system call '{name}'{kprobe.near(name, found)}" if found else None
