"""Numbers that the kernel got after the lists were written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinybpf


@pytest.mark.parametrize("enum", [tinybpf.BpfMapType, tinybpf.BpfProgType])
def test_newer_numbers_are_members(enum):
    newer = enum(4711)
    assert (newer, newer.name, repr(newer)) == (4711, "UNKNOWN_4711", f"<{enum.__name__}.UNKNOWN_4711: 4711>")
    assert enum(4711) is newer and isinstance(newer, enum)
    with pytest.raises(ValueError, match="-1 is not a valid"):
        enum(-1)
    with pytest.raises(ValueError, match="'HASH' is not a valid"):
        enum("HASH")


def test_the_numbers_are_the_kernels():
    header = Path("/usr/include/linux/bpf.h")
    if not header.exists():
        pytest.skip("needs the kernel's header linux/bpf.h")
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    for enum, name, prefix in (
        (tinybpf.BpfMapType, "bpf_map_type", "BPF_MAP_TYPE_"),
        (tinybpf.BpfProgType, "bpf_prog_type", "BPF_PROG_TYPE_"),
    ):
        found = re.search(rf"enum {name} \{{(.*?)\}}", text, re.S)
        assert found
        value = 0
        for entry in filter(None, (part.strip() for part in found[1].split(","))):
            label, _, given = (part.strip() for part in entry.partition("="))
            if given:
                continue  # another name for the one before
            label = label.removeprefix(prefix)
            if label.startswith("__") or value >= len(enum):
                break
            aliases = {"CGROUP_STORAGE_DEPRECATED": "CGROUP_STORAGE"}
            aliases["PERCPU_CGROUP_STORAGE_DEPRECATED"] = "PERCPU_CGROUP_STORAGE"
            assert enum(value).name == aliases.get(label, label)
            value += 1
        assert value > 30
