"""Which kinds of programs and maps can be used here: each is tried, none is left attached."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tinybpf import system
from tinybpf.doctor import kernel, places
from tinybpf.doctor.process import ROOTLESS
from tinybpf.doctor.report import Ability, Kind, Level

if TYPE_CHECKING:
    from tinybpf.libbpf.features import Feature, Finding

# Loading these alone does not make a machine useful: nothing of the kernel's runs them.
_RUN_BY_HAND = ("socket", "syscall", "freplace")

_UPROBES = "run it as root, or give it CAP_SYS_ADMIN, which is nearly all of root"
_POLICY = (
    "ask who runs this machine, or use another: a sandbox or a hardened kernel may rule it out; "
    "tracepoint, raw_tracepoint, tp_btf and perf_event reach most of what it would"
)


def programs() -> list[Kind]:
    """Each kind of program; empty where there is no kernel to ask."""
    if sys.platform != "linux":
        return []
    try:
        from tinybpf.libbpf import features
    except (OSError, ImportError):
        return []
    return [_program(feature, feature.type.name, feature.probe()) for feature in features.PROGRAMS]


def maps() -> list[Kind]:
    """Each type of map; empty where there is no kernel to ask."""
    if sys.platform != "linux":
        return []
    try:
        from tinybpf.libbpf import features
    except (OSError, ImportError):
        return []
    return [_kind(feature, feature.type.name, feature.probe()) for feature in features.MAPS]


def useful(found: list[Kind]) -> bool:
    """Whether at least one kind of program can be loaded and attached."""
    return any(kind.ability is Ability.WORKS and kind.name not in _RUN_BY_HAND for kind in found)


def _program(feature: Feature, kind: str, finding: Finding) -> Kind:
    found = _kind(feature, kind, finding)
    obstacle = _obstacle(feature.name) if found.ability is Ability.WORKS else None
    if obstacle is None:
        return found
    reason, advice = obstacle
    return Kind(feature.name, kind, Ability.LOADS, feature.since, feature.needs, 0, reason, advice)


def _kind(feature: Feature, kind: str, finding: Finding) -> Kind:
    from tinybpf.libbpf._hints import lacks

    ability = Ability(finding.state.value)
    advice = None
    if ability is Ability.MISSING:
        advice = "a newer kernel" if system.older_than(feature.since) else "a kernel that is built with it"
    elif ability is Ability.FORBIDDEN:
        advice = ROOTLESS if lacks(feature.needs) else _POLICY
    return Kind(
        feature.name,
        kind,
        ability,
        feature.since,
        feature.needs,
        finding.errno,
        finding.reason or None,
        advice,
    )


def _obstacle(name: str) -> tuple[str, str] | None:
    """What keeps a program that loads from being attached: the reason, and what to do."""
    from tinybpf.libbpf._hints import SYS_ADMIN, lacks

    if name in ("kprobe", "uprobe"):
        check = kernel.kprobes() if name == "kprobe" else kernel.uprobes()
        if check.facts["available"] is False:
            return f"{name}s are {check.text}", check.advice or ""
    if name == "uprobe" and lacks((SYS_ADMIN,)) and kernel.uprobe_refused():
        return "this kernel asks for CAP_SYS_ADMIN where uprobes are made", _UPROBES
    if name in ("tracepoint", "kprobe", "uprobe", "perf_event"):
        tracefs = _tracefs() if name == "tracepoint" else None
        return tracefs or _perf_events()
    if name.startswith("cgroup") or name in ("sockops", "lsm_cgroup"):
        check = places.cgroup2()
        return None if check.facts["paths"] else ("no cgroup2 file system is mounted", check.advice or "")
    if name == "lsm":
        check = kernel.security_modules()
        active = check.facts["modules"]
        return (check.text, check.advice or "") if active is not None and "bpf" not in active else None
    return None


def _tracefs() -> tuple[str, str] | None:
    check = places.tracefs()
    if check.facts["readable"]:
        return None
    reason = "tracefs is not mounted" if not check.facts["paths"] else "tracefs is not readable by this user"
    return reason, check.advice or ""


def _perf_events() -> tuple[str, str] | None:
    check = kernel.perf_events()
    return (f"perf events are {check.text}", check.advice or "") if check.level is Level.WARN else None
