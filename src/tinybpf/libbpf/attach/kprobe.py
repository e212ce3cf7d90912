"""kprobes: a program that runs when the kernel reaches one of its functions, or returns from it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf import _arguments
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import c_name, cookie_of, link, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

NO_KPROBES = "this kernel has no kprobes (CONFIG_KPROBES); fentry or tracepoints may do instead"
KALLSYMS = "/proc/kallsyms"
PERF_TYPE = "/sys/bus/event_source/devices/kprobe"
LEGACY = ("/sys/kernel/tracing/kprobe_events", "/sys/kernel/debug/tracing/kprobe_events")


def attach(
    program: BpfProgram, func_name: str | int, retprobe: bool, offset: int = 0, cookie: int = 0
) -> BpfLink:
    """See `BpfProgram.attach_kprobe`. Kernel 4.1 or later."""
    if isinstance(func_name, bool) or not isinstance(func_name, (str, int)):
        raise TypeError(f"func_name must be a function's name, not {type(func_name).__name__}")
    if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset < 1 << 32:
        raise ValueError(f"offset must be a number of bytes into the function: {offset!r}")
    if isinstance(func_name, int):
        return _attach(program, None, func_name + offset, f"{func_name + offset:#x}", retprobe, cookie)
    name, place = c_name("func_name", func_name), f"{func_name}+{offset:#x}" if offset else func_name
    return _attach(program, name, offset, place, retprobe, cookie)


def _attach(
    program: BpfProgram, name: bytes | None, offset: int, place: str, retprobe: bool, cookie: int
) -> BpfLink:
    """At an offset from a function, or at an address of the kernel."""
    kind = "kretprobe" if retprobe else "kprobe"
    what = f"attach {kind} to '{place}'"
    require_type(program, what, BpfProgType.KPROBE)
    _arguments.check_place(program, what, kind, inside=name is not None and offset > 0)
    if name is not None:
        _arguments.check_function(program, os.fsdecode(name))
    if not 0 <= offset < 1 << 64:
        raise ValueError(f"func_name must be a name, or an address of the kernel: {offset:#x}")
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    opts = ffi.new("struct bpf_kprobe_opts *")
    opts.sz, opts.retprobe, opts.offset = ffi.sizeof("struct bpf_kprobe_opts"), retprobe, offset
    opts.bpf_cookie = cookie
    inside = ", or, for a kretprobe, of a function" if retprobe else ""
    gone = _nothing_there if name is None else lambda: missing(os.fsdecode(name))
    return link(
        program,
        what,
        f"{kind}:{place}",
        lib.bpf_program__attach_kprobe_opts,
        ffi.NULL if name is None else name,
        opts,
        hints={
            errno.ENOENT: gone,
            errno.EINVAL: f"'{place}' cannot be probed: it is protected, or not the start of an "
            f"instruction{inside}",
            errno.EILSEQ: f"'{place}' is not the start of an instruction",
            errno.EADDRNOTAVAIL: gone,
        },
    )


def available() -> bool:
    """Whether the kernel has kprobes at all."""
    return os.path.exists(PERF_TYPE) or any(map(os.path.exists, LEGACY))


def _nothing_there() -> str:
    return "the kernel has no function at this address" if available() else NO_KPROBES


def missing(func_name: str) -> str | None:
    """Why there is nothing to attach to: no kprobes at all, or no such function (and its neighbours)."""
    if not available():
        return NO_KPROBES
    names = functions()
    if func_name in names:
        return f"'{func_name}' exists, but cannot be probed (inlined in places, or marked notrace)"
    if not names:
        return None
    return (
        f"the kernel has no function '{func_name}' (inlined, or of another version){near(func_name, names)}"
    )


def near(func_name: str, names: list[str]) -> str:
    """What may have been meant: parts that the compiler made of the function, or names that are close."""
    from difflib import get_close_matches

    parts = [name for name in names if name.partition(".")[0] == func_name]
    close = parts[:3] or get_close_matches(func_name, names, 3)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def functions() -> list[str]:
    """The kernel's functions by name; empty where they cannot be read."""
    try:
        with open(KALLSYMS) as file:
            lines = [line.split() for line in file]
    except OSError:
        return []
    return sorted({fields[2] for fields in lines if len(fields) > 2 and fields[1] in "tTwW"})
