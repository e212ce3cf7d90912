"""Stack traces, and the kernel's names for their addresses."""

from __future__ import annotations

import pytest

import tinybpf
from tinybpf import create_map
from tinybpf.libbpf.kinds.kallsyms import name_of

pytestmark = pytest.mark.kernel


def test_names_of_addresses():
    with open("/proc/kallsyms") as lines:
        known = {line.split()[2]: int(line.split()[0], 16) for line in lines}
    assert name_of(5) == "0x5"
    assert known["schedule"], "the kernel tells root"
    assert name_of(known["schedule"]) == "schedule"
    assert name_of(known["schedule"] + 4) == "schedule+0x4"


def test_they_cannot_be_written():
    with create_map("stack_trace", max_entries=4) as traces:
        assert list(traces) == [] and traces.get(0) is None
        with pytest.raises(TypeError, match="written by programs only"):
            traces[0] = [1, 2]
        with pytest.raises(KeyError):
            traces.symbols(3)
    plain = create_map("hash", key="u32", value="u32", max_entries=4)
    with pytest.raises(tinybpf.BpfError, match="expected STACK_TRACE"):
        plain.symbols(1)
