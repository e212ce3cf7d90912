"""File systems of the kernel: where they are, and whether this process may use them."""

from __future__ import annotations

import os
import sys

from tinybpf import system
from tinybpf.doctor.report import Check, Level

TRACEFS = "/sys/kernel/tracing"
MOUNT_TRACEFS = f"mount -t tracefs tracefs {TRACEFS}"
SHARE_TRACEFS = f"mount -o remount,mode=0750,gid=GROUP {TRACEFS}"
MOUNT_BPFFS = "mount -t bpf bpf /sys/fs/bpf"
MOUNT_CGROUP2 = "mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2"


def tracefs() -> Check:
    found = tracefs_paths()
    facts = {"paths": found, "readable": [path for path in found if readable_events(path)]}
    if not found:
        return Check("tracefs", Level.WARN, "not mounted", f"tracepoints need it: {MOUNT_TRACEFS}", facts)
    if facts["readable"]:
        return Check("tracefs", Level.OK, ", ".join(found), None, facts)
    advice = (
        f"tracepoints need it: {SHARE_TRACEFS} (GROUP: a group of this user), or CAP_DAC_READ_SEARCH; "
        "raw tracepoints do without"
    )
    return Check("tracefs", Level.WARN, f"{found[0]}, not readable by this user", advice, facts)


def tracefs_paths() -> list[str]:
    """Where tracefs is mounted; debugfs brings it along, too."""
    found = system.mounted("tracefs")
    for debugfs in system.mounted("debugfs"):
        inside = f"{debugfs}/tracing"
        if inside not in found and os.path.isdir(f"{inside}/events"):
            found.append(inside)
    return sorted(found, key=lambda path: path != TRACEFS)


def readable_events(root: str) -> bool:
    """Whether this process may look up the number of a tracepoint there."""
    events = os.path.join(root, "events")
    try:
        # Not os.access: it leaves capabilities out.
        if not os.listdir(events):
            return False
        open(os.path.join(events, "header_page")).close()
    except FileNotFoundError:
        return os.path.isdir(events)
    except OSError:
        return False
    return True


def bpffs() -> Check:
    found = system.mounted("bpf")
    writable = [path for path in found if os.access(path, os.W_OK | os.X_OK)]
    facts = {"paths": found, "writable": writable}
    if not found:
        return Check("bpffs", Level.INFO, "not mounted", f"only pins need it: {MOUNT_BPFFS}", facts)
    if writable:
        return Check("bpffs", Level.OK, ", ".join(found), None, facts)
    advice = "pins need a directory there that belongs to this user: mkdir and chown it as root"
    return Check("bpffs", Level.INFO, f"{found[0]}, not writable by this user", advice, facts)


def cgroup2() -> Check:
    found = system.mounted("cgroup2")
    old = system.mounted("cgroup")
    facts = {"paths": found, "hybrid": bool(found and old), "own": own_cgroup()}
    if not found:
        return Check(
            "cgroup2", Level.WARN, "not mounted", f"cgroup programs need version 2: {MOUNT_CGROUP2}", facts
        )
    text = ", ".join(found)
    if old:
        advice = (
            f"cgroups of version 1 are mounted as well, beside it: programs are attached below {found[0]}, "
            "to cgroups of version 2"
        )
        return Check("cgroup2", Level.INFO, f"{text} (hybrid)", advice, facts)
    return Check("cgroup2", Level.OK, text, None, facts)


def own_cgroup() -> str | None:
    """The cgroup of version 2 that this process is in, as its namespace sees it."""
    for line in (system.read("/proc/self/cgroup") or "").splitlines():
        if line.startswith("0::"):
            return line[3:]
    return None


CHECKS = {"tracefs": tracefs, "bpffs": bpffs, "cgroup2": cgroup2} if sys.platform == "linux" else {}
