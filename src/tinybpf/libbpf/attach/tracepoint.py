"""Tracepoints: the kernel's static events, under tracefs by category and name."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import not_found
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

TRACEFS = "/sys/kernel/tracing"
DEBUGFS = "/sys/kernel/debug/tracing"
MOUNT = f"mount -t tracefs tracefs {TRACEFS}"


def attach(program: BpfProgram, category: str, name: str) -> BpfLink:
    """See `BpfProgram.attach_tracepoint`. Kernel 4.7 or later."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    what = f"attach tracepoint to '{category}/{name}'"
    unsuitable = f"'{program.name}' is a {program.type.name} program, this needs a TRACEPOINT one"
    events = events_directory()
    if events is None:
        raise not_found(f"{what} failed: tracefs is not mounted\n  hint: {MOUNT}", errno.ENOENT)
    return link(
        program,
        what,
        f"tracepoint:{category}/{name}",
        lib.bpf_program__attach_tracepoint,
        category.encode(),
        name.encode(),
        hints={
            errno.ENOENT: lambda: near(events, category, name),
            errno.EINVAL: unsuitable,
            errno.EACCES: "the program reads beyond the end of this tracepoint's context",
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
