"""Perf events: a program that runs when a counter of the kernel or the processor has gone so far."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._hints import PERFMON, lacks, perf_hint
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import cookie_of, perform, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

HARDWARE, SOFTWARE = 0, 1  # PERF_TYPE_*
EVENTS = {
    "cpu-clock": (SOFTWARE, 0),
    "task-clock": (SOFTWARE, 1),
    "page-faults": (SOFTWARE, 2),
    "context-switches": (SOFTWARE, 3),
    "cpu-migrations": (SOFTWARE, 4),
    "minor-faults": (SOFTWARE, 5),
    "major-faults": (SOFTWARE, 6),
    "cpu-cycles": (HARDWARE, 0),
    "instructions": (HARDWARE, 1),
    "cache-references": (HARDWARE, 2),
    "cache-misses": (HARDWARE, 3),
    "branch-instructions": (HARDWARE, 4),
    "branch-misses": (HARDWARE, 5),
    "bus-cycles": (HARDWARE, 6),
}
COUNTED = frozenset({"page-faults", "context-switches", "cpu-migrations", "minor-faults", "major-faults"})
FREQUENCY = 99  # not in step with what happens every 10 ms
ONLINE = "/sys/devices/system/cpu/online"


class SeveralLinks(BpfLink):
    """One link for several perf events: one for each CPU, or for each place of a uprobe."""

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return int(lib.bpf_link__fd(pointer[0]))

    @staticmethod
    def _discard(pointer: Any) -> None:
        for one in pointer:
            lib.bpf_link__destroy(one)

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        if len(pointer) > 1:
            raise BpfError(
                f"{what} failed: it is {len(pointer)} perf events, one for each CPU or place",
                errno.EOPNOTSUPP,
            )
        super()._pin(what, pointer[0], path)

    def _unpin(self, what: str, pointer: Any) -> None:
        super()._unpin(what, pointer[0])

    def _free(self, pointer: Any) -> None:
        for one in pointer:
            self._fd = lib.bpf_link__fd(one)
            super()._free(one)


def attach(
    program: BpfProgram,
    event: str | tuple[int, int],
    frequency: int | None,
    period: int | None,
    pid: int | None,
    cpus: int | Iterable[int] | None,
    cookie: int,
) -> BpfLink:
    """See `BpfProgram.attach_perf_event`. Kernel 4.9 or later."""
    what = f"attach perf event '{event}'"
    require_type(program, what, BpfProgType.PERF_EVENT)
    type_, config = _event(event)
    frequency, period = _rate(event, frequency, period)
    if pid is not None and (isinstance(pid, bool) or not isinstance(pid, int)):
        raise TypeError(f"pid must be a process id, not {type(pid).__name__}")
    if pid is not None and not 0 <= pid < 1 << 31:
        raise ValueError(f"pid must be a process id, or 0 for this process: {pid}")
    where = _cpus(cpus, pid)
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    links: list[Any] = []
    try:
        for cpu in where:
            sampled = (type_, config, period, frequency)
            links.append(_one(program, what, sampled, -1 if pid is None else pid, cpu, cookie))
    except BaseException:
        SeveralLinks._discard(links)
        raise
    return make_link(tuple(links), f"perf_event:{event}", program.name, program.owner, SeveralLinks)


def _one(program: BpfProgram, what: str, event: tuple[int, ...], pid: int, cpu: int, cookie: int) -> Any:
    """A perf event with the program attached, enabled."""
    hints: dict[int, str | Callable[[], str | None]] = {
        errno.ENOENT: "this machine, or this virtual machine, has no such counter; software events such as "
        "'cpu-clock' are everywhere",
        errno.ESRCH: f"there is no process {pid}",
        errno.EACCES: lambda: lacks((PERFMON,), "to open a perf event") or perf_hint(),
        errno.EINVAL: lambda: _why_invalid(cpu),
        errno.ENODEV: lambda: _why_invalid(cpu),
    }
    on = f" on CPU {cpu}" if cpu >= 0 else ""
    fd = perform(program, what + on, lib.tb_perf_event_open, *event, pid, cpu, hints=hints)
    try:
        function = lib.bpf_program__attach_perf_event_opts
        opts = ffi.new("struct bpf_perf_event_opts *")
        opts.sz, opts.bpf_cookie = ffi.sizeof("struct bpf_perf_event_opts"), cookie
        return perform(program, what + on, function, program.pointer, fd, opts)
    except BaseException:
        os.close(fd)  # libbpf closes it only with the link
        raise


def _why_invalid(cpu: int) -> str:
    if cpu >= 0 and cpu not in (online := online_cpus()):
        return f"CPU {cpu} is not online; those that are: {', '.join(map(str, online))}"
    return "the kernel refuses this frequency or period; see /proc/sys/kernel/perf_event_max_sample_rate"


def _event(event: str | tuple[int, int]) -> tuple[int, int]:
    """Type and config of a perf event by name, or as given."""
    if isinstance(event, str):
        found = EVENTS.get(event)
        if found is None:
            raise ValueError(f"event '{event}' is unknown; there is: {', '.join(EVENTS)}")
        return found
    if isinstance(event, tuple) and len(event) == 2 and all(isinstance(number, int) for number in event):
        if not 0 <= event[0] < 1 << 32 or not 0 <= event[1] < 1 << 64:
            raise ValueError(f"type and config must fit 32 and 64 bits: {event}")
        return event
    raise TypeError(f"event must be a name or (type, config) of perf_event_open, not {event!r}")


def _rate(event: str | tuple[int, int], frequency: int | None, period: int | None) -> tuple[int, int]:
    """Frequency and period, of which one is 0."""
    if frequency is not None and period is not None:
        raise ValueError("give frequency or period, not both")
    for name, value in (("frequency", frequency), ("period", period)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"{name} must be a number, not {type(value).__name__}")
        if value is not None and not 0 < value < 1 << 63:
            raise ValueError(f"{name} must be positive: {value}")
    if frequency is None and period is None:
        return (0, 1) if event in COUNTED else (FREQUENCY, 0)
    return frequency or 0, period or 0


def _cpus(cpus: int | Iterable[int] | None, pid: int | None) -> list[int]:
    """The CPUs of the events; -1 follows a process wherever it runs."""
    if cpus is None:
        return online_cpus() if pid is None else [-1]
    found = [cpus] if isinstance(cpus, int) else list(cpus)
    for cpu in found:
        if isinstance(cpu, bool) or not isinstance(cpu, int):
            raise TypeError(f"cpus must be numbers, not {cpu!r}")
        if not 0 <= cpu < 1 << 20:
            raise ValueError(f"there is no CPU {cpu}")
    if not found:
        raise ValueError("cpus is empty: leave it out for all that are online")
    return sorted(set(found))


def online_cpus() -> list[int]:
    """The CPUs that are online, such as ``[0, 1, 2, 3]`` of ``0-3``."""
    with open(ONLINE) as file:
        ranges = [part.partition("-") for part in file.read().strip().split(",")]
    return [cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1)]
