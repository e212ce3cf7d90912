"""What the kernel tells of a map, and what is set for it as a whole."""

from __future__ import annotations

import errno
from typing import Any

from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._hints import permission_hint
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import MapCore


def of(core: MapCore) -> Any:
    """The kernel's ``struct bpf_map_info``. Kernel 4.13 or later."""
    _held, fd = core.held(), core.require()
    return of_fd(fd, f"read what the kernel knows of map '{core.name}'")


def of_fd(fd: int, what: str) -> Any:
    info = ffi.new("struct bpf_map_info *")
    size = ffi.new("__u32 *", ffi.sizeof("struct bpf_map_info"))
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return info


def freeze(core: MapCore) -> None:
    hints: Hints = {
        errno.EBUSY: "it is frozen already, or its memory is mapped for writing",
        errno.EPERM: lambda: permission_hint(()) or "it is frozen already, or read-only for user space",
        errno.EINVAL: "Linux 5.2 brought bpf_map_freeze()",
    }
    _held, fd = core.held(), core.require()
    attempt(f"freeze map '{core.name}'", lib.bpf_map_freeze, fd, hints=hints)
