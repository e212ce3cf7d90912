from __future__ import annotations

import pytest

from tinybpf.compiler.kernel.sections import definitions, nearest_section, parse_section
from tinybpf.compiler.kernel.types_data import ATTACH_TYPES, PROGRAM_TYPES


def test_all_that_libbpf_knows():
    assert len(definitions()) == 105
    for definition in definitions():
        found = parse_section(definition.prefix)
        assert found is not None and found.definition is definition


@pytest.mark.parametrize(
    ("enum", "ours"),
    [
        ("bpf_prog_type", {f"BPF_PROG_TYPE_{name}": number for name, number in PROGRAM_TYPES.items()}),
        ("bpf_attach_type", ATTACH_TYPES),
    ],
)
def test_numbers_are_those_of_the_running_kernel(kernel_enums, enum, ours):
    kernel = kernel_enums[enum]
    common = ours.keys() & kernel.keys()
    assert {name: ours[name] for name in common} == {name: kernel[name] for name in common}
    assert len(common) > 25


@pytest.mark.parametrize(
    ("name", "program_type", "attach_type", "target"),
    [
        ("tracepoint/syscalls/sys_enter_connect", "TRACEPOINT", None, "syscalls/sys_enter_connect"),
        ("tp/sched/sched_switch", "TRACEPOINT", None, "sched/sched_switch"),
        ("xdp", "XDP", "BPF_XDP", ""),
        ("xdp/devmap", "XDP", "BPF_XDP_DEVMAP", ""),
        ("cgroup/connect4", "CGROUP_SOCK_ADDR", "BPF_CGROUP_INET4_CONNECT", ""),
        ("cgroup/skb", "CGROUP_SKB", None, ""),
        ("kprobe/do_unlinkat", "KPROBE", None, "do_unlinkat"),
        ("kprobe", "KPROBE", None, ""),
        ("uprobe//bin/bash:readline", "KPROBE", None, "/bin/bash:readline"),
        ("kprobe.multi/tcp_*", "KPROBE", "BPF_TRACE_KPROBE_MULTI", "tcp_*"),
        ("fentry/vfs_read", "TRACING", "BPF_TRACE_FENTRY", "vfs_read"),
        ("lsm_cgroup/socket_bind", "LSM", "BPF_LSM_CGROUP", "socket_bind"),
        ("tc", "SCHED_CLS", None, ""),
        ("tcx/ingress", "SCHED_CLS", "BPF_TCX_INGRESS", ""),
        ("syscall", "SYSCALL", None, ""),
        ("struct_ops/init", "STRUCT_OPS", None, "init"),
    ],
)
def test_what_names_mean(name, program_type, attach_type, target):
    found = parse_section(name)
    assert found is not None
    assert (found.program_type, found.attach_type, found.target) == (program_type, attach_type, target)
    assert found.autoload


def test_sleepable_and_not_loaded():
    found = parse_section("?lsm.s/bprm_check_security")
    assert found is not None
    assert found.sleepable and not found.autoload and found.definition.attach_btf
    assert found.name == "?lsm.s/bprm_check_security"


@pytest.mark.parametrize(
    "name",
    ["", "?", "xdp/eth0", "tracepointt/x/y", "kprobes/x", "cgroup/connect5", ".text", "XDP", "tracepoint2"],
)
def test_names_that_libbpf_does_not_know(name):
    assert parse_section(name) is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("xpd", "xdp"),
        ("tracepint/syscalls/sys_enter_connect", "tracepoint/syscalls/sys_enter_connect"),
        ("cgroup/conect4", "cgroup/connect4"),
        ("cgroup/conect6", "cgroup/connect6"),
        ("XDP", "xdp"),
        ("xdp/eth0", "xdp"),
        ("kprob", "kprobe/FUNCTION"),
        ("kprobes/do_exit", "kprobe/do_exit"),
        ("fentryx/vfs_read", "fentry/vfs_read"),
        ("zzzzzz", None),
        ("", None),
    ],
)
def test_nearest(wrong, meant):
    assert nearest_section(wrong) == meant


def test_forms_show_what_stands_behind_the_slash():
    forms = {definition.prefix: definition.form for definition in definitions()}
    assert forms["tracepoint"] == "tracepoint/CATEGORY/NAME"
    assert forms["xdp"] == "xdp"
    assert forms["uretprobe.multi.s"] == "uretprobe.multi.s/BINARY:FUNCTION"
    assert forms["lsm.s"] == "lsm.s/HOOK"
    assert forms["fexit.s"] == "fexit.s/FUNCTION"
