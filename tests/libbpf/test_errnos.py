"""What is said where the kernel refuses an operation, of operations that it really refuses."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from observing import observed

import tinybpf
from tinybpf import system
from tinybpf.libbpf.attach import kprobe_multi

pytestmark = pytest.mark.kernel

BPFFS = Path("/sys/fs/bpf")
Map = tinybpf.BpfMap[Any, Any]


@pytest.fixture
def hash_map() -> Iterator[Map]:
    with tinybpf.create_map("hash", key="u32", value="u64", max_entries=4, name="things") as made:
        yield made


def said(work: Callable[[], object]) -> str:
    with pytest.raises(tinybpf.BpfError) as caught:
        work()
    assert caught.value.errno
    return str(caught.value)


class TestPins:
    @pytest.fixture(autouse=True)
    def bpffs(self) -> None:
        if str(BPFFS) not in system.mounted("bpf"):
            pytest.skip("no BPF file system is mounted there")

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            (f"{BPFFS}/two.parts", "names in a BPF file system have no dots"),
            (f"{BPFFS}/" + "x" * 256, "a name has 255 bytes at most"),
            (f"{BPFFS}/not/there/things", f"the directory '{BPFFS}/not' does not exist"),
            ("/proc/self/things", "the path is not in a BPF file system: there is one at '/"),
            (
                "/proc/none/things",
                "the directory '/proc/none' does not exist, and is not in a BPF file system",
            ),
            ("/proc/version/things", "'/proc/version' is no directory"),
        ],
    )
    def test_a_path_that_cannot_be_a_pin(self, hash_map: Map, path: str, hint: str):
        assert f"hint: {hint}" in said(lambda: hash_map.pin(path))
        assert not os.path.exists(path)

    def test_a_directory_that_is_made_for_it_in_vain(self, hash_map: Map, tmp_path: Path):
        assert "BPF file system" in said(lambda: hash_map.pin(tmp_path / "new" / "pin"))
        assert not os.listdir(tmp_path)

    def test_a_pin_that_is_there(self, hash_map: Map):
        path = BPFFS / f"errnos-{os.getpid()}"
        hash_map.pin(path)
        try:
            assert "hint: something is pinned there already" in said(lambda: hash_map.pin(path))
        finally:
            hash_map.unpin(path)

    @pytest.mark.parametrize(
        "opening", [tinybpf.open_pinned_map, tinybpf.open_pinned_program, tinybpf.open_pinned_link]
    )
    def test_what_is_no_pin(self, opening: Callable[[Any], object], tmp_path: Path):
        (tmp_path / "file").touch()
        words = "hint: this is no pin of a BPF object"
        assert f"{words}: the path is not in a BPF file system" in said(lambda: opening(tmp_path / "file"))
        assert f"{words}, but a directory" in said(lambda: opening(BPFFS))


class TestMaps:
    def test_a_full_map_says_how_many_it_has(self, hash_map: Map):
        hash_map.update({number: 0 for number in range(4)})
        assert "hint: the map is full: it has 4 entries" in observed(
            "it says", said(lambda: hash_map.__setitem__(9, 1))
        )

    def test_an_array_says_which_indexes_it_has(self):
        with tinybpf.create_map("array", key="u32", value="u64", max_entries=4) as made:
            assert "hint: no such index: the map's indexes are 0 to 3" in said(lambda: made.__setitem__(4, 1))
            assert "hint: an array's entries cannot be deleted" in said(lambda: made.__delitem__(1))

    @pytest.mark.parametrize("kind", ["prog_array", "perf_event_array", "cgroup_array", "devmap", "cpumap"])
    def test_what_is_numbered_says_which_indexes_it_has(self, kind: str):
        sizes: dict[str, Any] = {"value": "u32"} if kind in ("devmap", "cpumap") else {}
        value: Any = {"devmap": "lo", "cgroup_array": "/sys/fs/cgroup"}.get(kind, 1)
        with tinybpf.create_map(kind, max_entries=1, **sizes) as made:
            assert "hint: no such index: the map's indexes are 0 to 0" in said(
                lambda: made.__setitem__(1, value)
            )

    def test_a_full_trie(self):
        with tinybpf.create_map("lpm_trie", key="char[8]", value="u64", max_entries=2) as made:
            keys = [bytes([32, 0, 0, 0, 10, 0, 0, last]) for last in range(3)]
            made.update_many(dict.fromkeys(keys[:2], 1))
            assert "hint: the map is full: it has 2 entries" in said(lambda: made.__setitem__(keys[2], 1))

    def test_a_frozen_map(self, hash_map: Map):
        if system.older_than("5.2"):
            pytest.skip("Linux 5.2 brought freezing")
        hash_map[1] = 1
        hash_map.freeze()
        for work in (lambda: hash_map.__setitem__(1, 2), lambda: hash_map.__delitem__(1)):
            assert "hint: the map is frozen, or read-only for user space" in said(work)
        assert "hint: it is frozen already" in said(hash_map.freeze)

    @pytest.mark.parametrize(
        ("kind", "options", "hint"),
        [
            ("ringbuf", {"max_entries": 5000}, "max_entries must be a power of two, and pages as a whole"),
            ("array", {"key": "u64", "value": 4, "max_entries": 4}, "an array has keys of 4 bytes"),
            (
                "percpu_array",
                {"key": "u32", "value": 1 << 20, "max_entries": 4},
                "too large: keys of 4 bytes, values of 1048576, 4 entries",
            ),
        ],
    )
    def test_a_map_that_the_kernel_does_not_make(self, kind: str, options: dict[str, Any], hint: str):
        if kind == "ringbuf" and system.older_than("5.8"):
            pytest.skip("Linux 5.8 brought ring buffers")
        words = said(lambda: tinybpf.create_map(kind, **options))
        assert hint in words.partition("\n  hint: ")[2]


def test_no_more_descriptors(hash_map: Map):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(int(name) for name in os.listdir("/proc/self/fd")) + 1
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        while len(taken) < most:
            try:
                taken.append(os.dup(0))
            except OSError:
                break
        words = said(lambda: tinybpf.create_map("hash", key="u32", value="u64", max_entries=4))
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert f"hint: this process may have {most} open files" in words and "ulimit -n" in words


def test_a_file_that_has_no_types_of_the_kernel():
    content = (Path(__file__).parent / "data" / "unresolved.elf").read_bytes()
    opened = tinybpf.open(content, btf_path="/proc/version")
    opened.programs["field"].autoload = True
    words = said(opened.load)
    assert "hint: btf_path must be a file with the kernel's types" in words


MULTI = """
package bpf

import "tinybpf/ebpf"

//bpf:section kprobe.multi/vfs_read*
func nothing(ctx ebpf.Context) int32 { return 0 }
"""


def test_the_option_that_the_kernel_was_built_without():
    if system.older_than("5.18"):
        pytest.skip("this kernel has no kprobe.multi")
    if system.config_item("CONFIG_FPROBE") != "n":
        pytest.skip("this kernel has CONFIG_FPROBE, or does not say")
    with tinybpf.load_go(MULTI) as loaded:
        words = said(loaded.program("nothing").attach)
    assert words.endswith("kprobe.multi: this kernel was built without CONFIG_FPROBE")


@pytest.mark.parametrize(
    ("made", "hint"),
    [
        (None, "mount -t tracefs tracefs /sys/kernel/tracing"),
        ((), "this kernel was built without CONFIG_DYNAMIC_FTRACE"),
    ],
)
def test_the_list_of_functions(
    made: tuple[str, ...] | None, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(system, "mounted", lambda kind: [] if made is None else [str(tmp_path)])
    assert kprobe_multi._unreadable() == hint
