"""Packets through ``ebpf.Header``: what the verifier lets through, and what the program sees."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]

PASS, DROP, ABORTED = 2, 1, 0

SOURCE = """
type Seen struct {
	Src, Dst         ebpf.IPv4Addr
	SrcPort, DstPort ebpf.BE16
	Seq              ebpf.BE32
	MAC              ebpf.MAC
	Len              uint32
}

var seen = ebpf.RingBuf[Seen]{MaxEntries: 4096}
var gateway = ebpf.IPv4Of(10, 0, 0, 1)

//bpf:section xdp
func fixed(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil {
		return ebpf.XDPAborted
	}
	if eth.Type.Uint16() != ebpf.EtherTypeIPv4 {
		return ebpf.XDPPass
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil || ip.Src == gateway || ip.Dst.IsLoopback() {
		return ebpf.XDPDrop
	}
	return ebpf.XDPPass
}

//bpf:section xdp
func variable(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if eth == nil || ip == nil {
		return ebpf.XDPAborted
	}
	tcp := ebpf.Header[ebpf.TCP](ctx, ebpf.EthernetLen+ip.HeaderLen())
	if tcp == nil {
		return ebpf.XDPPass
	}
	s := seen.Reserve()
	if s == nil {
		return ebpf.XDPAborted
	}
	s.Src, s.Dst, s.SrcPort, s.DstPort, s.Seq = ip.Src, ip.Dst, tcp.SrcPort, tcp.DstPort, tcp.Seq
	s.MAC, s.Len = eth.Src, tcp.HeaderLen()
	seen.Submit(s)
	return ebpf.XDPDrop
}

//bpf:section tc
func rewrite(ctx *ebpf.SKB) ebpf.TCAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || ctx.Protocol() != ebpf.EtherTypeIPv4 {
		return ebpf.TCShot
	}
	eth.Dst, eth.Src = eth.Src, eth.Dst
	ctx.Mark = ctx.Len
	return ebpf.TCOK
}

//bpf:section xdp
func walk(ctx *ebpf.XDP) ebpf.XDPAction {
	offset := uint32(ebpf.EthernetLen)
	for range 4 {
		tag := ebpf.Header[ebpf.VLAN](ctx, offset)
		if tag == nil {
			return ebpf.XDPAborted
		}
		if tag.Type.Uint16() != ebpf.EtherTypeVLAN {
			return ebpf.XDPAction(tag.ID())
		}
		offset += ebpf.VLANLen
	}
	return ebpf.XDPPass
}
"""


def ethernet(kind: int = 0x0800) -> bytes:
    return bytes.fromhex("0200000000aa0200000000bb") + struct.pack("!H", kind)


def ipv4(src: str, dst: str, options: bytes = b"", protocol: int = 6) -> bytes:
    words = 5 + len(options) // 4
    ends = bytes(int(p) for a in (src, dst) for p in a.split("."))
    return struct.pack("!BBHHHBBH", 0x40 | words, 0, 40, 1, 0, 64, protocol, 0) + ends + options


def tcp(src: int, dst: int) -> bytes:
    return struct.pack("!HHIIBBHHH", src, dst, 0xDEADBEEF, 0, 6 << 4, 2, 0, 0, 0) + bytes(4)


def result(obj: BpfObject, program: str, packet: bytes) -> int:
    return obj.program(program).test_run(data=packet).retval


def test_fixed_offsets(load: Load) -> None:
    obj = load(SOURCE)
    fine = ethernet() + ipv4("10.0.0.2", "192.0.2.1") + tcp(1, 2)
    assert result(obj, "fixed", fine) == PASS
    assert result(obj, "fixed", ethernet() + ipv4("10.0.0.1", "192.0.2.1") + tcp(1, 2)) == DROP
    assert result(obj, "fixed", ethernet() + ipv4("10.0.0.2", "127.9.9.9") + tcp(1, 2)) == DROP
    assert result(obj, "fixed", ethernet() + bytes(19)) == DROP
    assert result(obj, "fixed", ethernet(0x86DD) + bytes(60)) == PASS


def test_variable_offsets(load: Load) -> None:
    obj = load(SOURCE)
    for options in (b"", bytes(40)):
        packet = ethernet() + ipv4("198.51.100.7", "192.0.2.1", options) + tcp(40000, 443)
        assert result(obj, "variable", packet) == DROP
        assert result(obj, "variable", packet[:-5]) == PASS
    events = list(obj.ring_buffer("seen", timeout=0.05))
    assert len(events) == 2
    for e in events:
        assert (str(e.Src), str(e.Dst)) == ("198.51.100.7", "192.0.2.1")
        assert (e.SrcPort, e.DstPort, e.Seq, e.Len) == (40000, 443, 0xDEADBEEF, 24)
        assert bytes(e.MAC) == bytes.fromhex("0200000000bb")


def test_packets_can_be_written(load: Load) -> None:
    obj = load(SOURCE)
    packet = ethernet() + ipv4("10.0.0.2", "192.0.2.1") + tcp(1, 2)
    done = obj.program("rewrite").test_run(data=packet)
    assert done.retval == 0
    assert done.data_out == packet[6:12] + packet[:6] + packet[12:]


def test_an_offset_that_grows_in_a_loop(load: Load) -> None:
    obj = load(SOURCE)
    tags = struct.pack("!HHHHHH", 9, 0x8100, 9, 0x8100, 3, 0x0800)
    assert result(obj, "walk", ethernet(0x8100) + tags + bytes(20)) == 3
    assert result(obj, "walk", ethernet(0x8100) + tags[:6]) == ABORTED
