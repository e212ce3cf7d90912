"""Raw tracepoints: the same events as tracepoints, with the arguments the kernel code gives."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import tracepoint
from tinybpf.libbpf.attach._common import c_name, cookie_of, link, require_cookies
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(program: BpfProgram, name: str, cookie: int = 0) -> BpfLink:
    """See `BpfProgram.attach_raw_tracepoint`. Kernel 4.17 or later."""
    what = f"attach raw tracepoint to '{name}'"
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    text = c_name("name", name)
    arguments: tuple[Any, ...] = ()
    require_cookies(what, cookie_of(cookie), "raw tracepoints and tp_btf programs")
    function: Any = lib.bpf_program__attach_raw_tracepoint
    if cookie:
        opts = ffi.new("struct bpf_raw_tracepoint_opts *")
        opts.sz, opts.cookie = ffi.sizeof("struct bpf_raw_tracepoint_opts"), cookie
        function, arguments = lib.bpf_program__attach_raw_tracepoint_opts, (opts,)
    return link(
        program,
        what,
        f"raw_tracepoint:{name}",
        function,
        text,
        *arguments,
        hints={
            errno.ENOENT: lambda: _missing(name),
            errno.EINVAL: f"'{program.name}' is a {program.type.name} program, "
            "this needs a RAW_TRACEPOINT one",
        },
    )


def _missing(name: str) -> str:
    """What may have been meant: the names of the kernel's tracepoints that are close."""
    from difflib import get_close_matches

    plain = (
        f"the kernel has no tracepoint '{name}': raw tracepoints have no category in their name, and system "
        "calls are sys_enter and sys_exit"
    )
    events = tracepoint.events_directory()
    names: set[str] = {"sys_enter", "sys_exit"}
    try:
        for category in os.scandir(events) if events else ():
            if category.is_dir() and category.name != "syscalls":
                names.update(os.listdir(category.path))
    except OSError:
        return plain
    close = get_close_matches(name, names, 3)
    return f"{plain}; did you mean {' or '.join(close)}?" if close else plain
