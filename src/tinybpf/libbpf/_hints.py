"""What to do about an errno, where the running system tells.

The kernel answers EPERM to whatever it forbids. Which capability it asks for depends on the kind
of program or map; the tables here say so, and a test with the kernel holds them to it.
"""

from __future__ import annotations

import errno as codes
import os

TYPE_CHECKING = False  # this is imported with every load
if TYPE_CHECKING:
    from collections.abc import Iterable

BPF, PERFMON, NET_ADMIN, SYS_ADMIN = "CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"
ALL_NEEDS = (BPF, PERFMON, NET_ADMIN)

# Program types by the kernel's numbers (BpfProgType): those that see memory of the kernel, and
# those that decide over the network. All others need CAP_BPF alone.
_TRACING = frozenset({2, 5, 7, 17, 24, 26, 27, 28, 29})
_NETWORK = frozenset({3, 4, 6, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 22, 23, 25, 28, 32})
_NETWORK_MAPS = frozenset({14, 15, 17, 18, 25})  # devices and sockets


def program_needs(kind: int) -> tuple[str, ...]:
    """The capabilities that loading a program of this type takes, by name. Kernel 5.8 or later."""
    needs = [BPF]
    if kind in _TRACING:
        needs.append(PERFMON)
    if kind in _NETWORK:
        needs.append(NET_ADMIN)
    return tuple(needs)


def map_needs(kind: int) -> tuple[str, ...]:
    """The capabilities that creating a map of this type takes, by name. Kernel 5.8 or later."""
    return (BPF, NET_ADMIN) if kind in _NETWORK_MAPS else (BPF,)


def missing_capabilities(needs: Iterable[str] = ALL_NEEDS) -> list[str] | None:
    """Which of these this thread lacks for ``bpf()``, or None where /proc does not say.

    CAP_SYS_ADMIN stands for each of them, and before Linux 5.8 nothing else does for the first two.
    """
    from tinybpf import system

    effective = system.effective_capabilities()
    if effective is None:
        return None
    if SYS_ADMIN in effective:
        return []
    if system.older_than("5.8"):
        needs = dict.fromkeys(SYS_ADMIN if name in (BPF, PERFMON) else name for name in needs)
    return [name for name in needs if name not in effective]


def general_hint(errno: int) -> str | None:
    """A hint that holds for whatever was attempted."""
    if errno in (codes.EPERM, codes.EACCES):
        return permission_hint()
    if errno == codes.EMFILE:
        return _open_files()
    return _GENERAL.get(errno)


_GENERAL = {
    codes.ENOSYS: "this kernel was built without CONFIG_BPF_SYSCALL, or system calls are filtered (seccomp)",
    codes.ENFILE: "the machine has as many open files as it may: sysctl fs.file-max",
    codes.ENOMEM: "the kernel has not enough memory for it, or this process's cgroup may not have more",
}


def _open_files() -> str | None:
    """Programs, maps, links and BTF are descriptors each."""
    try:
        import resource
    except ImportError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return f"this process may have {limit} open files, and each program, map and link is one: ulimit -n"


def permission_hint(needs: Iterable[str] = ALL_NEEDS, purpose: str = "") -> str | None:
    """Why the kernel may have forbidden what takes the capabilities ``needs``.

    ``purpose`` says what they are for: "to load 'count' (XDP)". None where nothing is known to be
    missing.
    """
    missing = missing_capabilities(needs)
    if missing:
        return _lacks(missing, purpose)
    return _other_reason() if missing is not None else None


def lacks(needs: Iterable[str], purpose: str = "") -> str | None:
    """The words for capabilities that this thread lacks, or None where it lacks none of these."""
    missing = missing_capabilities(needs)
    return _lacks(missing, purpose) if missing else None


def perf_hint() -> str | None:
    """Where perf events take more than CAP_PERFMON: kernels of Debian and Ubuntu with their own level."""
    from tinybpf import system

    level = system.sysctl("kernel.perf_event_paranoid")
    if level is None or level < 3 or SYS_ADMIN in (system.effective_capabilities() or (SYS_ADMIN,)):
        return None
    return (
        f"kernel.perf_event_paranoid is {level}, where kernels of Debian and Ubuntu ask for CAP_SYS_ADMIN: "
        "sysctl -w kernel.perf_event_paranoid=2 as root; a raw tracepoint does without"
    )


def _lacks(missing: list[str], purpose: str) -> str:
    who = "root in a container" if os.geteuid() == 0 else "this process"
    goal = f" {purpose}" if purpose else ""
    them = "the capability" if len(missing) == 1 else "the capabilities"
    return f"{who} lacks {listing(missing)}{goal}; run it as root, or give it {them}"


def listing(names: list[str]) -> str:
    """Names as a sentence has them: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _other_reason() -> str | None:
    """What forbids eBPF to who has the capabilities for it."""
    from tinybpf import system

    if system.in_initial_user_namespace() is False:
        return (
            "the capabilities of this process count only within its user namespace (a rootless container?); "
            "eBPF needs those of the machine"
        )
    mode = system.lockdown()
    if mode in ("integrity", "confidentiality"):
        return f"the kernel is in lockdown mode '{mode}', which forbids some of eBPF even to root"
    if system.seccomp() == "filter":
        return (
            "system calls of this process are filtered (seccomp), as containers do it by default; "
            "bpf() and perf_event_open() may be forbidden"
        )
    if system.older_than("5.11"):
        limit = system.memlock_limit()
        if limit is not None and limit >= 0:
            return f"locked memory is limited to {limit >> 10} KiB, which maps count as: ulimit -l unlimited"
    return None
