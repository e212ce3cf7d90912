"""Tracepoints: the kernel's static events, under tracefs by category and name."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import error_from, not_found
from tinybpf.libbpf._hints import PERFMON, lacks, perf_hint
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import c_name, cookie_of, link, require_cookies
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

TRACEFS = "/sys/kernel/tracing"
DEBUGFS = "/sys/kernel/debug/tracing"
MOUNT = f"mount -t tracefs tracefs {TRACEFS}"


def attach(program: BpfProgram, category: str, name: str, cookie: int = 0) -> BpfLink:
    """See `BpfProgram.attach_tracepoint`. Kernel 4.7 or later."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    what = f"attach tracepoint to '{category}/{name}'"
    unsuitable = f"'{program.name}' is a {program.type.name} program, this needs a TRACEPOINT one"
    events = events_directory()
    barred = barred_directory() if events is None else None
    if barred is not None:
        raise error_from(what, errno.EACCES, None, {errno.EACCES: _share(barred)})
    if events is None:
        raise not_found(f"{what} failed: tracefs is not mounted\n  hint: {MOUNT}", errno.ENOENT)
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    opts = ffi.new("struct bpf_tracepoint_opts *")
    opts.sz, opts.bpf_cookie = ffi.sizeof("struct bpf_tracepoint_opts"), cookie
    return link(
        program,
        what,
        f"tracepoint:{category}/{name}",
        lib.bpf_program__attach_tracepoint_opts,
        c_name("category", category),
        c_name("name", name),
        opts,
        hints={
            errno.ENOENT: lambda: near(events, category, name),
            errno.EINVAL: unsuitable,
            errno.EACCES: lambda: _denied(program, events, category, name),
            errno.EEXIST: "this program is attached to it already",
        },
    )


def events_directory() -> str | None:
    """Where tracefs lists its events, or None where it is not mounted (or may not be read)."""
    for root in (TRACEFS, DEBUGFS):
        events = os.path.join(root, "events")
        if os.path.isdir(events):
            return events
    return None


def barred_directory() -> str | None:
    """Where tracefs is, if it is mounted and this user may not look into it."""
    for root in (TRACEFS, DEBUGFS):
        try:
            os.stat(os.path.join(root, "events"))
        except PermissionError:
            return root
        except OSError:
            continue
    return None


def _denied(program: BpfProgram, events: str, category: str, name: str) -> str | None:
    """Why the tracepoint could not be opened: tracefs, a capability, or the program itself."""
    try:
        open(os.path.join(events, category, name, "id")).close()
    except PermissionError:
        return _share(os.path.dirname(events))
    except OSError:
        return None
    missing = lacks((PERFMON,), "to open a tracepoint") or perf_hint()
    return missing or f"'{program.name}' reads beyond the end of this tracepoint's context"


def _share(root: str) -> str:
    """How to let an ordinary user read tracefs."""
    return (
        f"this user may not read {root}: mount -o remount,mode=0750,gid=GROUP {root} as root, GROUP being "
        "a group of this user; or give it CAP_DAC_READ_SEARCH; a raw tracepoint does without"
    )


def near(events: str, category: str, name: str) -> str | None:
    """What to look at when there is no such tracepoint: the names that are close."""
    from difflib import get_close_matches

    try:
        categories = os.listdir(events)
        if category not in categories:
            close = get_close_matches(category, categories, 3)
            there = f"; did you mean {' or '.join(close)}?" if close else ""
            return f"the kernel has no tracepoint category '{category}'{there}"
        close = get_close_matches(name, os.listdir(os.path.join(events, category)), 3)
    except OSError:
        return None
    there = f"; did you mean {' or '.join(close)}?" if close else f"; see {events}/{category}"
    return f"the kernel has no tracepoint '{name}' in '{category}'{there}"
