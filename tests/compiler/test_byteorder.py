"""Objects for big-endian machines: data, types and lines say the same as those for this one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.elf import SHF_EXECINSTR, read
from tinybpf.errors import CompileError
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import BtfExt

SOURCE = """package main

import (
	"encoding/binary"

	"tinybpf/ebpf"
)

type Event struct {
	A    uint64
	B    int16
	Port ebpf.BE16
	IP   ebpf.IPv4Addr
	C    [3]uint32
	S    struct{ X int8; Y int16 }
	Name [4]byte
	On   bool
}

var (
	events  = ebpf.RingBuf[Event]{MaxEntries: 4096}
	counts  = ebpf.Hash[uint32, Event]{MaxEntries: 77}
	knob    uint32 = 0x01020304
	squares = table()
	first   = Event{0x0102030405060708, -2, ebpf.NewBE16(443), ebpf.IPv4Of(1, 2, 3, 4), [3]uint32{1, 2, 3},
		struct{ X int8; Y int16 }{5, 6}, [4]byte{7, 8, 9, 10}, true}
	written uint64 = 5
	bytes8  = orders()
)

func table() (t [4]uint16) {
	for i := range t {
		t[i] = uint16(i*i + 256)
	}
	return
}

func orders() (b [8]byte) {
	binary.NativeEndian.PutUint16(b[:], 0x0102)
	binary.BigEndian.PutUint16(b[2:], 0x0304)
	binary.LittleEndian.PutUint32(b[4:], 0x05060708)
	return
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	written++
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || eth.Type.Uint16() != ebpf.EtherTypeIPv4 || uint32(squares[knob&3]) == 3 {
		return ebpf.XDPPass
	}
	counts.Update(3, first)
	if e := events.Reserve(); e != nil {
		*e = first
		events.Submit(e)
	}
	return ebpf.XDPDrop
}
"""


def value(data: bytes, name: str) -> bytes:
    elf = read(data)
    symbol = next(s for s in elf.symbols if s.name == name)
    return elf.sections[symbol.section].data[symbol.value : symbol.value + symbol.size]


def test_initial_values() -> None:
    big = compile_go(SOURCE, byte_order="big").elf
    assert value(big, "knob") == bytes([1, 2, 3, 4])
    assert value(big, "bytes8") == bytes([1, 2, 3, 4, 8, 7, 6, 5])
    assert value(compile_go(SOURCE).elf, "bytes8") == bytes([2, 1, 3, 4, 8, 7, 6, 5])
    assert value(big, "squares") == bytes([1, 0, 1, 1, 1, 4, 1, 9])
    assert value(big, "written") == bytes([0] * 7 + [5])
    assert value(big, "first") == (
        bytes(range(1, 9)) + b"\xff\xfe" + b"\x01\xbb" + bytes([1, 2, 3, 4])
        + bytes([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes([5, 0, 0, 6]) + bytes([7, 8, 9, 10]) + b"\x01"
        + bytes(3)
    )  # fmt: skip


def shape(data: bytes) -> list[object]:
    """All of an object but code and data."""
    elf = read(data)
    sections = {s.name: s.data for s in elf.sections}
    btf = Btf(sections[".BTF"])
    ext = BtfExt(sections[".BTF.ext"], btf)
    records = [btf.record(n) for n in range(1, len(btf))]
    code = [s.name for s in elf.sections if s.flags & SHF_EXECINSTR]
    return [
        [(s.name, s.type, s.flags) for s in elf.sections],
        [(r.kind, r.name, r.size) for r in records],
        btf.map_definitions(),
        [[name for _, name in ext.functions(s)] for s in code],
        sorted({place.text for s in code for _, place in ext.lines(s)}),
    ]


def test_types_and_lines() -> None:
    little, big = (compile_go(SOURCE, byte_order=order) for order in ("little", "big"))
    assert (little.elf[5], big.elf[5]) == (1, 2)
    assert shape(little.elf) == shape(big.elf)


def test_network_order_needs_no_swap() -> None:
    """The packet's bytes are in the machine's order: the comparison is with the number itself."""

    def code(order: str) -> list[tuple[int, int]]:
        elf = read(compile_go(SOURCE, byte_order=order).elf)
        section = elf.section("xdp")
        assert section is not None
        return [
            (section.data[at], int.from_bytes(section.data[at + 4 : at + 8], order))  # type: ignore[arg-type]
            for at in range(0, len(section.data), 8)
        ]

    jump_not_equal = 0x56
    assert (jump_not_equal, 0x0008) in code("little")
    assert (jump_not_equal, 0x0800) in code("big")


@pytest.mark.parametrize("tool", ["llvm-objdump-19", "bpftool"])
def test_other_tools_read_it(tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    path = tmp_path / "x.o"
    path.write_bytes(compile_go(SOURCE, byte_order="big").elf)
    what = ["-d", str(path)] if tool.startswith("llvm") else ["btf", "dump", "file", str(path)]
    done = subprocess.run([tool, *what], capture_output=True, text=True, check=True)
    assert ("<prog>:" if tool.startswith("llvm") else "FUNC 'prog'") in done.stdout
    assert done.stdout.count("call 0x2") == 1 or tool == "bpftool"


@pytest.mark.parametrize("field", ["ctx.Nr", "(*ctx).Nr"])
def test_a_number_that_moves_is_refused(field: str) -> None:
    source = f"""package main

import "tinybpf/ebpf"

//bpf:section tracepoint/raw_syscalls/sys_enter
func enter(ctx *ebpf.SysEnter) int32 {{
	if {field} == 1 {{
		return 1
	}}
	return int32(ctx.Args[0])
}}
"""
    assert compile_go(source).elf
    with pytest.raises(CompileError, match=r":7:\d+: SysEnter.Nr is not where"):
        compile_go(source, byte_order="big")


def test_a_value_of_many_meanings_is_refused() -> None:
    source = SOURCE + "\nvar look = ebpf.FIBLookup{Family: 2}\n"
    assert compile_go(source).elf
    with pytest.raises(CompileError, match=r"how an initial value of ebpf\.FIBLookup"):
        compile_go(source, byte_order="big")


def test_unknown() -> None:
    with pytest.raises(ValueError, match="byte_order must be little or big, not 'middle'"):
        compile_go(SOURCE, byte_order="middle")
