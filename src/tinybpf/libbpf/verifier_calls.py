"""Which argument of a Go call a helper's register is, and what helpers do to pointers."""

from __future__ import annotations

from tinybpf.libbpf.go_text import Call, calls

MOVES_PACKET = frozenset(
    "bpf_" + name
    for name in (
        "skb_vlan_push", "skb_vlan_pop", "skb_store_bytes", "skb_change_proto", "skb_change_head",
        "skb_change_tail", "skb_adjust_room", "skb_pull_data", "clone_redirect", "l3_csum_replace",
        "l4_csum_replace", "xdp_adjust_head", "xdp_adjust_tail", "xdp_adjust_meta", "msg_pull_data",
        "msg_push_data", "msg_pop_data", "lwt_push_encap", "lwt_seg6_store_bytes", "lwt_seg6_adjust_srh",
        "lwt_seg6_action", "store_hdr_opt",
    )
)  # fmt: skip
"""Helpers after which the verifier takes no pointer into the packet for one."""

RELEASES = frozenset(["bpf_ringbuf_submit", "bpf_ringbuf_discard", "bpf_sk_release"])
"""Helpers that take back what they are given."""

_FILLED = {
    **dict.fromkeys(
        (
            "bpf_probe_read", "bpf_probe_read_str", "bpf_probe_read_user", "bpf_probe_read_user_str",
            "bpf_probe_read_kernel", "bpf_probe_read_kernel_str", "bpf_get_current_comm",
            "bpf_copy_from_user", "bpf_copy_from_user_task", "bpf_dynptr_read",
            "bpf_get_branch_snapshot", "bpf_snprintf",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "bpf_skb_get_tunnel_key", "bpf_skb_get_tunnel_opt", "bpf_perf_prog_read_value", "bpf_get_stack",
            "bpf_get_task_stack", "bpf_sysctl_get_name", "bpf_sysctl_get_current_value",
            "bpf_sysctl_get_new_value", "bpf_map_pop_elem", "bpf_map_peek_elem", "bpf_d_path",
            "bpf_read_branch_records", "bpf_ima_inode_hash", "bpf_ima_file_hash", "bpf_get_func_ret",
        ),
        2,
    ),
    **dict.fromkeys(
        (
            "bpf_skb_load_bytes", "bpf_skb_load_bytes_relative", "bpf_skb_get_xfrm_state",
            "bpf_perf_event_read_value", "bpf_get_ns_current_pid_tgid", "bpf_xdp_load_bytes",
            "bpf_get_func_arg",
        ),
        3,
    ),
    **dict.fromkeys(("bpf_getsockopt", "bpf_strtol", "bpf_strtoul"), 4),
}  # fmt: skip
"""Helpers that write to memory which the program gives them, by the register with its address."""

_SIZED = {
    **dict.fromkeys(("bpf_trace_printk", "bpf_get_current_comm", "bpf_strtol", "bpf_strtoul"), 2),
    **dict.fromkeys(
        (
            "bpf_skb_get_tunnel_key", "bpf_skb_set_tunnel_key", "bpf_skb_get_tunnel_opt",
            "bpf_skb_set_tunnel_opt", "bpf_fib_lookup", "bpf_sk_lookup_tcp", "bpf_sk_lookup_udp",
            "bpf_skc_lookup_tcp", "bpf_sysctl_get_name", "bpf_sysctl_get_current_value",
            "bpf_sysctl_get_new_value", "bpf_sysctl_set_new_value", "bpf_bind", "bpf_probe_write_user",
            "bpf_perf_prog_read_value",
        ),
        3,
    ),
    **dict.fromkeys(
        (
            "bpf_skb_load_bytes", "bpf_skb_load_bytes_relative", "bpf_skb_store_bytes",
            "bpf_perf_event_read_value",
        ),
        4,
    ),
    **dict.fromkeys(("bpf_setsockopt", "bpf_getsockopt"), 5),
}  # fmt: skip
"""Helpers that take a size that must not be 0, by its register."""

RECEIVER = -1

# helper: the method or function of package ebpf that calls it, and its arguments by register
_WRAPPED: dict[str, dict[str, dict[int, int]]] = {
    "bpf_map_lookup_elem": {"Lookup": {1: RECEIVER, 2: 0}, "LookupOrZero": {1: RECEIVER, 2: 0}},
    "bpf_map_update_elem": {
        name: {1: RECEIVER, 2: 0, 3: 1} for name in ("Update", "Insert", "Replace", "LookupOrInit")
    },
    "bpf_map_delete_elem": {"Delete": {1: RECEIVER, 2: 0}},
    "bpf_map_push_elem": {"Push": {1: RECEIVER, 2: 0}},
    "bpf_ringbuf_reserve": {"Reserve": {1: RECEIVER}},
    "bpf_ringbuf_output": {"Output": {1: RECEIVER, 2: 0}},
    "bpf_ringbuf_submit": {"Submit": {1: 0}, "SubmitWith": {1: 0, 2: 1}},
    "bpf_ringbuf_discard": {"Discard": {1: 0}},
    "bpf_perf_event_output": {"Output": {1: 0, 2: RECEIVER, 4: 1}},
    "bpf_spin_lock": {"Lock": {1: RECEIVER}},
    "bpf_spin_unlock": {"Unlock": {1: RECEIVER}},
    "bpf_probe_read_kernel": {"ReadKernel": {1: 0, 3: 1}},
    "bpf_probe_read_user": {"ReadUser": {1: 0, 3: 1}},
    "bpf_get_current_comm": {"CurrentComm": {1: 0}},
}


def fills(helper: str, register: int | None) -> bool:
    """Whether the helper writes to the memory whose address the register holds."""
    return register is not None and _FILLED.get(helper) == register


def size_register(helper: str) -> int | None:
    """The register with a size that the helper does not take as 0; None where none is known."""
    return _SIZED.get(helper)


def call_of(helper: str, line: str) -> Call | None:
    """The call in a line of Go that stands for a call of the helper."""
    found = calls(line)
    wanted = _plain(helper)
    for call in found:
        if _plain(call.last) == wanted or call.last in _WRAPPED.get(helper, ()):
            return call
    return None


def argument(helper: str, call: Call, register: int) -> str | None:
    """The Go expression that a register holds when the helper is called."""
    if _plain(call.last) == _plain(helper):
        return call.arguments[register - 1] if register <= len(call.arguments) else None
    place = _WRAPPED.get(helper, {}).get(call.last, {}).get(register)
    if place == RECEIVER:
        return call.receiver
    return call.arguments[place] if place is not None and place < len(call.arguments) else None


def _plain(name: str) -> str:
    """A helper's name as Go and C have it in common: ``bpf_get_current_comm``, ``GetCurrentComm``."""
    return name.lower().replace("_", "").removeprefix("bpf")
