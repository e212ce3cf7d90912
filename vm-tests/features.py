"""What the support matrix of the documents has: each feature, and the tests that show it.

A test is named by the beginning of its id. A feature works under a kernel where one of its tests
passed and none failed; it is not there where all were skipped, unless the test lacked its means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reports import Outcome

ATTACH = "tests/libbpf/attach"
KINDS = "tests/libbpf/kinds"
MAPS = "tests/compiler/kernel/test_maps.py::test_the_kernel_takes_good_definitions"

MEANS = "is of section syscall"
"""In the reason of a skip: the kernel lacks the kind of programs that the test itself runs."""


class Feature(NamedTuple):
    """A row of the matrix."""

    group: str
    name: str
    tests: tuple[str, ...]


FEATURES = (
    Feature("Attach", "tracepoint", (f"{ATTACH}/test_tracepoint.py::test_the_program_runs",)),
    Feature("Attach", "raw tracepoint", (f"{ATTACH}/test_raw_tracepoint.py::test_the_program_runs",)),
    Feature("Attach", "tp_btf", (f"{ATTACH}/test_trace.py::test_a_tracepoint",)),
    Feature("Attach", "kprobe, kretprobe", (f"{ATTACH}/test_kprobe.py::test_a_function_that_this",)),
    Feature("Attach", "their arguments and results", (f"{ATTACH}/test_kprobe_arguments.py::test_",)),
    Feature("Attach", "kprobe.multi", (f"{ATTACH}/test_kprobe_multi.py::test_entries",)),
    Feature("Attach", "fentry", (f"{ATTACH}/test_trace.py::test_the_arguments",)),
    Feature("Attach", "fexit", (f"{ATTACH}/test_trace.py::test_arguments_and_result",)),
    Feature("Attach", "fmod_ret", (f"{ATTACH}/test_trace.py::test_a_result_that",)),
    Feature("Attach", "LSM", (f"{ATTACH}/test_lsm.py::test_an_operation_is_denied",)),
    Feature("Attach", "LSM in a cgroup", (f"{ATTACH}/test_lsm.py::test_an_operation_in",)),
    Feature("Attach", "uprobe", (f"{ATTACH}/test_uprobe.py::test_a_call_and",)),
    Feature("Attach", "uretprobe", (f"{ATTACH}/test_uprobe.py::test_a_return_and",)),
    Feature("Attach", "uprobe.multi", (f"{ATTACH}/test_uprobe_multi.py::test_a_pattern",)),
    Feature("Attach", "USDT", (f"{ATTACH}/test_usdt.py::test_arguments_and",)),
    Feature("Attach", "cookies", (f"{ATTACH}/test_cookies.py::test_tracepoint",)),
    Feature("Attach", "freplace", (f"{ATTACH}/test_freplace.py::test_a_function",)),
    Feature("Attach", "struct_ops", (f"{ATTACH}/test_struct_ops.py::test_it_is_in",)),
    Feature("Attach", "perf event", (f"{ATTACH}/test_perf_event.py::test_every_page_fault",)),
    Feature("Attach", "iterator", (f"{ATTACH}/test_iter.py::test_a_line",)),
    Feature("Attach", "iterator of one map's entries", (f"{ATTACH}/test_iter_limits.py::test_the_entries",)),
    Feature("Attach", "cgroup", (f"{ATTACH}/test_cgroup.py::test_a_forbidden",)),
    Feature(
        "Attach", "an order in a cgroup", (f"{ATTACH}/test_order.py::TestCgroup::test_the_third[{{'first",)
    ),
    Feature("Attach", "XDP", (f"{ATTACH}/test_xdp.py::test_udp",)),
    Feature("Attach", "tc filter (clsact)", (f"{ATTACH}/test_clsact.py::test_udp",)),
    Feature("Attach", "tcx", (f"{ATTACH}/test_tcx.py::test_a_pin_outlives",)),
    Feature("Attach", "netkit", (f"{ATTACH}/test_netkit.py::test_packets_of",)),
    Feature("Attach", "sk_lookup", (f"{ATTACH}/test_sockets.py::TestLookup::test_connections",)),
    Feature("Attach", "flow dissector", (f"{ATTACH}/test_sockets.py::TestFlowDissector",)),
    Feature("Attach", "netfilter", (f"{ATTACH}/test_sockets.py::TestNetfilter",)),
    Feature("Attach", "sk_msg, sk_skb", (f"{ATTACH}/test_sockmap.py::test_what_is_",)),
    Feature("Maps", "hashes, arrays, queues, tries", (f"{MAPS}[HASH", f"{MAPS}[QUEUE", f"{MAPS}[LPM_TRIE")),
    Feature("Maps", "bloom filter", (f"{KINDS}/test_bloom.py::test_a_program",)),
    Feature("Maps", "programs to jump to", (f"{KINDS}/test_references.py::test_programs",)),
    Feature("Maps", "maps of maps", (f"{KINDS}/test_nested.py::test_a_program",)),
    Feature(
        "Maps",
        "devices, CPUs",
        (f"{KINDS}/test_network.py::test_devices", f"{KINDS}/test_network.py::test_cpus"),
    ),
    Feature("Maps", "sockets", (f"{KINDS}/test_network.py::test_sockets",)),
    Feature("Maps", "storage of sockets", (f"{KINDS}/test_storage.py::test_of_sockets",)),
    Feature("Maps", "storage of tasks", (f"{KINDS}/test_storage.py::test_of_tasks",)),
    Feature("Maps", "storage of files", (f"{KINDS}/test_storage.py::test_of_files",)),
    Feature("Maps", "storage of cgroups", (f"{KINDS}/test_storage.py::test_of_cgroups",)),
    Feature("Maps", "arena", (f"{KINDS}/test_special.py::test_an_arena",)),
    Feature("Maps", "user ring buffer", (f"{MAPS}[USER_RINGBUF",)),
    Feature("Events", "ring buffer", ("tests/libbpf/test_ring.py::TestStream::test_events_have",)),
    Feature("Events", "perf buffer", ("tests/libbpf/test_perf.py",)),
    Feature("Language", "deferred calls and locks", ("tests/compiler/resolve/test_held.py",)),
    Feature("Language", "function values", ("tests/compiler/resolve/test_callbacks.py",)),
    Feature(
        "Language", "loops without a bound", ("tests/compiler/lower/test_loops.py::test_loops_that_end",)
    ),
    Feature("Language", "callbacks of helpers", ("tests/compiler/typed/test_callbacks.py",)),
    Feature("Language", "fields from where the kernel has them", ("tests/programs/test_kernelstructs.py",)),
)


def state(feature: Feature, outcomes: Sequence[Outcome]) -> str:
    """``yes``, ``no``, ``fails`` or ``?`` (no test of it ran)."""
    of_it = [each for each in outcomes if each.test.startswith(feature.tests)]
    found = {each.outcome for each in of_it if MEANS not in each.reason}
    if "failed" in found:
        return "fails"
    if "passed" in found:
        return "yes"
    return "no" if "skipped" in found else "?"
