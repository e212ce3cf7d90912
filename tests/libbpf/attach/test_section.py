"""attach() by the section's name, and what it says where the name does not suffice."""

from __future__ import annotations

import pytest

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("name", "program", "method"),
    [
        ("packets", "drop_udp", r"it needs a network interface\n  hint: attach_xdp\(interface\) does it"),
        ("connect", "block_4444", r"it needs a cgroup\n  hint: attach_cgroup\(path\) does it"),
        ("filters", "incoming", r"it needs a network interface\n  hint: attach_tcx\(interface\) does it"),
        ("filters", "either", r"it needs a network interface\n  hint: attach_tcx\(interface\) does it"),
        ("probes", "on_entry", r"does not say to what\n  hint: attach_uprobe\(…\) does it"),
        ("probes", "on_return", r"does not say to what\n  hint: attach_uretprobe\(…\) does it"),
        ("probes", "on_call", r"does not say to what\n  hint: attach_kprobe\(…\) does it"),
        ("probes", "on_sample", r"it needs an event, .*\n  hint: attach_perf_event\("),
        ("maps", "add", r"it needs no attachment at all: it runs when it is called\n  hint: test_run"),
    ],
)
def test_the_method_to_use_is_named(build, name: str, program: str, method: str):
    with tinybpf.load(build(name)) as obj, pytest.raises(tinybpf.BpfError, match=method):
        obj.program(program).attach()
