"""This process: who it is, what it may do, and how much of the machine it sees."""

from __future__ import annotations

import os
import sys

from tinybpf import system
from tinybpf.doctor.report import Check, Level

ROOTLESS = (
    "run it as root, or as a service with AmbientCapabilities=CAP_BPF CAP_PERFMON CAP_NET_ADMIN "
    "(more ways in docs/doctor.md)"
)

# What each capability is for; CAP_SYS_ADMIN stands for all of them where eBPF is concerned.
PURPOSES = {
    "CAP_BPF": "to load programs and make maps",
    "CAP_PERFMON": "for tracing programs",
    "CAP_NET_ADMIN": "for network and cgroup programs",
}


def user() -> Check:
    import pwd

    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = "no name"
    return Check("user", Level.INFO, f"{name} (uid {uid})", None, {"uid": uid, "name": name})


def capabilities() -> Check:
    effective = system.effective_capabilities()
    if effective is None:
        return Check("capabilities", Level.INFO, "unknown: /proc does not tell", None, {"effective": None})
    facts = {which: sorted(system.capability_set(key) or ()) for which, key in _SETS.items()}
    if "CAP_SYS_ADMIN" in effective:
        if "CAP_NET_ADMIN" in effective:
            return Check("capabilities", Level.OK, _words(effective), None, facts)
        advice = "CAP_NET_ADMIN is missing: programs load, but can't be attached to network interfaces"
        return Check("capabilities", Level.WARN, _words(effective), advice, facts)
    if system.older_than("5.8"):
        advice = f"before Linux 5.8 eBPF takes CAP_SYS_ADMIN: {ROOTLESS}"
        return Check("capabilities", Level.BAD, _words(effective), advice, facts)
    missing = [name for name in PURPOSES if name not in effective]
    if not missing:
        return Check("capabilities", Level.OK, _words(effective), None, facts)
    level = Level.BAD if "CAP_BPF" in missing else Level.WARN
    lost = ", ".join(f"{name} {PURPOSES[name]}" for name in missing)
    return Check("capabilities", level, _words(effective), f"missing: {lost}; {ROOTLESS}", facts)


_SETS = {"effective": "CapEff", "permitted": "CapPrm", "bounding": "CapBnd", "ambient": "CapAmb"}


def _words(effective: frozenset[str]) -> str:
    """The capabilities, where there are few of them; otherwise those that are not there."""
    if not effective:
        return "none"
    if len(effective) <= len(system.CAPABILITIES) // 2:
        return ", ".join(sorted(effective))
    absent = sorted(set(system.CAPABILITIES) - effective)
    return f"all but {', '.join(absent)}" if absent else "all"


def user_namespace() -> Check:
    initial = system.in_initial_user_namespace()
    advice = (
        "capabilities count only within it, and eBPF needs the machine's: run outside of the rootless "
        "container, or delegate a BPF token (Linux 6.9)"
    )
    other = Level.BAD, "not the machine's own", advice
    return _namespace("user namespace", initial, other, {"initial": initial})


def pid_namespace() -> Check:
    initial = system.in_initial_pid_namespace()
    ids = system.process_status().get("NSpid", "").split()
    advice = (
        "BPF programs see the machine's process ids, not those seen here: a filter on os.getpid() never "
        "matches. In a container: --pid=host; or bpf_get_ns_current_pid_tgid in the program"
    )
    other = Level.WARN, f"another than the machine's; this process is {os.getpid()} here", advice
    return _namespace(
        "pid namespace", initial, other, {"initial": initial, "ids": [int(number) for number in ids]}
    )


def _namespace(
    name: str, initial: bool | None, other: tuple[Level, str, str], facts: dict[str, object]
) -> Check:
    """The check of a namespace; ``other``: what to say where it is not the machine's own."""
    if initial is None:
        return Check(name, Level.INFO, "unknown", None, facts)
    if initial:
        return Check(name, Level.OK, "the machine's own", None, facts)
    level, text, advice = other
    return Check(name, level, text, advice, facts)


def seccomp() -> Check:
    mode = system.seccomp()
    facts = {"mode": mode}
    if mode == "filter":
        text = "system calls are filtered, as containers do it by default"
        advice = (
            "if bpf() is refused below: docker run --security-opt seccomp=unconfined (or a profile with bpf)"
        )
        return Check("seccomp", Level.INFO, text, advice, facts)
    return Check("seccomp", Level.OK if mode == "off" else Level.INFO, mode or "unknown", None, facts)


def memlock() -> Check:
    limit = system.memlock_limit()
    facts = {"bytes": limit, "counts": system.older_than("5.11")}
    text = "unknown" if limit is None else "unlimited" if limit < 0 else f"{limit >> 10} KiB"
    if not facts["counts"]:
        return Check("locked memory", Level.OK, f"{text}; maps do not count since Linux 5.11", None, facts)
    if limit is None or limit < 0:
        return Check("locked memory", Level.OK, text, None, facts)
    effective = system.effective_capabilities() or ()
    if "CAP_SYS_RESOURCE" in effective:
        return Check("locked memory", Level.OK, f"{text}, raised when needed", None, facts)
    advice = "before Linux 5.11 maps and programs count as locked memory: ulimit -l unlimited (LimitMEMLOCK=)"
    return Check("locked memory", Level.WARN, text, advice, facts)


CHECKS = (
    {
        "user": user,
        "capabilities": capabilities,
        "user namespace": user_namespace,
        "pid namespace": pid_namespace,
        "seccomp": seccomp,
        "locked memory": memlock,
    }
    if sys.platform == "linux"
    else {}
)
