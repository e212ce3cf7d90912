"""lirc_mode2: programs that decode what an infrared receiver receives."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, error_from, not_found, path_of
from tinybpf.libbpf.attach import _without_link
from tinybpf.libbpf.attach._common import require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

LIRC_MODE2 = 16  # BPF_LIRC_MODE2


def attach(program: BpfProgram, device: str | os.PathLike[str]) -> BpfLink:
    """See `BpfProgram.attach_lirc`. Kernel 4.18 or later."""
    path = path_of("device", device)
    what = f"attach lirc_mode2 to '{path}'"
    require_type(program, what, BpfProgType.LIRC_MODE2)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise not_found(f"{what} failed: there is no such device", error.errno or 0) from None
    except OSError as error:
        raise error_from(what, error.errno or 0, None) from None
    hints: Hints = {
        errno.EINVAL: lambda: (
            _since.absence("lirc_mode2") or f"'{path}' is no device of a raw infrared receiver"
        ),
        errno.EBUSY: "the device has as many programs as the kernel allows (64)",
        errno.EEXIST: "this program is attached there already",
        errno.ENOTTY: f"'{path}' is no infrared device",
    }
    try:
        return _without_link.place(program, what, f"lirc_mode2:{path}", fd, LIRC_MODE2, 0, hints)
    finally:
        os.close(fd)
