"""Which version of Linux brought what: for the message where the running kernel lacks it.

Types of programs and maps are in ``features``, which can also be tried; here is what is found missing
only when it is used: kinds of attachment, iterators, helpers.
"""

from __future__ import annotations

import errno
from bisect import bisect_right
from typing import NamedTuple

from tinybpf import system


class Fact(NamedTuple):
    """Something that a kernel has or has not: the version of Linux that brought it, and the items of
    the kernel's configuration that it takes."""

    name: str
    since: str
    config: tuple[str, ...] = ()

    def absence(self) -> str | None:
        """Why the running kernel does not have it; None where nothing speaks against that it has."""
        if system.older_than(self.since):
            return f"Linux {self.since} brought {self.name}; this kernel is {_running()}"
        unset = [item for item in self.config if system.config_item(item) == "n"]
        if unset:
            return f"{self.name}: this kernel was built without {' and '.join(unset)}"
        return None


def _running() -> str:
    mine = system.kernel_version()
    return f"{mine[0]}.{mine[1]}" if mine else "older"


ATTACHMENTS = {
    fact.name: fact
    for fact in (
        Fact("kprobe.multi", "5.18", ("CONFIG_FPROBE",)),
        Fact("kprobe.session", "6.10", ("CONFIG_FPROBE",)),
        Fact("uprobe.multi", "6.6", ("CONFIG_UPROBES",)),
        Fact("uprobe.session", "6.13", ("CONFIG_UPROBES",)),
        Fact("pins of kprobes, uprobes, tracepoints and perf events", "5.15"),
        Fact("links of kprobes, uprobes, tracepoints and perf events", "5.15"),
        Fact("cookies of kprobes, uprobes, tracepoints and perf events", "5.15"),
        Fact("cookies of fentry, fexit, fmod_ret and LSM programs", "5.19"),
        Fact("cookies of raw tracepoints and tp_btf programs", "6.10"),
        Fact("links of network namespaces", "5.8"),
        Fact("sk_lookup", "5.9", ("CONFIG_INET",)),
        Fact("sk_skb/verdict", "5.13", ("CONFIG_NET_SOCK_MSG",)),
        Fact("links of sockmaps", "6.10", ("CONFIG_NET_SOCK_MSG",)),
        Fact("links of struct_ops maps", "6.4", ("CONFIG_BPF_JIT",)),
        # Later releases of 6.12 have it, too.
        Fact("an order among the programs of a cgroup", "6.17", ("CONFIG_CGROUP_BPF",)),
        Fact("freplace", "5.6", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")),
        Fact("lirc_mode2", "4.18", ("CONFIG_BPF_LIRC_MODE2",)),
        Fact("iterators over a part of the tasks", "6.1"),
        Fact("tp_btf", "5.5", ("CONFIG_DEBUG_INFO_BTF",)),
        Fact("fentry", "5.5", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")),
        Fact("fexit", "5.5", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")),
        Fact("fmod_ret", "5.7", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")),
        Fact("fsession", "7.0", ("CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_JIT")),
        Fact("lsm", "5.7", ("CONFIG_BPF_LSM", "CONFIG_DEBUG_INFO_BTF")),
        Fact("lsm_cgroup", "6.0", ("CONFIG_BPF_LSM", "CONFIG_CGROUP_BPF")),
        Fact("iter", "5.8", ("CONFIG_DEBUG_INFO_BTF",)),
        Fact("cgroup links", "5.7", ("CONFIG_CGROUP_BPF",)),
        Fact("XDP links", "5.9"),
        Fact("netfilter", "6.4", ("CONFIG_NETFILTER_BPF_LINK",)),
        Fact("tcx", "6.6", ("CONFIG_NET_XGRESS",)),
        Fact("netkit", "6.7", ("CONFIG_NETKIT",)),
    )
}
"""Kinds of attachment, by the name of their section where they have one."""

_ITERATORS = {
    "5.8": ("bpf_map", "ipv6_route", "netlink", "task", "task_file"),
    "5.9": ("bpf_map_elem", "bpf_prog", "bpf_sk_storage_map", "tcp", "udp"),
    "5.10": ("sockmap",),
    "5.12": ("task_vma",),
    "5.15": ("unix",),
    "5.19": ("bpf_link",),
    "6.0": ("ksym",),
    "6.1": ("cgroup",),
    "6.13": ("kmem_cache",),
    "6.16": ("dmabuf",),
}
ITERATORS = {name: Fact(f"iter/{name}", version) for version, names in _ITERATORS.items() for name in names}
"""Iterators, by what stands behind the slash in their section."""

_HELPERS = (
    (1, "3.19"), (4, "4.1"), (12, "4.2"), (17, "4.3"), (23, "4.4"), (26, "4.5"), (27, "4.6"), (31, "4.8"),
    (37, "4.9"), (42, "4.10"), (45, "4.11"), (46, "4.12"), (48, "4.13"), (51, "4.14"), (54, "4.15"),
    (58, "4.16"), (60, "4.17"), (65, "4.18"), (81, "4.19"), (84, "4.20"), (91, "5.0"), (93, "5.1"),
    (99, "5.2"), (109, "5.3"), (110, "5.4"), (111, "5.5"), (116, "5.6"), (119, "5.7"), (125, "5.8"),
    (136, "5.9"), (142, "5.10"), (156, "5.11"), (163, "5.12"), (164, "5.13"), (166, "5.14"),
    (169, "5.15"), (176, "5.16"), (180, "5.17"), (186, "5.18"), (194, "5.19"), (204, "6.0"),
    (208, "6.1"), (210, "6.2"),
)  # fmt: skip
"""The first number that each version gave to a helper; it gave the next ones, too."""


def helper(number: int, name: str = "") -> Fact | None:
    """What is known of a helper by its number; None of a number that is none."""
    at = bisect_right(_HELPERS, (number, "~")) - 1
    return Fact(name or f"helper {number}", _HELPERS[at][1]) if at >= 0 else None


def absence(kind: str) -> str | None:
    """Why this kernel lacks a kind of attachment; None where it is not known to, or the kind is not."""
    fact = ATTACHMENTS.get(kind)
    return fact.absence() if fact else None


def require_libbpf(what: str, thing: str, since: str) -> None:
    """`UnsupportedError` where the libbpf in use is older than the one that brought something."""
    from tinybpf.errors import UnsupportedError
    from tinybpf.libbpf._lib import lib, libbpf_version

    major, _, minor = since.partition(".")
    if (lib.libbpf_major_version(), lib.libbpf_minor_version()) < (int(major), int(minor)):
        raise UnsupportedError(
            f"{what} failed: libbpf {libbpf_version()} has no {thing}; libbpf {since} brought it",
            errno.EOPNOTSUPP,
        )
