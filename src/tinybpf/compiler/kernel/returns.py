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
    """``value`` as the kernel's ``int``; ``name`` is the kernel's for it; ``reason`` is why.

    ``passes`` is what goes on after a panic, ``block`` the value that stops it instead, with what it
    does; empty where there is nothing to stop.
    """

    value: int
    name: str
    passes: str
    block: str
    reason: str


_OBSERVER = SafeValue(0, "", "what it watches", "", "an observer changes nothing")
_ALLOW = SafeValue(
    1,
    "allow",
    "the call, the packet, the access",
    "0 (EPERM, or the packet is dropped), where the verifier lets it return 0",
    "what the program would have judged goes on",
)
_SK_PASS = SafeValue(
    1,
    "SK_PASS",
    "the data or connection",
    "0 (SK_DROP)",
    "it takes the way that it takes without the program",
)
_XDP_PASS = SafeValue(
    2,
    "XDP_PASS",
    "the packet, to the network stack",
    "1 (XDP_DROP)",
    "XDP_ABORTED (0) would drop each packet and cut the host off",
)
_TC_NEXT = SafeValue(
    -1,
    "TC_ACT_UNSPEC",
    "the packet, to the next program or filter",
    "2 (TC_ACT_SHOT)",
    "they decide as without the program; TC_ACT_OK (0) would let packets past them",
)
_LWT = SafeValue(
    0, "BPF_OK", "the packet, on its route", "2 (BPF_DROP)", "routing goes on as without the program"
)

_SAFE: dict[str, SafeValue] = {
    "SOCKET_FILTER": SafeValue(
        -1,
        "whole packet",
        "the packet, whole, to the socket",
        "0 (the socket does not get it)",
        "0 would throw the socket's packets away",
    ),
    "KPROBE": _OBSERVER,
    "TRACEPOINT": _OBSERVER,
    "RAW_TRACEPOINT": _OBSERVER,
    "RAW_TRACEPOINT_WRITABLE": _OBSERVER,
    "PERF_EVENT": _OBSERVER,
    "TRACING": _OBSERVER,
    "SCHED_CLS": _TC_NEXT,
    "SCHED_ACT": SafeValue(
        -1,
        "TC_ACT_UNSPEC",
        "the packet, as the filter says",
        "2 (TC_ACT_SHOT)",
        "the filter was configured with an action for this",
    ),
    "XDP": _XDP_PASS,
    "LWT_IN": _LWT,
    "LWT_OUT": _LWT,
    "LWT_XMIT": _LWT,
    "LWT_SEG6LOCAL": _LWT,
    "SOCK_OPS": SafeValue(
        1, "", "the connection", "", "the kernel's defaults, and replies of other programs, stand"
    ),
    "SK_SKB": _SK_PASS,
    "SK_MSG": _SK_PASS,
    "SK_LOOKUP": _SK_PASS,
    "SK_REUSEPORT": SafeValue(
        1, "SK_PASS", "the connection", "0 (SK_DROP)", "the kernel picks the socket by hash"
    ),
    "CGROUP_SKB": _ALLOW,
    "CGROUP_SOCK": _ALLOW,
    "CGROUP_SOCK_ADDR": _ALLOW,
    "CGROUP_DEVICE": _ALLOW,
    "CGROUP_SYSCTL": _ALLOW,
    "CGROUP_SOCKOPT": _ALLOW,
    "FLOW_DISSECTOR": SafeValue(
        129,
        "BPF_FLOW_DISSECTOR_CONTINUE",
        "the packet",
        "2 (BPF_DROP)",
        "the kernel's own dissector does the work (Linux 6.1)",
    ),
    "NETFILTER": SafeValue(
        1, "NF_ACCEPT", "the packet, to the next hook", "0 (NF_DROP)", "the next hook decides"
    ),
    "LIRC_MODE2": _OBSERVER,
    "LSM": SafeValue(
        0,
        "allow",
        "the operation, unless another security module denies it",
        "-1 (-EPERM)",
        "denying could lock everyone out, root among them",
    ),
    "STRUCT_OPS": SafeValue(
        0,
        "",
        "depends on the member",
        "",
        "an exception: what is safe depends on the member; say it with //bpf:onpanic",
    ),
    "EXT": SafeValue(
        0,
        "",
        "depends on the function replaced",
        "",
        "an exception: what is safe depends on the function replaced; say it with //bpf:onpanic",
    ),
    "SYSCALL": SafeValue(
        -14,
        "-EFAULT",
        "nothing",
        "",
        "an exception: user space called it, waits for its result, and should see the fault",
    ),
}

_SAFE_BY_ATTACH: dict[str, SafeValue] = {
    "BPF_SK_SKB_STREAM_PARSER": SafeValue(
        0,
        "",
        "nothing until more data comes; none is lost",
        "",
        "an exception: it returns a length, and none is right",
    ),
    "BPF_LSM_CGROUP": _ALLOW,
    "BPF_MODIFY_RETURN": SafeValue(
        0,
        "",
        "the call: the function itself runs",
        "a negative error number, which the caller gets",
        "another value would replace its result",
    ),
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

_ERRORS: _INTERVAL = (-4095, 0)
_TRUE_OR_FALSE = {"audit_rule_known", "inode_xattr_skipcap"}
"""The LSM hooks that answer with yes or no, all others that answer do with 0 or an error number."""


def safe_value(section: Section) -> SafeValue:
    """What a program in this section returns when a panic ends it."""
    found = _SAFE_BY_ATTACH.get(section.attach_type or "")
    return found if found is not None else _SAFE[section.program_type]


def return_range(section: Section) -> tuple[int, int] | None:
    """The least and the greatest value that the verifier accepts, or None where it accepts all.

    It looks at what LSM programs return since Linux 6.12 only, and never where the hook has no
    result; the kernel before makes of other values what it likes.
    """
    if section.attach_type == "BPF_LSM_MAC":
        return _BIT if section.target in _TRUE_OR_FALSE else _ERRORS
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
