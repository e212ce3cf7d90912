"""xdp-filter: packets from blocked networks are dropped and counted, all others pass."""

from __future__ import annotations

import shutil
import socket
import struct

import pytest

import tinybpf

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs the ip command of iproute2"),
]

EVIL, GOOD, HERE = "10.98.0.5", "10.98.0.1", "10.98.0.2"
XDP_DROP, XDP_PASS = 1, 2


def block(obj: tinybpf.BpfObject, network: str) -> None:
    obj.map("blocked")[network] = 0


def counts(obj: tinybpf.BpfObject) -> dict[str, int]:
    return {str(network): dropped for network, dropped in obj.map("blocked").items()}


def test_udp_of_a_blocked_network_is_dropped_and_counted(bpf, ends, udp_arrives):
    with tinybpf.load_go(bpf) as obj:
        block(obj, "10.98.0.4/30")
        block(obj, "192.0.2.0/24")
        ends[1].run(lambda: obj.program("filter").attach_xdp("vb"))
        assert [udp_arrives(EVIL, HERE) for _ in range(3)] == [False, False, False]
        assert udp_arrives(GOOD, HERE)
        assert udp_arrives("fd98::1", "fd98::2")
        assert counts(obj) == {"10.98.0.4/30": 3, "192.0.2.0/24": 0}
        del obj.map("blocked")["10.98.0.4/30"]
        assert udp_arrives(EVIL, HERE)


def test_tcp_of_a_blocked_network_does_not_connect(bpf, ends, tcp_connects):
    with tinybpf.load_go(bpf) as obj:
        assert tcp_connects(EVIL, HERE)
        block(obj, "10.98.0.5/32")
        ends[1].run(lambda: obj.program("filter").attach_xdp("vb"))
        assert not tcp_connects(EVIL, HERE)
        assert tcp_connects(GOOD, HERE)
        assert counts(obj)["10.98.0.5/32"] >= 1
    assert tcp_connects(EVIL, HERE)  # nothing is left of it


def frame(source: str, vlan: bool = False) -> bytes:
    """An IPv4 packet in an Ethernet frame, as far as the program looks."""
    tag = struct.pack("!HH", 0x8100, 7) if vlan else b""
    ip = bytes([0x45]) + bytes(11) + socket.inet_aton(source) + socket.inet_aton(HERE)
    return bytes(12) + tag + struct.pack("!H", 0x0800) + ip


def test_frames_with_a_vlan_tag_and_short_ones(bpf):
    with tinybpf.load_go(bpf) as obj:
        block(obj, "10.98.0.4/30")
        run = obj.program("filter").test_run
        assert run(frame(EVIL, vlan=True)).retval == XDP_DROP
        assert run(frame(GOOD, vlan=True)).retval == XDP_PASS
        assert run(frame(EVIL)).retval == XDP_DROP
        assert run(frame(EVIL)[:-1]).retval == XDP_PASS
        assert run(frame(EVIL, vlan=True)[:16]).retval == XDP_PASS
        assert counts(obj) == {"10.98.0.4/30": 2}


def test_main(run_main, ends, udp_arrives):
    script = run_main("vb", "10.98.0.4/30", "192.0.2.0/24", namespace=ends[1])
    line = r"^dropped: (\d+) from 10\.98\.0\.4/30, 0 from 192\.0\.2\.0/24$"
    script.until(line)
    assert not udp_arrives(EVIL, HERE)
    assert not udp_arrives(EVIL, HERE)
    script.until(line.replace(r"(\d+)", "2"))
    assert udp_arrives(GOOD, HERE)
    script.interrupt()
    assert udp_arrives(EVIL, HERE)
