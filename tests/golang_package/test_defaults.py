"""What the native helpers of package ebpf compute is what the kernel's do.

``go/ebpf/testdata/calls.json`` has calls and what came out of them. A Go test makes each natively, the
tests here make each in the kernel.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinybpf
from tinybpf import vm

pytestmark = pytest.mark.kernel

CALLS = json.loads((Path(__file__).resolve().parents[2] / "go/ebpf/testdata/calls.json").read_text())

HEAD = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var request = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 104, MaxEntries: 1}

type call struct {
	Args          [4]uint64
	Result, Value int64
	Text          [56]byte
}

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

func current() *call {
	key := uint32(0)
	return (*call)(lookup(unsafe.Pointer(&request), unsafe.Pointer(&key)))
}
"""

BODIES = {
    "Strtol": (
        "bpf_strtol(text unsafe.Pointer, size, flags uint64, res *int64) int64",
        "if n := c.Args[0]; n > 0 && n <= 56 {\n"
        "var v int64\nc.Result = helper(unsafe.Pointer(&c.Text), n, c.Args[1], &v)\nc.Value = v\n}",
    ),
    "Strtoul": (
        "bpf_strtoul(text unsafe.Pointer, size, flags uint64, res *int64) int64",
        "if n := c.Args[0]; n > 0 && n <= 56 {\n"
        "var v int64\nc.Result = helper(unsafe.Pointer(&c.Text), n, c.Args[1], &v)\nc.Value = v\n}",
    ),
    "SkbLoadBytes": (
        "bpf_skb_load_bytes(ctx unsafe.Pointer, offset uint32, to unsafe.Pointer, size uint32) int64",
        "c.Result = helper(ctx, uint32(c.Args[0]), unsafe.Pointer(&c.Value), 8)",
    ),
    "SkbStoreBytes": (
        "bpf_skb_store_bytes(ctx unsafe.Pointer, offset uint32, from unsafe.Pointer, size uint32, "
        "flags uint64) int64",
        "c.Value = int64(c.Args[1])\n"
        "c.Result = helper(ctx, uint32(c.Args[0]), unsafe.Pointer(&c.Value), 8, c.Args[2])",
    ),
    "SkbPullData": (
        "bpf_skb_pull_data(ctx unsafe.Pointer, size uint32) int64",
        "c.Result = helper(ctx, uint32(c.Args[0]))",
    ),
    "L3CsumReplace": (
        "bpf_l3_csum_replace(ctx unsafe.Pointer, offset uint32, from, to, size uint64) int64",
        "c.Result = helper(ctx, uint32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])",
    ),
    "L4CsumReplace": (
        "bpf_l4_csum_replace(ctx unsafe.Pointer, offset uint32, from, to, flags uint64) int64",
        "c.Result = helper(ctx, uint32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])",
    ),
    "CsumDiff": (
        "bpf_csum_diff(from unsafe.Pointer, fromSize uint32, to unsafe.Pointer, toSize, seed uint32) int64",
        "from, to := unsafe.Pointer(&c.Text), unsafe.Pointer(&c.Args[2])\n"
        "if n, k := uint32(c.Args[0]), uint32(c.Args[1]); n <= 56 && k <= 16 {\n"
        "c.Result = helper(from, n, to, k, 7)\n}",
    ),
}
"""Each helper's declaration and its call. The others have no result that the memory of a call can show."""


def program(helper: str) -> str:
    declaration, body = BODIES[helper]
    name, _, rest = declaration.partition("(")
    return (
        f"{HEAD}\n//go:extern {name}\nfunc helper({rest}\n\n//export make\n//bpf:section tc\n"
        f"func make(ctx unsafe.Pointer) int32 {{\nc := current()\nif c == nil {{\nreturn -1\n}}\n{body}\n"
        "return 0\n}\n"
    )


@pytest.fixture(params=BODIES)
def helper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Any]]:
    name: str = request.param
    (tmp_path / "make.go").write_text(program(name))
    try:
        obj = tinybpf.load_go(tmp_path)
    except tinybpf.BpfError as error:
        if "cannot use helper" in str(error) or "unknown func" in str(error):
            pytest.skip(f"this kernel has no {name} for tc programs")
        if name == "CsumDiff" and vm.running() and "invalid access to map value" in str(error):
            pytest.skip("this kernel has no eye for the bound of a size in the code that LLVM makes of it")
        raise
    with obj:
        yield name, obj


def folded(number: int) -> int:
    while number >> 16:
        number = (number & 0xFFFF) + (number >> 16)
    return number


def in_the_kernel(obj: Any, call: dict[str, Any]) -> dict[str, Any]:
    """The call with what comes out of it."""
    args = [*call["args"], 0, 0, 0][:4]
    value = struct.pack("<4QqQ56s", *args, 0, 0, call.get("text", "").encode())
    obj.map("request")[0] = value
    packet = bytes.fromhex(CALLS["packet"])
    result = obj.program("make").test_run(packet)
    assert result.retval == 0
    out = bytes(obj.map("request")[0])
    number, value_out = struct.unpack("<qQ", out[32:48])
    if call["helper"] == "CsumDiff" and number >= 0:
        number = folded(number)  # as Linux 6.14 and later give it
    return {"result": number, "value": value_out, "packet": result.data_out.hex()}


def test_the_kernel_does_what_the_native_helper_does(helper: tuple[str, Any]) -> None:
    name, obj = helper
    calls = [call for call in CALLS["calls"] if call["helper"] == name]
    assert len(calls) >= 2
    for call in calls:
        got = in_the_kernel(obj, call)
        wanted = {
            "result": call["result"],
            "value": call.get("value", 0),
            "packet": call.get("packet", CALLS["packet"]),
        }
        assert got == wanted, call
