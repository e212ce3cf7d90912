"""uprobes: a program that runs when a process reaches an instruction of a binary or library."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf import _arguments
from tinybpf.libbpf._check import not_found
from tinybpf.libbpf._hints import SYS_ADMIN, lacks, perf_hint
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import c_name, link, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(
    program: BpfProgram,
    binary_path: str | os.PathLike[str],
    offset: int,
    pid: int,
    retprobe: bool,
    symbol: str | None,
) -> BpfLink:
    """See `BpfProgram.attach_uprobe`. Kernel 4.17 or later."""
    _check(offset, pid, symbol)
    kind, path = "uretprobe" if retprobe else "uprobe", os.fspath(binary_path)
    place = _place(path, symbol, offset)
    what, file = f"attach {kind} to '{place}'", c_name("binary_path", path)
    require_type(program, what, BpfProgType.KPROBE)
    _arguments.check_place(program, what, kind, inside=symbol is not None and offset > 0)
    if "/" in path and not os.path.exists(path):
        raise not_found(f"{what} failed: there is no file '{path}'", errno.ENOENT)
    opts = ffi.new("struct bpf_uprobe_opts *")
    opts.sz, opts.retprobe = ffi.sizeof("struct bpf_uprobe_opts"), retprobe
    name = None if symbol is None else ffi.new("char[]", c_name("symbol", symbol))
    if name is not None:
        opts.func_name = name
    return link(
        program,
        what,
        f"{kind}:{place}",
        lib.bpf_program__attach_uprobe_opts,
        pid,
        file,
        offset,
        opts,
        hints={
            errno.EACCES: _why_denied,
            errno.EPERM: _why_denied,
            errno.ENOENT: _why_missing(path, symbol),
            errno.EINVAL: f"offset {offset:#x} is not the start of an instruction in '{path}', "
            "or it is no ELF file",
            errno.ENOTSUP: f"the instruction at '{place}' cannot be probed",
            errno.ESRCH: f"there is no process {pid}",
        },
    )


def _why_denied() -> str | None:
    purpose = "to attach uprobes (CAP_PERFMON sufficed before Linux 6.16 and the stable kernels of July 2025)"
    return lacks((SYS_ADMIN,), purpose) or perf_hint()


def _why_missing(path: str, symbol: str | None) -> str:
    if symbol is None:
        return f"'{path}' was not found, or the kernel has no CONFIG_UPROBES"
    if "/" in path:
        return f"'{path}' has no function '{symbol}' in its symbol tables: see `nm -D {path}`"
    return f"'{path}' was not found among libraries and commands, or has no function '{symbol}'"


def _place(path: str, symbol: str | None, offset: int) -> str:
    if symbol is None:
        return f"{path}:{offset:#x}" if offset else path
    return f"{path}:{symbol}+{offset:#x}" if offset else f"{path}:{symbol}"


def _check(offset: int, pid: int, symbol: str | None) -> None:
    for name, value in (("offset", offset), ("pid", pid)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not 0 <= offset < 1 << 63:
        raise ValueError(f"offset must not be negative: {offset}")
    if not -1 <= pid < 1 << 31:
        raise ValueError(f"pid must be a process id, 0 for this process or -1 for all: {pid}")
    if symbol is not None and not isinstance(symbol, str):
        raise TypeError(f"symbol must be a name, not {type(symbol).__name__}")
    if symbol is None and not offset:
        raise ValueError("say where: symbol, or offset in the file in bytes")
