"""netfilter: programs at the hooks where the firewall's rules are, before or after these."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf.attach._common import create, link_options, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf._check import Hints
    from tinybpf.libbpf.program import BpfProgram

NETFILTER = 45  # BPF_NETFILTER
FAMILIES = {"ipv4": 2, "ipv6": 10}  # NFPROTO_*
HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}  # NF_INET_*
DEFRAGMENT = 1  # BPF_F_NETFILTER_IP_DEFRAG
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


def attach(program: BpfProgram, hook: str, family: str, priority: int, defragment: bool) -> BpfLink:
    """See `BpfProgram.attach_netfilter`. Kernel 6.4 or later."""
    what = f"attach netfilter to '{family}/{hook}'"
    require_type(program, what, BpfProgType.NETFILTER)
    for name, value, known in (("family", family, FAMILIES), ("hook", hook, HOOKS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise TypeError(f"priority must be a number, not {type(priority).__name__}")
    if not LOWEST < priority < HIGHEST:
        raise ValueError(f"priority must be between {LOWEST + 1} and {HIGHEST - 1}: {priority}")
    _since.require_libbpf(what, "netfilter links", "1.3")
    opts = link_options()
    opts.netfilter.pf, opts.netfilter.hooknum = FAMILIES[family], HOOKS[hook]
    opts.netfilter.priority, opts.netfilter.flags = priority, DEFRAGMENT if defragment else 0
    target = f"netfilter:{family}/{hook} ({priority})"
    return create(program, what, target, 0, NETFILTER, opts, hints=_hints(priority, defragment))


def _hints(priority: int, defragment: bool) -> Hints:
    def invalid() -> str | None:
        if defragment:
            return _since.Fact("defragmentation for netfilter programs", "6.6").absence() or (
                "defragmentation comes at priority -400: the program's must be higher"
            )
        return _since.absence("netfilter")

    return {
        errno.EINVAL: invalid,
        errno.EBUSY: f"there is a program of priority {priority} already",
        errno.EOPNOTSUPP: lambda: _since.absence("netfilter") or "this kernel has no such hook",
        errno.EAFNOSUPPORT: "this kernel was built without defragmentation for this family",
    }
