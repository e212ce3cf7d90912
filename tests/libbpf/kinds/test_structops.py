"""Maps of section .struct_ops, as entries to look at."""

from __future__ import annotations

import pytest
from lacking import skip_without
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel


def test_the_state_is_seen(project):
    skip_without("struct_ops")
    if system.older_than("6.4"):
        pytest.skip("this kernel has no links of struct_ops maps")
    with tinybpf.load(project / "tests/libbpf/data/structops.elf") as obj:
        first = obj.map("first")
        assert (
            observed("state", first[0].state) == "INIT"
            and len(first[0].raw) == first.value_size
            and list(first) == [0]
        )
        link = first.attach()
        assert first[0].state in ("READY", "INUSE") and any(first[0].raw[64:])
        link.destroy()
        with pytest.raises(TypeError, match="registered by attaching it"):
            first[0] = b"x"
        for use in (first.clear, lambda: first.delete(0), lambda: first.pop(0)):
            with pytest.raises(tinybpf.BpfError, match="closing its link unregisters it"):
                use()
