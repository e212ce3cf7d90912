from __future__ import annotations

import pytest

from tinybpf.compiler.kernel.helpers import HELPERS, by_go_name, helper, nearest


def found(name):
    match = helper(name)
    assert match is not None
    return match


def test_all_211_helpers_are_numbered_without_a_gap():
    assert sorted(number for number, _ in HELPERS.values()) == list(range(1, 212))


def test_numbers_are_those_of_the_running_kernel(kernel_enums):
    kernel = kernel_enums["bpf_func_id"]
    ours = {f"BPF_FUNC_{name.removeprefix('bpf_')}": number for name, (number, _) in HELPERS.items()}
    common = ours.keys() & kernel.keys()
    assert {name: ours[name] for name in common} == {name: kernel[name] for name in common}
    # A kernel before 6.2 has fewer; none has more.
    assert set(kernel) - set(ours) <= {"BPF_FUNC_unspec", "__BPF_FUNC_MAX_ID"}
    assert len(common) > 150


def test_a_helper_tells_its_parameters():
    update = found("bpf_map_update_elem")
    assert (update.number, update.returns) == (2, "long")
    assert [(arg.name, arg.c_type, arg.kind) for arg in update.args] == [
        ("map", "struct bpf_map *", "map"),
        ("key", "const void *", "const_ptr"),
        ("value", "const void *", "const_ptr"),
        ("flags", "u64", "scalar"),
    ]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("bpf_ktime_get_ns", []),
        ("bpf_trace_printk", ["const_ptr", "scalar", "variadic"]),
        ("bpf_probe_read_kernel", ["ptr", "scalar", "const_ptr"]),
        ("bpf_ringbuf_output", ["map", "const_ptr", "scalar", "scalar"]),
        ("bpf_ringbuf_reserve", ["map", "scalar", "scalar"]),
        ("bpf_perf_event_output", ["ctx", "map", "scalar", "const_ptr", "scalar"]),
        ("bpf_tail_call", ["ctx", "map", "scalar"]),
        ("bpf_skb_load_bytes", ["ctx", "scalar", "ptr", "scalar"]),
        ("bpf_for_each_map_elem", ["map", "callback", "ptr", "scalar"]),
        ("bpf_user_ringbuf_drain", ["map", "callback", "ptr", "scalar"]),
        ("bpf_loop", ["scalar", "callback", "ptr", "scalar"]),
        ("bpf_task_storage_get", ["map", "object", "ptr", "scalar"]),
        ("bpf_sk_release", ["object"]),
        ("bpf_dynptr_write", ["ptr", "scalar", "const_ptr", "scalar", "scalar"]),
        ("bpf_get_stack", ["ctx", "ptr", "scalar", "scalar"]),
    ],
)
def test_kinds_of_parameters(name, kinds):
    assert [arg.kind for arg in found(name).args] == kinds


def test_every_prototype_is_understood():
    for name in HELPERS:
        one = found(name)
        assert one.returns, name
        assert all(arg.c_type for arg in one.args), name
        assert len(one.args) <= 5, name
        # Only pointers have kinds other than scalar; a scalar is never a pointer.
        assert all((arg.kind == "scalar") != ("*" in arg.c_type or arg.c_type == "...") for arg in one.args)


def test_only_trace_printk_takes_any_number_of_arguments():
    assert [name for name in HELPERS if found(name).variadic] == ["bpf_trace_printk"]


@pytest.mark.parametrize(
    ("go_name", "name"),
    [
        ("bpfMapLookupElem", "bpf_map_lookup_elem"),
        ("bpfGetCurrentPidTgid", "bpf_get_current_pid_tgid"),
        ("bpfGetCurrentPIDTGID", "bpf_get_current_pid_tgid"),
        ("bpfL3CsumReplace", "bpf_l3_csum_replace"),
        ("bpfSkcToTcp6Sock", "bpf_skc_to_tcp6_sock"),
        ("bpfGetPrandomU32", "bpf_get_prandom_u32"),
    ],
)
def test_go_names(go_name, name):
    assert by_go_name(go_name) is helper(name) is not None


def test_every_helper_is_found_by_its_go_name():
    assert [name for name in HELPERS if by_go_name(found(name).go_name) is not helper(name)] == []


@pytest.mark.parametrize("name", ["bpf_no_such", "map_lookup_elem", "", "bpfMapLookupElem"])
def test_unknown_kernel_names(name):
    assert helper(name) is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("bpf_map_lokup_elem", "bpf_map_lookup_elem"),
        ("bpfMapLokupElem", "bpfMapLookupElem"),
        ("bpf_get_curent_pid_tgid", "bpf_get_current_pid_tgid"),
        ("map_lookup_elem", "bpf_map_lookup_elem"),
        ("bpf_printk", "bpf_trace_printk"),
        ("bpf_xyzzy", None),
        ("", None),
    ],
)
def test_nearest(wrong, meant):
    assert nearest(wrong) == meant
