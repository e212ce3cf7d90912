"""What a program is attached to: what its section names, or what the flags give.

All programs are attached, or none is: who calls closes the object after an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf.enums import BpfProgType

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfLink, BpfObject, BpfProgram

CGROUP = frozenset(
    getattr(BpfProgType, name)
    for name in (
        "CGROUP_SKB", "CGROUP_SOCK", "CGROUP_SOCK_ADDR", "CGROUP_SOCKOPT", "CGROUP_SYSCTL", "CGROUP_DEVICE",
        "SOCK_OPS",
    )
)  # fmt: skip
NETWORK = frozenset([BpfProgType.XDP, BpfProgType.SCHED_CLS, BpfProgType.SCHED_ACT])
USER_PROBES = ("uprobe", "uretprobe")
SAMPLING = ("cpu-clock", 99)
ITERATORS = ("iter/", "iter.s/")
DIRECTIONS = ("ingress", "egress")


class FlagError(BpfError):
    """A flag that is missing, or that has nothing to act on."""


class Unattachable(BpfError):
    """A program that cannot be attached as things are: names it, the reason, and what helps."""


@dataclass(frozen=True)
class Targets:
    """What the flags give; None where they give nothing."""

    interface: str | int | None = None
    cgroup: str | None = None
    pid: int | None = None
    programs: Sequence[str] = ()


@dataclass
class Attached:
    """What was attached: each program and to what, and what was chosen for the user.

    ``iterators`` are the programs that write lines when they are asked to.
    """

    programs: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    iterators: list[tuple[str, Iterable[str]]] = field(default_factory=list)


def attach_all(obj: BpfObject, targets: Targets) -> Attached:
    """Attach the programs of an object: all, or those that ``targets.programs`` names.

    `FlagError` before any is attached, where a flag is missing; `Unattachable` where the kernel
    refuses one.
    """
    done = Attached()
    chosen = _chosen(obj, targets, done)
    cgroup = _prepare(chosen, targets, done)
    for program in chosen:
        link = _attach(program, targets, cgroup, done)
        done.programs.append((program.name, link.target))
        if program.section.lstrip("?").startswith(ITERATORS):
            assert isinstance(link, Iterable)
            done.iterators.append((program.name, link))
    return done


def _chosen(obj: BpfObject, targets: Targets, done: Attached) -> list[BpfProgram]:
    named = [obj.program(name) for name in dict.fromkeys(targets.programs)]
    chosen = []
    for program in named or obj.programs.values():
        if program.type is BpfProgType.SYSCALL:
            done.notes.append(f"'{program.name}' is not attached: it runs when user space calls it")
        else:
            chosen.append(program)
    if not chosen:
        raise Unattachable(f"object '{obj.name}' has no program that could be attached")
    return chosen


def _prepare(programs: Sequence[BpfProgram], targets: Targets, done: Attached) -> str | None:
    """Check the flags; the cgroup, where one is needed."""
    network = [program for program in programs if program.type in NETWORK]
    if network and targets.interface is None:
        raise FlagError(_no_interface(network))
    if targets.interface is not None and not network:
        raise FlagError("--interface is for XDP and tc programs, and this object has none")
    xdp = [program.name for program in programs if program.type is BpfProgType.XDP]
    if len(xdp) > 1:
        message = f"an interface takes one XDP program, this object has {len(xdp)}: {', '.join(xdp)}"
        raise FlagError(f"{message}; choose with --program {xdp[0]}")
    grouped = [program for program in programs if program.type in CGROUP]
    if targets.cgroup is not None and not grouped:
        raise FlagError("--cgroup is for cgroup programs, and this object has none")
    if not grouped or targets.cgroup is not None:
        return targets.cgroup
    root = _root_cgroup(grouped[0])
    done.notes.append(f"cgroup {root}: all processes below it; --cgroup PATH chooses another")
    return root


def is_for_process(program: BpfProgram) -> bool:
    """Whether --pid limits where the program runs."""
    kind = program.section.lstrip("?").partition("/")[0].partition(".")[0]
    return program.type is BpfProgType.PERF_EVENT or kind in USER_PROBES


def _no_interface(programs: Sequence[BpfProgram]) -> str:
    import socket

    names = ", ".join(f"'{program.name}' ({program.section})" for program in programs)
    there = ", ".join(name for _, name in socket.if_nameindex()) or "none"
    sees = "sees" if len(programs) == 1 else "see"
    return f"{names} {sees} packets of an interface: give --interface NAME; there is: {there}"


def _root_cgroup(program: BpfProgram) -> str:
    """Where cgroups of version 2 are mounted."""
    from tinybpf.system import mounted

    found = mounted("cgroup2")
    if found:
        return found[0]
    from tinybpf.doctor.places import MOUNT_CGROUP2

    raise Unattachable(
        f"'{program.name}' ({program.section}) needs a cgroup of version 2, and none is mounted\n"
        f"  hint: {MOUNT_CGROUP2}"
    )


def _attach(program: BpfProgram, targets: Targets, cgroup: str | None, done: Attached) -> BpfLink:
    try:
        return _link(program, targets, cgroup, done)
    except (BpfError, ValueError, OSError) as error:
        if isinstance(error, FlagError):
            raise
        message = str(error)
        if f"'{program.name}'" not in message.partition("\n")[0]:
            message = f"'{program.name}' ({program.section}): {message}"
        number = error.errno if isinstance(error, BpfError) else 0
        raise Unattachable(message, number, getattr(error, "libbpf_log", None)) from error


def _link(program: BpfProgram, targets: Targets, cgroup: str | None, done: Attached) -> BpfLink:
    if program.type in NETWORK:
        assert targets.interface is not None
        return _to_interface(program, targets.interface, done)
    if program.type in CGROUP:
        assert cgroup is not None
        return program.attach_cgroup(cgroup)
    if program.type is BpfProgType.PERF_EVENT:
        event, frequency = SAMPLING
        done.notes.append(f"'{program.name}' runs {frequency} times a second ({event})")
        return program.attach_perf_event(event, frequency=frequency, pid=targets.pid)
    if targets.pid is not None and is_for_process(program):
        return _to_process(program, targets.pid)
    return program.attach()


def _to_interface(program: BpfProgram, interface: str | int, done: Attached) -> BpfLink:
    kind, _, where = program.section.lstrip("?").partition("/")
    if program.type is BpfProgType.XDP:
        return program.attach_xdp(interface)
    if kind == "netkit":
        return program.attach_netkit(interface)
    if where.rpartition("/")[2] in DIRECTIONS:
        return program.attach_tcx(interface)
    why = f"its section '{program.section}' names no direction"
    done.notes.append(f"'{program.name}' sees what comes in: {why}")
    return program.attach_tcx(interface, "ingress")


def _to_process(program: BpfProgram, pid: int) -> BpfLink:
    """A probe of a program or library, for one process: ``uprobe/PATH:SYMBOL+OFFSET``."""
    kind, _, place = program.section.lstrip("?").partition("/")
    path, colon, symbol = place.rpartition(":")
    if not colon:
        raise ValueError(f"section '{program.section}' is not of the form {kind}/PATH:FUNCTION")
    symbol, _, offset = symbol.partition("+")
    returns = kind.startswith("uretprobe")
    if symbol[:1].isdigit():
        return program.attach_uprobe(path, int(symbol, 0), pid, returns)
    return program.attach_uprobe(path, int(offset or "0", 0), pid, returns, symbol=symbol)
