"""What an old kernel lacks: the error names the version of Linux that brought it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from lacking import skip_without

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _absent, _since, features
from tinybpf.libbpf.enums import BpfMapType

MAP = """
package main

type bpfMapDef struct { Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var things = bpfMapDef{ %s }

//bpf:section socket
//export nothing
func nothing() int32 { return 0 }
"""

PROGRAM = """
package bpf

import "tinybpf/ebpf"

//bpf:section %s
func nothing(ctx ebpf.Context) int32 { return 1 }
"""

MAPS = [
    (BpfMapType.BLOOM_FILTER, "5.16", "ValueSize: 4, MaxEntries: 8"),
    (BpfMapType.USER_RINGBUF, "6.1", "MaxEntries: 4096"),
    (BpfMapType.RINGBUF, "5.8", "MaxEntries: 4096"),
]


def check(load, version: str, words: str) -> None:
    """It works, or the kernel is too old, and the error says so."""
    if not system.older_than(version):
        load()
        return
    with pytest.raises(tinybpf.UnsupportedError) as caught:
        load()
    assert re.search(words, str(caught.value)), str(caught.value)
    assert f"Linux {version} brought " in str(caught.value)
    assert caught.value.errno


@pytest.mark.kernel
@pytest.mark.parametrize(("kind", "version", "options"), MAPS, ids=[m[0].name for m in MAPS])
def test_maps(kind: BpfMapType, version: str, options: str):
    source = MAP % f"Type: {int(kind)}, {options}"
    check(lambda: tinybpf.load_go(source).close(), version, f"map 'things' is of type {kind.name}: Linux")


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("section", "version"),
    [("syscall", "5.14"), ("netfilter", "6.4"), ("lsm_cgroup/socket_bind", "6.0"), ("sk_lookup", "5.9")],
)
def test_kinds_of_programs(section: str, version: str):
    if not system.older_than(version):
        skip_without(section.partition("/")[0])
    check(
        lambda: tinybpf.load_go(PROGRAM % section).close(),
        version,
        f"program 'nothing' is of section {section}: Linux {version} brought it",
    )


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("kind", "version"),
    [("task", "5.8"), ("task_vma", "5.12"), ("bpf_link", "5.19"), ("ksym", "6.0"), ("cgroup", "6.1")],
)
def test_iterators(kind: str, version: str):
    skip_without("iter")
    source = (PROGRAM % f"iter/{kind}").replace("return 1", "return 0")
    check(
        lambda: tinybpf.load_go(source).close(), version, f"Linux {version} brought iter/{kind}; this kernel "
    )


LOOP = """
package bpf

import "tinybpf/ebpf"

var total uint64

//bpf:section tc
func sum(ctx *ebpf.SKB) ebpf.TCAction {
	ebpf.Loop(100, func(i uint32) bool { total += uint64(i); return true })
	return ebpf.TCOK
}
"""

TRACE = """
package bpf

import "tinybpf/ebpf"

//bpf:section kprobe/vfs_fallocate
func where(ctx ebpf.Context) int32 { return int32(ebpf.GetFuncIp(ctx)) }
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("source", "version", "what"),
    [
        (LOOP, "5.17", r"(bpf_loop|helper 181|functions that the kernel calls back)"),
        (TRACE, "5.15", r"(bpf_get_func_ip|helper 173)"),
    ],
    ids=["bpf_loop", "bpf_get_func_ip"],
)
def test_helpers(source: str, version: str, what: str):
    if not system.older_than(version):
        tinybpf.load_go(source).close()
        return
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(source)
    assert re.search(rf"Linux 5\.\d+ brought {what}; this kernel is ", caught.value.hint or ""), str(
        caught.value
    )


ADD = """
package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

var total uint64

//bpf:section tc
func add(ctx *ebpf.SKB) ebpf.TCAction {
	atomic.AddUint64(&total, 1)
	return ebpf.TCOK
}
"""


@pytest.mark.kernel
def test_atomic_operations():
    tinybpf.load_go(ADD, cpu="v2").close()
    if not system.older_than("5.12"):
        tinybpf.load_go(ADD).close()
        return
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(ADD)
    assert (caught.value.hint or "").startswith("Linux 5.12 brought atomic operations with a result; this ")


@pytest.mark.kernel
def test_a_pin_of_a_kprobe(watch):
    skip_without("kprobe")
    seen = watch("onEntry")
    link = seen.program.attach()
    path = f"/sys/fs/bpf/kprobe-{os.getpid()}"
    if system.older_than("5.15"):
        with pytest.raises(
            tinybpf.BpfError, match=r"Linux 5\.15 brought pins of kprobes, .*; this kernel is"
        ):
            link.pin(path)
        return
    link.pin(path)
    os.unlink(path)


# --- without a kernel


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "kernel_release", lambda: "5.4.0-test")
    monkeypatch.setattr(system, "config_item", lambda name: None)


def test_what_is_told(old, monkeypatch: pytest.MonkeyPatch):
    assert _since.absence("tcx") == "Linux 6.6 brought tcx; this kernel is 5.4"
    assert _since.absence("cgroup links") == "Linux 5.7 brought cgroup links; this kernel is 5.4"
    assert _since.absence("nothing known") is None
    monkeypatch.setattr(system, "kernel_release", lambda: "6.18.1")
    assert _since.absence("kprobe.multi") is None
    monkeypatch.setattr(system, "config_item", lambda name: "n" if name == "CONFIG_FPROBE" else "y")
    assert _since.absence("kprobe.multi") == "kprobe.multi: this kernel was built without CONFIG_FPROBE"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            "3: (85) call unknown#181\ninvalid func unknown#181",
            "Linux 5.17 brought helper 181; this kernel is 5.4",
        ),
        ("unknown func bpf_loop#181", "Linux 5.17 brought bpf_loop; this kernel is 5.4"),
        ("unknown func bpf_map_lookup_elem#1", None),
        (
            "unrecognized bpf_ld_imm64 insn",
            "Linux 5.13 brought functions that the kernel calls back; this kernel is 5.4",
        ),
        (
            "BPF_STX uses reserved fields",
            "Linux 5.12 brought atomic operations with a result; this kernel is 5.4; with --cpu v2 "
            '(cpu="v2") an addition whose result is not used does without',
        ),
        ("R0 !read_ok", None),
    ],
)
def test_helpers_that_the_verifier_does_not_know(old, words: str, hint: str | None):
    assert _absent.helper_hint(words) == hint


def test_helpers_are_those_of_the_documents(project: Path):
    rows = re.findall(
        r"^\| (\d+) \| `(\w+)`.*\| ([\d.]+) \|$", (project / "docs/helpers.md").read_text(), re.M
    )
    assert len(rows) == 211
    for number, name, version in rows:
        fact = _since.helper(int(number), name)
        assert fact is not None and (fact.name, fact.since) == (name, version)
    assert _since.helper(0) is None


def test_no_version_is_told_twice():
    """What can be tried knows its version, too."""
    for feature in features.PROGRAMS:
        fact = _since.ATTACHMENTS.get(feature.name)
        if fact is not None:
            assert fact.since == feature.since, feature.name
