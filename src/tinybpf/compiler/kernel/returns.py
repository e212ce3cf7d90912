"""What a program returns: when a panic ends it, and what the verifier lets it return at all.

A panic (an index out of range, a nil dereference, a division by zero) ends the program with its
type's *safe value*. The rule is to fail open: a fault in an observer or a filter must not cut the
machine off, so the safe value is what happens where no such program is attached, and what other
programs on the same hook decide is left alone. ``//bpf:onpanic N`` sets another value.
"""

from __future__ import annotations

import msgspec

from tinybpf.compiler.kernel.sections import Section


class SafeValue(msgspec.Struct, frozen=True):
    """``value`` as the kernel's ``int``; ``name`` is the kernel's for it; ``reason`` is why."""

    value: int
    name: str
    reason: str


_OBSERVER = SafeValue(0, "", "an observer changes nothing")
_ALLOW = SafeValue(1, "allow", "what the program would have judged goes on")
_SK_PASS = SafeValue(1, "SK_PASS", "the data or connection takes the way it takes without the program")
_XDP_PASS = SafeValue(2, "XDP_PASS", "XDP_ABORTED (0) would drop each packet and cut the host off")
_TC_NEXT = SafeValue(
    -1, "TC_ACT_UNSPEC", "the next program or filter decides; TC_ACT_OK (0) would let packets past it"
)
_LWT = SafeValue(0, "BPF_OK", "the packet takes its route")

_SAFE: dict[str, SafeValue] = {
    "SOCKET_FILTER": SafeValue(-1, "whole packet", "0 would throw the socket's packets away"),
    "KPROBE": _OBSERVER,
    "TRACEPOINT": _OBSERVER,
    "RAW_TRACEPOINT": _OBSERVER,
    "RAW_TRACEPOINT_WRITABLE": _OBSERVER,
    "PERF_EVENT": _OBSERVER,
    "TRACING": _OBSERVER,
    "SCHED_CLS": _TC_NEXT,
    "SCHED_ACT": SafeValue(-1, "TC_ACT_UNSPEC", "the action that the filter was configured with"),
    "XDP": _XDP_PASS,
    "LWT_IN": _LWT,
    "LWT_OUT": _LWT,
    "LWT_XMIT": _LWT,
    "LWT_SEG6LOCAL": _LWT,
    "SOCK_OPS": SafeValue(1, "", "the kernel's defaults, and replies of other programs, stand"),
    "SK_SKB": _SK_PASS,
    "SK_MSG": _SK_PASS,
    "SK_LOOKUP": _SK_PASS,
    "SK_REUSEPORT": SafeValue(1, "SK_PASS", "the kernel picks the socket by hash"),
    "CGROUP_SKB": _ALLOW,
    "CGROUP_SOCK": _ALLOW,
    "CGROUP_SOCK_ADDR": _ALLOW,
    "CGROUP_DEVICE": _ALLOW,
    "CGROUP_SYSCTL": _ALLOW,
    "CGROUP_SOCKOPT": _ALLOW,
    "FLOW_DISSECTOR": SafeValue(
        129, "BPF_FLOW_DISSECTOR_CONTINUE", "the kernel's own dissector does the work (Linux 6.1)"
    ),
    "NETFILTER": SafeValue(1, "NF_ACCEPT", "the next hook decides"),
    "LIRC_MODE2": _OBSERVER,
    "LSM": SafeValue(0, "allow", "denying could lock everyone out, root among them"),
    "STRUCT_OPS": SafeValue(
        0, "", "an exception: what is safe depends on the member; say it with //bpf:onpanic"
    ),
    "EXT": SafeValue(
        0, "", "an exception: what is safe depends on the function replaced; say it with //bpf:onpanic"
    ),
    "SYSCALL": SafeValue(
        -14, "-EFAULT", "an exception: nothing is let through here, and its caller should see the fault"
    ),
}

_SAFE_BY_ATTACH: dict[str, SafeValue] = {
    "BPF_SK_SKB_STREAM_PARSER": SafeValue(
        0, "", "an exception: it returns a length and none is right; 0 waits for more data, loses none"
    ),
    "BPF_LSM_CGROUP": _ALLOW,
    "BPF_MODIFY_RETURN": SafeValue(0, "", "the function itself runs; another value would replace its result"),
}

_INTERVAL = tuple[int, int]
_ZERO: _INTERVAL = (0, 0)
_ONE: _INTERVAL = (1, 1)
_BIT: _INTERVAL = (0, 1)

_RANGE: dict[str, _INTERVAL] = {
    "CGROUP_SKB": _BIT,
    "CGROUP_SOCK": _BIT,
    "CGROUP_SOCK_ADDR": _BIT,
    "CGROUP_DEVICE": _BIT,
    "CGROUP_SYSCTL": _BIT,
    "CGROUP_SOCKOPT": _BIT,
    "SOCK_OPS": _BIT,
    "SK_LOOKUP": _BIT,
    "NETFILTER": _BIT,
}

_RANGE_BY_ATTACH: dict[str, _INTERVAL] = {
    "BPF_TRACE_FENTRY": _ZERO,
    "BPF_TRACE_FEXIT": _ZERO,
    "BPF_TRACE_ITER": _BIT,
    "BPF_TRACE_KPROBE_SESSION": _BIT,
    "BPF_TRACE_UPROBE_SESSION": _BIT,
    "BPF_TRACE_FSESSION": _BIT,
    "BPF_LSM_MAC": (-4095, 1),
    "BPF_LSM_CGROUP": _BIT,
    "BPF_CGROUP_INET_EGRESS": (0, 3),
    "BPF_CGROUP_INET4_BIND": (0, 3),
    "BPF_CGROUP_INET6_BIND": (0, 3),
    "BPF_CGROUP_UDP4_RECVMSG": _ONE,
    "BPF_CGROUP_UDP6_RECVMSG": _ONE,
    "BPF_CGROUP_UNIX_RECVMSG": _ONE,
    "BPF_CGROUP_INET4_GETPEERNAME": _ONE,
    "BPF_CGROUP_INET6_GETPEERNAME": _ONE,
    "BPF_CGROUP_UNIX_GETPEERNAME": _ONE,
    "BPF_CGROUP_INET4_GETSOCKNAME": _ONE,
    "BPF_CGROUP_INET6_GETSOCKNAME": _ONE,
    "BPF_CGROUP_UNIX_GETSOCKNAME": _ONE,
}


def safe_value(section: Section) -> SafeValue:
    """What a program in this section returns when a panic ends it."""
    found = _SAFE_BY_ATTACH.get(section.attach_type or "")
    return found if found is not None else _SAFE[section.program_type]


def return_range(section: Section) -> tuple[int, int] | None:
    """The least and the greatest value that the verifier accepts, or None where it accepts all.

    For LSM hooks it is the union over all hooks: most take 0 and negative error numbers, some
    only 0 and 1.
    """
    found = _RANGE_BY_ATTACH.get(section.attach_type or "")
    return found if found is not None else _RANGE.get(section.program_type)


def check_return(section: Section, value: int) -> str | None:
    """Why a program in this section must not return ``value``, or None."""
    allowed = return_range(section)
    if allowed is None or allowed[0] <= value <= allowed[1]:
        return None
    low, high = allowed
    shown = f"{low}" if low == high else f"{low} to {high}"
    return f"a program in section {section.name} may return {shown}, not {value}"
