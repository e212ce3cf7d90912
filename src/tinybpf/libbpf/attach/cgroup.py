"""Programs that decide over what the processes of a cgroup do."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import error_from, not_found, path_of
from tinybpf.libbpf._hints import lacks, program_needs
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach import _order, lsm
from tinybpf.libbpf.attach._common import create, link_options
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from typing import Any

    from tinybpf.libbpf._check import Hints
    from tinybpf.libbpf.attach._order import Neighbour
    from tinybpf.libbpf.program import BpfProgram

CGROUP2_MAGIC = "cgroup2"
DIRECTIONS = {"ingress": 0, "egress": 1}  # BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS
MODES = {"exclusive": 0, "override": 1, "multi": 2}  # flags of BPF_PROG_ATTACH

_TYPES = (
    BpfProgType.CGROUP_SKB, BpfProgType.CGROUP_SOCK, BpfProgType.CGROUP_SOCK_ADDR,
    BpfProgType.CGROUP_SOCKOPT, BpfProgType.CGROUP_SYSCTL, BpfProgType.CGROUP_DEVICE, BpfProgType.SOCK_OPS,
    BpfProgType.LSM,
)  # fmt: skip

_OPEN_HINTS = {
    errno.EACCES: "this user may not open the cgroup's directory: let root make it readable (chmod o+rx, or "
    "chown), or give this process CAP_DAC_READ_SEARCH",
}


def attach(
    program: BpfProgram,
    cgroup: str | os.PathLike[str] | int,
    direction: str | None,
    before: Neighbour,
    after: Neighbour,
    first: bool,
    mode: str | None,
) -> BpfLink:
    """See `BpfProgram.attach_cgroup`. Kernel 5.7 or later, 4.10 without a link."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    attach_type = _attach_type(program, direction)
    if mode is not None and mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}")
    opts = link_options()
    ordered = _order.set_order(opts, before, after, first)
    if ordered and mode is not None:
        raise ValueError("an order is for links, a mode for what is attached without one: give either")
    if isinstance(cgroup, int):
        return _attach_fd(program, cgroup, f"descriptor {cgroup}", f"fd {cgroup}", attach_type, opts, mode)
    path = path_of("cgroup", cgroup)
    fd = open_cgroup(f"attach cgroup program to '{path}'", path)
    try:
        return _attach_fd(program, fd, path, path, attach_type, opts, mode)
    finally:
        os.close(fd)


def open_cgroup(what: str, path: str) -> int:
    """A descriptor of the cgroup's directory."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise not_found(f"{what} failed: there is no such cgroup{_mounts()}", error.errno or 0) from None
    except OSError as error:
        raise error_from(what, error.errno or 0, None, _OPEN_HINTS) from None


def _attach_type(program: BpfProgram, direction: str | None) -> int:
    own: int = lib.bpf_program__expected_attach_type(program.pointer)
    if direction is None:
        return own
    if program.type is not BpfProgType.CGROUP_SKB:
        raise ValueError(f"direction is for cgroup_skb programs, not for section '{program.section}'")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction must be 'ingress' or 'egress', not {direction!r}")
    return DIRECTIONS[direction]


def _attach_fd(
    program: BpfProgram, fd: int, where: str, target: str, attach_type: int, opts: Any, mode: str | None
) -> BpfLink:
    what, name = f"attach cgroup program to '{where}'", f"cgroup:{target}"
    hints = _hints(program)
    if program.type is BpfProgType.LSM:
        lsm.require_active(what)
    if program.type not in _TYPES:
        raise error_from(what, errno.EINVAL, None, hints)
    if mode is not None:
        return _place(program, what, name, fd, attach_type, MODES[mode], hints)
    if opts.flags:
        _since.require_libbpf(what, "order among the programs of a cgroup", "1.6")
    try:
        return create(program, what, name, fd, attach_type, opts, hints=hints)
    except BpfError as error:
        return _older(program, what, name, fd, attach_type, opts.flags, error)


def _older(
    program: BpfProgram, what: str, name: str, fd: int, attach_type: int, flags: int, refused: BpfError
) -> BpfLink:
    """Without a link, where the kernel has none; or the exception, with what the kernel lacks."""
    if refused.errno != errno.EINVAL:
        raise refused
    if not flags and _since.absence("cgroup links"):
        return _place(program, what, name, fd, attach_type, MODES["multi"], _hints(program))
    absent = _since.absence("an order among the programs of a cgroup") if flags else None
    if absent:
        refused.message = f"{what} failed: {absent}"
    raise refused


def _place(
    program: BpfProgram, what: str, name: str, fd: int, attach_type: int, flags: int, hints: Hints
) -> BpfLink:
    from tinybpf.libbpf.attach import _without_link

    return _without_link.place(program, what, name, fd, attach_type, flags, hints)


def _hints(program: BpfProgram) -> Hints:
    def why_forbidden() -> str:
        return lacks(program_needs(program.type)) or (
            "a cgroup above this one has a program that forbids others below it, or this one has programs "
            "that were attached in another mode"
        )

    return {
        **_order.HINTS,
        errno.EBADF: lambda: f"this is no cgroup of version 2{_mounts()}",
        errno.EINVAL: f"'{program.name}' is a {program.type.name} program in section "
        f"'{program.section}'; that must be one of cgroup/…, cgroup_skb/…, lsm_cgroup/… or sockops",
        errno.EPERM: why_forbidden,
    }


def _mounts() -> str:
    """Where cgroups of version 2 are mounted, for a message."""
    try:
        with open("/proc/self/mounts") as file:
            lines = [line.split() for line in file]
    except OSError:
        return ""
    found = [fields[1] for fields in lines if len(fields) > 2 and fields[2] == CGROUP2_MAGIC]
    if not found:
        return "; no cgroup2 file system is mounted"
    return f"; those are below {' or '.join(found)}"
