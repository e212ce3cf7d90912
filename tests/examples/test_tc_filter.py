"""tc-filter: packets to blocked services are dropped, counted and reported, all others leave."""

from __future__ import annotations

import shutil
import socket

import pytest

import tinybpf

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs the ip command of iproute2"),
]

TCP, UDP = 6, 17
HERE, THERE = "10.98.0.1", "10.98.0.2"
HERE6, THERE6 = "fd98::1", "fd98::2"


def port_of(at: socket.socket) -> int:
    return at.getsockname()[1]


@pytest.mark.parametrize("source, target, header", [(HERE, THERE, 14 + 20), (HERE6, THERE6, 14 + 40)])
def test_udp_to_a_blocked_port_does_not_leave(bpf, ends, udp_arrives, source, target, header):
    with tinybpf.load_go(bpf) as obj, ends[1].socket(target, socket.SOCK_DGRAM) as receiver:
        blocked = {"Protocol": UDP, "Port": port_of(receiver)}
        obj.map("blocked")[blocked] = 0
        ends[0].run(lambda: obj.program("filter").attach_tcx("va"))
        assert not udp_arrives(source, target, at=receiver)
        assert not udp_arrives(source, target, at=receiver)
        assert udp_arrives(source, target)  # another port
        assert obj.map("blocked")[blocked] == 2
        reported = list(obj.ring_buffer("drops", timeout=0.2))
        assert [(d.To.Protocol, d.To.Port, d.Len) for d in reported] == [
            (UDP, port_of(receiver), header + 8 + 20)
        ] * 2
        assert obj.lost("drops") == 0
    with ends[1].socket(target, socket.SOCK_DGRAM) as receiver:
        assert udp_arrives(source, target, at=receiver)


@pytest.mark.parametrize("source, target", [(HERE, THERE), (HERE6, THERE6)])
def test_tcp_to_a_blocked_port_does_not_connect(bpf, ends, tcp_connects, udp_arrives, source, target):
    with (
        tinybpf.load_go(bpf) as obj,
        ends[1].socket(target, socket.SOCK_STREAM) as server,
        ends[1].socket(target, socket.SOCK_DGRAM) as receiver,
    ):
        assert tcp_connects(source, target, at=server)
        obj.map("blocked")[{"Protocol": TCP, "Port": port_of(server)}] = 0
        obj.map("blocked")[{"Protocol": TCP, "Port": port_of(receiver)}] = 0
        ends[0].run(lambda: obj.program("filter").attach_tcx("va"))
        assert not tcp_connects(source, target, at=server)
        assert tcp_connects(source, target)  # another port
        assert udp_arrives(source, target, at=receiver)  # the port is blocked, for TCP
        assert obj.map("blocked")[{"Protocol": TCP, "Port": port_of(server)}] >= 1
        assert {(d.To.Protocol.name, d.To.Port) for d in obj.ring_buffer("drops", timeout=0.2)} == {
            ("TCP", port_of(server))
        }


def test_main(run_main, ends, udp_arrives):
    with ends[1].socket(THERE, socket.SOCK_DGRAM) as receiver:
        port = port_of(receiver)
        script = run_main("va", f"udp/{port}", "tcp/25", namespace=ends[0])
        script.until(r"^Watching what leaves va\.$")
        assert not udp_arrives(HERE, THERE, at=receiver)
        script.until(rf"^dropped: 62 bytes to UDP/{port}$")
        assert udp_arrives(HERE, THERE)
        script.interrupt()
        assert udp_arrives(HERE, THERE, at=receiver)
