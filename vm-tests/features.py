"""What the support matrix of the documents has: each feature, and the tests that show it.

A test is named by the beginning of its id. A feature works under a kernel where one of its tests
passed and none failed; it is not there where all were skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reports import Outcome

ATTACH = "tests/libbpf/attach"


class Feature(NamedTuple):
    """A row of the matrix."""

    group: str
    name: str
    tests: tuple[str, ...]


FEATURES = (
    Feature("Attach", "tracepoint", (f"{ATTACH}/test_tracepoint.py::test_the_program_runs",)),
    Feature("Attach", "raw tracepoint, tp_btf", (f"{ATTACH}/test_raw_tracepoint.py::test_the_program_runs",)),
    Feature("Attach", "kprobe, kretprobe", (f"{ATTACH}/test_kprobe.py::test_a_function_that_this",)),
    Feature("Attach", "uprobe", (f"{ATTACH}/test_uprobe.py::test_a_call_and",)),
    Feature("Attach", "uretprobe", (f"{ATTACH}/test_uprobe.py::test_a_return_and",)),
    Feature("Attach", "perf event", (f"{ATTACH}/test_perf_event.py::test_every_page_fault",)),
    Feature("Attach", "iterator", (f"{ATTACH}/test_iter.py::test_a_line",)),
    Feature("Attach", "cgroup", (f"{ATTACH}/test_cgroup.py::test_a_forbidden",)),
    Feature("Attach", "XDP", (f"{ATTACH}/test_xdp.py::test_udp",)),
    Feature("Attach", "tc filter (clsact)", (f"{ATTACH}/test_clsact.py::test_udp",)),
    Feature("Attach", "tcx", (f"{ATTACH}/test_tcx.py::test_udp",)),
    Feature("Attach", "netkit", (f"{ATTACH}/test_netkit.py::test_a_device",)),
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
    found = {each.outcome for each in outcomes if each.test.startswith(feature.tests)}
    if "failed" in found:
        return "fails"
    if "passed" in found:
        return "yes"
    return "no" if "skipped" in found else "?"
