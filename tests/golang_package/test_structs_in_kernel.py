"""Structs that helpers take and give, as programs in the typed dialect see them in the kernel."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

ESTABLISHED, LISTEN = 1, 10
FRAME = bytes(12) + b"\x08\x00" + bytes(46)

LOOKUP = """package bpf

import "tinybpf/ebpf"

type Seen struct {
	Family, Type, State uint32
	Port                uint16
	DstPort             ebpf.BE16
	Src                 ebpf.IPv4Addr
	Cwnd, MSS           uint32
}

var seen = ebpf.Array[Seen]{MaxEntries: 1}

var srcPort, dstPort uint16 // of the connection that is looked for

//bpf:section tc
func look(ctx *ebpf.SKB) ebpf.TCAction {
	var tuple ebpf.SockTuple
	*tuple.IPv4() = ebpf.SockTupleIPv4{
		Src: ebpf.IPv4Of(127, 0, 0, 1), Dst: ebpf.IPv4Of(127, 0, 0, 1),
		SrcPort: ebpf.NewBE16(srcPort), DstPort: ebpf.NewBE16(dstPort),
	}
	sk := ebpf.SkLookupTcp(ctx, &tuple, ebpf.SockTupleIPv4Len, ebpf.FCurrentNetns, 0)
	if sk == nil {
		return ebpf.TCShot
	}
	if s := seen.Lookup(0); s != nil {
		s.Family, s.Type, s.State = sk.Family, sk.Type, uint32(sk.State)
		s.Port, s.DstPort, s.Src = uint16(sk.SrcPort), sk.DstPort, sk.SrcIP4
		if tcp := ebpf.TcpSock(sk); tcp != nil {
			s.Cwnd, s.MSS = tcp.SndCwnd, tcp.MSSCache
		}
	}
	ebpf.SkRelease(sk)
	return ebpf.TCOK
}
"""

NAMESPACE = """package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

var info = ebpf.Array[ebpf.PidnsInfo]{MaxEntries: 1}

var dev, ino uint64

//bpf:section tc
func who(ctx *ebpf.SKB) ebpf.TCAction {
	var here ebpf.PidnsInfo
	if ebpf.GetNsCurrentPidTgid(dev, ino, &here, uint32(unsafe.Sizeof(here))) != 0 {
		return ebpf.TCShot
	}
	info.Update(0, here)
	return ebpf.TCOK
}
"""

MTU = """package bpf

import "tinybpf/ebpf"

var mtu = ebpf.Array[uint32]{MaxEntries: 1}

var longer int32

//bpf:section tc
func fits(ctx *ebpf.SKB) ebpf.TCAction {
	var size uint32
	result := ebpf.CheckMtu(ctx, 1, &size, longer, 0)
	mtu.Update(0, size)
	return ebpf.TCAction(result)
}
"""


PORTS = """package bpf

import "tinybpf/ebpf"

type Ports struct {
	Remote, RemoteOfPacket uint16
	Local, LocalOfPacket   uint32
	Family, Cwnd           uint32
	Addr                   ebpf.IPv4Addr
}

var ports = ebpf.Array[Ports]{MaxEntries: 1}

//bpf:section sockops
func established(ctx *ebpf.SockOps) int32 {
	p := ports.Lookup(0)
	if p != nil && ctx.Op == ebpf.SockOpsActiveEstablishedCb {
		p.Remote, p.Local, p.Family = ctx.RemotePort(), ctx.LocalPort, ctx.Family
		p.Addr, p.Cwnd = ctx.RemoteIP4, ctx.SndCwnd
	}
	return 1
}

//bpf:section cgroup_skb/egress
func sent(ctx *ebpf.SKB) ebpf.Verdict {
	p := ports.Lookup(0)
	if p != nil && ctx.Protocol() == ebpf.EtherTypeIPv4 && p.RemoteOfPacket == 0 {
		p.RemoteOfPacket, p.LocalOfPacket = ctx.RemotePort(), ctx.LocalPort
	}
	return ebpf.Allow
}
"""

CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
print(socket.create_connection(("127.0.0.1", int(sys.argv[2]))).getsockname()[1])
"""


@pytest.fixture
def cgroup(tmp_path: Path) -> Iterator[Path]:
    """A cgroup of version 2 of our own, where they are mounted or below a mount of the test's."""
    with open("/proc/self/mounts") as file:
        mounted = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    ours = tmp_path / "cgroup2"
    if not mounted:
        ours.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", ours], check=True)
    made = Path(mounted[0] if mounted else ours, f"tinybpf-structs-{os.getpid()}")
    made.mkdir()
    yield made
    made.rmdir()
    if not mounted:
        subprocess.run(["umount", ours], check=True)


def test_ports_of_a_connection_that_a_cgroup_opens(cgroup: Path, tmp_path: Path) -> None:
    (tmp_path / "p.go").write_text(PORTS)
    with tinybpf.load_go(tmp_path) as obj, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for program in obj.programs.values():
            program.attach_cgroup(cgroup)
        done = subprocess.run(
            [sys.executable, "-c", CONNECT, cgroup, str(port)], capture_output=True, text=True, check=True
        )
        seen = bytes(obj.map("ports")[0])
    remote, of_packet, local, local_of_packet, family, cwnd = struct.unpack_from("<HHIIII", seen)
    assert (remote, of_packet) == (port, port)
    assert (local, local_of_packet) == (int(done.stdout), int(done.stdout))
    assert (family, socket.inet_ntoa(seen[20:24])) == (socket.AF_INET, "127.0.0.1")
    assert 1 <= cwnd < 1000


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, bytes]]:
    """Loads a program with its knobs set, runs it once: its result, and what its first map has then."""

    def go(text: str, **knobs: int) -> tuple[int, bytes]:
        for name, value in knobs.items():
            assert f"\nvar {name} " in text or f", {name} " in text or f"\nvar {name}, " in text
            text = text.replace(
                "\n\n//bpf:section", f"\n\nfunc init() {{ {name} = {value} }}\n\n//bpf:section", 1
            )
        (tmp_path / "p.go").write_text(text)
        with tinybpf.load_go(tmp_path) as obj:
            (program,) = obj.programs.values()
            (first,) = (m for name, m in obj.maps.items() if "." not in name)
            retval = program.test_run(FRAME).retval
            value = first[0]
            return retval, value.to_bytes(4, "little") if isinstance(value, int) else bytes(value)

    return go


def test_a_socket_that_listens(run: Callable[..., tuple[int, bytes]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        retval, seen = run(LOOKUP, srcPort=1, dstPort=port)
        family, kind, state, own_port = struct.unpack_from("<IIIH", seen)
        assert (retval, family, kind, state, own_port) == (
            0,
            socket.AF_INET,
            socket.SOCK_STREAM,
            LISTEN,
            port,
        )
        assert struct.unpack_from("!H", seen, 14) == (0,)
    assert run(LOOKUP, srcPort=1, dstPort=port)[0] == 2


def test_a_connection(run: Callable[..., tuple[int, bytes]]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        here, there = client.getsockname()[1], client.getpeername()[1]
        retval, seen = run(LOOKUP, srcPort=here, dstPort=there)
    state, own_port, far_port, address, cwnd, mss = struct.unpack("<I H 2s 4s I I", seen[8:])
    assert (retval, state, own_port) == (0, ESTABLISHED, there)
    assert int.from_bytes(far_port, "big") == here
    assert socket.inet_ntoa(address) == "127.0.0.1"
    assert 1 <= cwnd < 1000 and 500 < mss <= 65536


def test_the_process_in_its_pid_namespace(run: Callable[..., tuple[int, bytes]]) -> None:
    namespace = os.stat("/proc/self/ns/pid")
    retval, info = run(NAMESPACE, dev=namespace.st_dev, ino=namespace.st_ino)
    assert (retval, struct.unpack("<II", info)) == (0, (os.getpid(), os.getpid()))
    assert run(NAMESPACE, dev=namespace.st_dev, ino=1)[0] == 2


def test_the_mtu_of_loopback(run: Callable[..., tuple[int, bytes]]) -> None:
    wanted = int(Path("/sys/class/net/lo/mtu").read_text())
    assert run(MTU, longer=0) == (0, struct.pack("<I", wanted))
    assert run(MTU, longer=wanted) == (1, struct.pack("<I", wanted))  # MTUChkRetFragNeeded
