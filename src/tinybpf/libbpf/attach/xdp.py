"""XDP: a program that sees each packet of a network interface first."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(program: BpfProgram, interface: str | int) -> BpfLink:
    """See `BpfProgram.attach_xdp`. Kernel 5.9 or later."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    name, index = find_interface("xdp", interface)
    taken = f"'{name}' has an XDP program already: see `ip link show dev {name}`"
    unsuitable = "XDP links need kernel 5.9 or later; a driver may also refuse a large MTU"
    if program.type is not BpfProgType.XDP:
        unsuitable = f"'{program.name}' is a {program.type.name} program, this needs an XDP one"
    return link(
        program,
        f"attach xdp to '{name}'",
        f"xdp:{name}",
        lib.bpf_program__attach_xdp,
        index,
        hints={
            errno.EBUSY: taken,
            errno.EEXIST: taken,
            errno.EINVAL: unsuitable,
            errno.ENODEV: f"interface {index} went away",
        },
    )
