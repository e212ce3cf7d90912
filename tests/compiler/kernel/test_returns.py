from __future__ import annotations

import errno

import pytest

from tinybpf.compiler.kernel.returns import check_return, return_range, safe_value
from tinybpf.compiler.kernel.sections import Section, definitions, parse_section


def section(name: str) -> Section:
    found = parse_section(name)
    assert found is not None
    return found


@pytest.mark.parametrize("prefix", [definition.prefix for definition in definitions()])
def test_every_section_has_a_safe_value_that_the_verifier_accepts(prefix):
    value = safe_value(section(prefix))
    assert value.reason
    assert check_return(section(prefix), value.value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("xdp", 2),
        ("xdp/cpumap", 2),
        ("tc", -1),
        ("tcx/egress", -1),
        ("netkit/peer", -1),
        ("action", -1),
        ("socket", -1),
        ("tracepoint/a/b", 0),
        ("kprobe/f", 0),
        ("fentry/f", 0),
        ("fmod_ret/f", 0),
        ("iter/task", 0),
        ("lsm/file_open", 0),
        ("lsm_cgroup/socket_bind", 1),
        ("cgroup/connect4", 1),
        ("cgroup/dev", 1),
        ("cgroup_skb/egress", 1),
        ("sockops", 1),
        ("sk_lookup", 1),
        ("sk_msg", 1),
        ("sk_skb/stream_verdict", 1),
        ("sk_skb/stream_parser", 0),
        ("flow_dissector", 129),
        ("netfilter", 1),
        ("syscall", -14),
    ],
)
def test_safe_values(name, value):
    assert safe_value(section(name)).value == value


def test_a_value_out_of_range_is_named():
    assert check_return(section("cgroup/connect4"), 1) is None
    assert check_return(section("cgroup/connect4"), 2) == (
        "a program in section cgroup/connect4 may return 0 to 1, not 2"
    )
    assert check_return(section("fexit/f"), -1) == "a program in section fexit/f may return 0, not -1"
    assert check_return(section("xdp"), 77) is None


KERNEL_ENOTSUPP = 524

WITHOUT_TARGET = [
    "socket", "kprobe", "kprobe.session", "uprobe.session", "tc", "tcx/ingress", "netkit/primary", "action",
    "tracepoint", "raw_tp", "raw_tp.w", "syscall", "xdp", "xdp/devmap", "xdp/cpumap", "perf_event", "lwt_in",
    "lwt_out", "lwt_xmit", "lwt_seg6local", "sockops", "sk_skb/stream_parser", "sk_skb/stream_verdict",
    "sk_skb", "sk_msg", "flow_dissector", "sk_reuseport", "sk_lookup", "netfilter", "cgroup_skb/ingress",
    "cgroup_skb/egress", "cgroup/skb", "cgroup/sock_create", "cgroup/sock_release", "cgroup/post_bind4",
    "cgroup/bind4", "cgroup/bind6", "cgroup/connect4", "cgroup/connect6", "cgroup/connect_unix",
    "cgroup/sendmsg4", "cgroup/sendmsg_unix", "cgroup/recvmsg4", "cgroup/recvmsg6", "cgroup/recvmsg_unix",
    "cgroup/getpeername4", "cgroup/getpeername_unix", "cgroup/getsockname6", "cgroup/getsockname_unix",
    "cgroup/sysctl", "cgroup/getsockopt", "cgroup/setsockopt", "cgroup/dev",
]  # fmt: skip
"""Sections whose programs can be loaded without a target."""
WITH_TARGET = [
    ("fentry/vfs_read", "vfs_read"),
    ("fexit/vfs_read", "vfs_read"),
    ("fmod_ret/security_file_open", "security_file_open"),
    ("iter/task", "bpf_iter_task"),
    ("tp_btf/sched_switch", "btf_trace_sched_switch"),
    ("lsm_cgroup/socket_bind", "bpf_lsm_socket_bind"),
]


def check_range(load, enums, one: Section, low: int, high: int, target: int = 0) -> None:
    """The kernel takes the safe value and both ends of the range, and refuses what lies beyond."""
    if one.attach_type is not None and one.attach_type not in enums["bpf_attach_type"]:
        pytest.skip(f"this kernel has no {one.attach_type}")
    skip_without(load, one, safe_value(one).value, target)
    for value in (low, high):
        assert load(one.definition, value, target) is None
    for value in (low - 1, high + 1):
        if -(1 << 31) <= value < 1 << 31:
            assert "At program exit" in (load(one.definition, value, target) or "accepted")


def skip_without(load, one: Section, value: int, target: int) -> None:
    """Skip where the kernel has no programs of the kind, which it says by refusing one that is right."""
    try:
        assert load(one.definition, value, target) is None
    except OSError as error:
        # Kernels built without what such programs hook into say EPERM, root or not.
        if error.errno not in (errno.EINVAL, KERNEL_ENOTSUPP, errno.EPERM if target else 0):
            raise
        pytest.skip(f"this kernel has no such programs: {error.strerror}")


@pytest.mark.kernel
@pytest.mark.parametrize("name", WITHOUT_TARGET)
def test_ranges_are_those_of_the_verifier(load_returning, kernel_enums, name):
    low, high = return_range(section(name)) or (-(1 << 31), (1 << 31) - 1)
    if name in ("cgroup/bind4", "cgroup/bind6") and load_returning(section(name).definition, 2):
        high = 1  # Linux 5.12 brought the others
    check_range(load_returning, kernel_enums, section(name), low, high)


@pytest.mark.kernel
@pytest.mark.parametrize(("name", "function"), WITH_TARGET)
def test_ranges_of_programs_with_a_target(load_returning, kernel_types, name, function):
    if function not in kernel_types.ids:
        pytest.skip(f"this kernel has no {function}")
    low, high = return_range(section(name)) or (-(1 << 31), (1 << 31) - 1)
    check_range(load_returning, kernel_types.enums, section(name), low, high, kernel_types.ids[function])


@pytest.mark.kernel
@pytest.mark.parametrize("hook", ["file_open", "task_kill", "audit_rule_known", "inode_xattr_skipcap"])
def test_what_lsm_hooks_take(load_returning, kernel_types, hook: str):
    if f"bpf_lsm_{hook}" not in kernel_types.ids:
        pytest.skip(f"this kernel has no LSM hook {hook} for BPF")
    one, target = section(f"lsm/{hook}"), kernel_types.ids[f"bpf_lsm_{hook}"]
    skip_without(load_returning, one, 0, target)
    if load_returning(one.definition, -(1 << 31), target) is None:
        pytest.skip("this kernel does not look at what LSM programs return")
    low, high = return_range(one) or (0, 0)
    assert (low, high) == ((-4095, 0) if hook in ("file_open", "task_kill") else (0, 1))
    check_range(load_returning, kernel_types.enums, one, low, high, target)


@pytest.mark.kernel
def test_lsm_hooks_without_a_result(load_returning, kernel_types):
    if "bpf_lsm_file_free_security" not in kernel_types.ids:
        pytest.skip("this kernel has no LSM hooks for BPF")
    one, target = section("lsm/file_free_security"), kernel_types.ids["bpf_lsm_file_free_security"]
    skip_without(load_returning, one, 0, target)
    for value in (-(1 << 31), 1):
        assert load_returning(one.definition, value, target) is None
