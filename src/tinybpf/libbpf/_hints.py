"""What to do about an errno, where the running system tells."""

from __future__ import annotations

import errno as codes
import os

CAP_SYS_ADMIN = 21
CAP_NET_ADMIN = 12
CAP_PERFMON = 38
CAP_BPF = 39

_NAMES = {
    CAP_NET_ADMIN: "CAP_NET_ADMIN",
    CAP_SYS_ADMIN: "CAP_SYS_ADMIN",
    CAP_PERFMON: "CAP_PERFMON",
    CAP_BPF: "CAP_BPF",
}


def general_hint(errno: int) -> str | None:
    """A hint that holds for whatever was attempted."""
    if errno in (codes.EPERM, codes.EACCES):
        return permission_hint()
    return None


def permission_hint() -> str | None:
    """Why bpf() may have been forbidden: capabilities, then lockdown."""
    missing = missing_capabilities()
    if missing is None:
        return None
    if missing:
        who = "root in a container" if os.geteuid() == 0 else "this process"
        return f"{who} lacks {', '.join(missing)}; run it as root, or give it the capabilities"
    if lockdown() in ("integrity", "confidentiality"):
        return f"the kernel is in lockdown mode '{lockdown()}', which forbids some of eBPF even to root"
    return None


def missing_capabilities() -> list[str] | None:
    """Names of the capabilities for eBPF that this thread lacks, or None where /proc does not say."""
    effective = _effective_capabilities()
    if effective is None:
        return None
    wanted = [CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN]
    if effective >> CAP_SYS_ADMIN & 1:  # includes the first two
        wanted = [CAP_NET_ADMIN]
    return [_NAMES[number] for number in wanted if not effective >> number & 1]


def lockdown() -> str | None:
    """The kernel's lockdown mode: "none", "integrity", "confidentiality", or None if unknown."""
    content = _read("/sys/kernel/security/lockdown")
    if content is None or "[" not in content:
        return None
    return content.partition("[")[2].partition("]")[0]


def _effective_capabilities() -> int | None:
    status = _read("/proc/thread-self/status") or ""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return None


def _read(path: str) -> str | None:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None
