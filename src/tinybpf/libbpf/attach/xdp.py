"""XDP: a program that sees each packet of a network interface first."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import create, link_options, perform
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf._check import Hints
    from tinybpf.libbpf.program import BpfProgram

XDP = 37  # BPF_XDP
MODES = {"generic": 1 << 1, "native": 1 << 2, "offload": 1 << 3}  # XDP_FLAGS_*_MODE
IF_NONE = 1  # XDP_FLAGS_UPDATE_IF_NOEXIST
ATTACHED = ("none", "native", "generic", "offload", "several")  # XDP_ATTACHED_*


@dataclass(frozen=True)
class XdpState:
    """What is attached to an interface: the ids of the programs by mode, 0 where there is none.

    ``mode`` is ``"none"``, ``"native"`` (by the driver), ``"generic"`` (by the kernel, behind the
    driver), ``"offload"`` (by the card), or ``"several"``.
    """

    mode: str
    native: int
    generic: int
    offload: int

    @property
    def program_id(self) -> int:
        """The program that is attached, 0 where there is none."""
        return self.native or self.generic or self.offload


def query_xdp(interface: str | int) -> XdpState:
    """What XDP programs an interface has, given by name or index. Kernel 4.8 or later.

    `NotFoundError` where there is no such interface.
    """
    name, index = find_interface("xdp", interface, "ask about")
    opts = ffi.new("struct bpf_xdp_query_opts *")
    opts.sz = ffi.sizeof("struct bpf_xdp_query_opts")
    attempt(f"ask about xdp of '{name}'", lib.bpf_xdp_query, index, 0, opts)
    by_mode = [opts.drv_prog_id, opts.skb_prog_id, opts.hw_prog_id]
    mode = ATTACHED[opts.attach_mode] if opts.attach_mode < len(ATTACHED) else f"mode {opts.attach_mode}"
    return XdpState(mode, *by_mode)


def attach(program: BpfProgram, interface: str | int, mode: str | None, replace: bool) -> BpfLink:
    """See `BpfProgram.attach_xdp`. Kernel 5.9 or later, 4.8 without a link."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    if mode is not None and mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}")
    name, index = find_interface("xdp", interface)
    what, target = f"attach xdp to '{name}'", f"xdp:{name}"
    flags = 0 if mode is None else MODES[mode]
    hints = _hints(program, name, index, mode)
    if replace and query_xdp(index).program_id:
        return _by_netlink(program, what, target, index, flags, hints)
    opts = link_options()
    opts.flags = flags
    try:
        return create(program, what, target, index, XDP, opts, hints=hints)
    except BpfError as error:
        if (
            error.errno != errno.EINVAL
            or program.type is not BpfProgType.XDP
            or not _since.absence("XDP links")
        ):
            raise
    return _by_netlink(program, what, target, index, flags | IF_NONE, hints)


def _by_netlink(program: BpfProgram, what: str, target: str, index: int, flags: int, hints: Hints) -> BpfLink:
    """Without a link; in the place of a program that was attached so, unless the flags say otherwise."""
    from tinybpf.libbpf.attach._xdp_netlink import NetlinkXdpLink, PlacedXdp

    _held, fd = program._held(), program.fd
    made = PlacedXdp(index, flags)
    try:
        perform(program, what, lib.bpf_xdp_attach, index, fd, flags, ffi.NULL, hints=hints)
        made.placed(fd)
    except BaseException:
        made.release()
        raise
    return make_link(made, target, program.name, program.owner, NetlinkXdpLink)


def _hints(program: BpfProgram, name: str, index: int, mode: str | None) -> Hints:
    taken = (
        f"'{name}' has an XDP program already: see `ip link show dev {name}`; replace=True takes its place, "
        "where it has no link"
    )
    unsuitable = "XDP links need kernel 5.9 or later; a driver may also refuse a large MTU"
    if program.type is not BpfProgType.XDP:
        unsuitable = f"'{program.name}' is a {program.type.name} program, this needs an XDP one"
    elif mode is not None:
        unsuitable += f", and mode '{mode}'"
    return {
        errno.EBUSY: taken,
        errno.EEXIST: taken,
        errno.EINVAL: unsuitable,
        errno.EOPNOTSUPP: f"the driver of '{name}' has no XDP of its own; mode 'generic' works everywhere",
        errno.ENODEV: f"interface {index} went away",
    }
