"""What a program is attached to: what its section names, or what the flags give.

All programs are attached, or the object is closed with none. `Unattachable` names the program, the
reason and the flag that helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf.enums import BpfProgType

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfLink, BpfObject, BpfProgram

CGROUP_TYPES = frozenset(
    getattr(BpfProgType, name)
    for name in (
        "CGROUP_SKB", "CGROUP_SOCK", "CGROUP_SOCK_ADDR", "CGROUP_SOCKOPT", "CGROUP_SYSCTL", "CGROUP_DEVICE",
        "SOCK_OPS",
    )
)  # fmt: skip
PROCESS_SECTIONS = ("uprobe", "uretprobe", "usdt", "perf_event")
CALLED = frozenset([BpfProgType.SYSCALL])


class Unattachable(BpfError):
    """A program that cannot be attached as things are."""


@dataclass(frozen=True)
class Targets:
    """What the flags give; None where they give nothing."""

    interface: str | int | None = None
    cgroup: str | None = None
    pid: int | None = None
    programs: Sequence[str] = ()


@dataclass(frozen=True)
class Attached:
    """What was attached: a text for each program, and what was chosen for the user."""

    programs: list[str]
    notes: list[str]


def attach_all(obj: BpfObject, targets: Targets) -> Attached:
    """Attach the programs of an object, all or (after an exception, when it is closed) none."""
    chosen = [obj.program(name) for name in targets.programs] or list(obj.programs.values())
    called = [program.name for program in chosen if program.type in CALLED]
    chosen = [program for program in chosen if program.type not in CALLED]
    if not chosen:
        raise Unattachable(_nothing(obj, called))
    cgroup = _prepare(chosen, targets)
    attached = [f"{program.name} ({_attach(program, targets, cgroup)})" for program in chosen]
    notes = [f"'{name}' is not attached: it runs when user space calls it" for name in called]
    if cgroup is not None and targets.cgroup is None:
        notes.append(f"cgroup {cgroup}: all processes; --cgroup PATH chooses another")
    return Attached(attached, notes)


def _nothing(obj: BpfObject, called: Sequence[str]) -> str:
    if called:
        names = ", ".join(f"'{name}'" for name in called)
        return f"{names}: programs of section 'syscall' run when user space calls them: none is attached"
    return f"object '{obj.name}' has no programs"


def _prepare(programs: Sequence[BpfProgram], targets: Targets) -> str | None:
    """The cgroup, where one is needed; everything that is missing is an error before any is attached."""
    xdp = [program for program in programs if program.type is BpfProgType.XDP]
    network = [program for program in programs if needs_interface(program)]
    if network and targets.interface is None:
        raise Unattachable(_no_interface(network))
    if len(xdp) > 1:
        names = ", ".join(program.name for program in xdp)
        message = f"an interface takes one XDP program, here are {len(xdp)}: {names}"
        raise Unattachable(f"{message}\n  hint: --program {xdp[0].name} attaches that one alone")
    grouped = [program for program in programs if program.type in CGROUP_TYPES]
    if not grouped:
        return None
    return targets.cgroup if targets.cgroup is not None else _root_cgroup(grouped[0])


def needs_interface(program: BpfProgram) -> bool:
    """Whether the program sees the packets of a network interface."""
    return program.type in (BpfProgType.XDP, BpfProgType.SCHED_CLS, BpfProgType.SCHED_ACT)


def needs_process(program: BpfProgram) -> bool:
    """Whether --pid limits what the program is attached to."""
    return program.section.lstrip("?").partition("/")[0].partition(".")[0] in PROCESS_SECTIONS


def interfaces() -> str:
    """The names of the interfaces that there are, for messages."""
    import socket

    return ", ".join(name for _, name in socket.if_nameindex()) or "none"


def _no_interface(programs: Sequence[BpfProgram]) -> str:
    names = ", ".join(f"'{program.name}' ({program.section})" for program in programs)
    see = "sees" if len(programs) == 1 else "see"
    return f"{names} {see} packets: give --interface NAME; there is: {interfaces()}"


def _root_cgroup(program: BpfProgram) -> str:
    from tinybpf.system import mounted

    found = mounted("cgroup2")
    if found:
        return found[0]
    mount = "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified"
    raise Unattachable(
        f"'{program.name}' ({program.section}) needs a cgroup of version 2, and none is mounted\n"
        f"  hint: {mount}, or --cgroup PATH"
    )


def _attach(program: BpfProgram, targets: Targets, cgroup: str | None) -> str:
    """Attach one program; what it is attached to."""
    try:
        return _link(program, targets, cgroup).target
    except Unattachable:
        raise
    except BpfError as error:
        message = str(error)
        if f"'{program.name}'" not in message:
            message = f"'{program.name}' ({program.section}): {message}"
        raise Unattachable(message, error.errno, error.libbpf_log) from error
    except NotImplementedError:
        raise Unattachable(
            f"'{program.name}' ({program.section}): this kind of program cannot be attached"
        ) from None


def _link(program: BpfProgram, targets: Targets, cgroup: str | None) -> BpfLink:
    if program.type is BpfProgType.XDP:
        assert targets.interface is not None
        return program.attach_xdp(targets.interface)
    if program.type in CGROUP_TYPES:
        assert cgroup is not None
        return program.attach_cgroup(cgroup)
    return program.attach()
