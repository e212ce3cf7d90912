"""The programs of go/programs that see packets and connections."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys

import pytest

pytestmark = pytest.mark.kernel

DROP, PASS = 1, 2  # of XDP
UNSPEC = 0xFFFFFFFF  # TCUnspec


def xdp(obj, name: str, packet: bytes) -> int:
    return obj.program(name).test_run(data=packet).retval


# ---- packets ----


def test_packets_drops_udp_to_the_port_and_nothing_else(program_of, packets):
    obj = program_of("packets")
    results = {
        "port": packets.udp(9999),
        "options": packets.udp(9999, options=bytes([1, 1, 1, 0])),
        "longest header": packets.udp(9999, options=bytes(40)),
        "first fragment": packets.udp(9999, fragment=0x2000),
        "other port": packets.udp(9998),
        "from the port": packets.udp(53, source=9999),
        "tcp": packets.tcp(9999),
        "later fragment": packets.udp(9999, fragment=1),
        "not IPv4": packets.ethernet(packets.udp(9999)[14:], kind=0x86DD),
        "cut": packets.udp(9999)[:41],
        "cut in IP": packets.udp(9999)[:33],
        "ethernet only": packets.ethernet(b""),
        "port where none is": packets.udp(1, payload=struct.pack("!H", 9999) * 4),
    }
    dropped = {name for name, packet in results.items() if xdp(obj, "dropPort", packet) == DROP}
    assert dropped == {"port", "options", "longest header", "first fragment"}
    assert {xdp(obj, "dropPort", p) for n, p in results.items() if n not in dropped} == {PASS}


def test_packets_has_a_knob(program_of, packets):
    obj = program_of("packets", port=53)
    assert [xdp(obj, "dropPort", packets.udp(port)) for port in (53, 9999)] == [DROP, PASS]


def test_packets_on_a_wire(program_of, veth, arrives):
    obj = program_of("packets", port=4242)
    assert arrives(4242) and arrives(4243)
    veth[1].run(lambda: obj.program("dropPort").attach_xdp("vb"))
    assert not arrives(4242)
    assert arrives(4243)
    obj.close()
    assert arrives(4242)


# ---- percpu ----


def test_percpu_counts_packets_and_bytes_by_protocol(program_of, packets):
    obj = program_of("percpu")
    sent = [packets.udp(1, b"x" * 30), packets.udp(2, b"y" * 50), packets.tcp(3)]
    for packet in [*sent, packets.ethernet(bytes(60), kind=0x0806)]:
        assert obj.program("count").test_run(data=packet).retval == UNSPEC
    totals = {
        protocol: (sum(t.Packets for t in each), sum(t.Bytes for t in each))
        for protocol, each in obj.map("traffic").items_percpu()
        if any(t.Packets for t in each)
    }
    assert totals == {17: (2, len(sent[0]) + len(sent[1])), 6: (1, len(sent[2]))}


def test_percpu_counts_on_each_cpu(program_of, packets):
    obj = program_of("percpu")
    allowed = os.sched_getaffinity(0)
    cpus = sorted(allowed)[:2]
    try:
        for n, cpu in enumerate(cpus, 1):
            os.sched_setaffinity(0, {cpu})
            obj.program("count").test_run(data=packets.udp(1), repeat=n)
    finally:
        os.sched_setaffinity(0, allowed)
    each = obj.map("traffic").lookup_percpu(17)
    assert [each[cpu].Packets for cpu in cpus] == list(range(1, len(cpus) + 1))
    assert sum(t.Packets for t in each) == sum(range(1, len(cpus) + 1))


# ---- tailcalls ----


def test_tailcalls_jumps_to_the_program_of_the_protocol(program_of, packets):
    obj = program_of("tailcalls")
    assert xdp(obj, "dispatch", packets.ping()) == PASS
    assert obj.map("pings")[0] == 0
    obj.map("byProtocol")[1] = obj.program("icmp").fd
    assert xdp(obj, "dispatch", packets.ping()) == DROP
    assert xdp(obj, "dispatch", packets.udp(1)) == PASS
    assert xdp(obj, "dispatch", packets.ethernet(packets.ping()[14:], kind=0x86DD)) == PASS
    assert obj.map("pings")[0] == 1
    del obj.map("byProtocol")[1]
    assert xdp(obj, "dispatch", packets.ping()) == PASS
    assert obj.map("pings")[0] == 1


# ---- library ----


def test_library_counts_flows(program_of, packets):
    obj = program_of("library")
    for packet in (
        packets.udp(53),
        packets.udp(53, b"more"),
        packets.udp(53, source=1),
        packets.tcp(53),
        packets.ping(),
    ):
        assert obj.program("ingress").test_run(data=packet).retval == UNSPEC
    flows = {bytes(key): count for key, count in obj.map("flows").typed(key=bytes).items()}
    ends = socket.inet_aton(packets.source) + socket.inet_aton(packets.target)
    assert flows == {
        ends + struct.pack("!HHB3x", 4711, 53, 17): 2,
        ends + struct.pack("!HHB3x", 1, 53, 17): 1,
        ends + struct.pack("!HHB3x", 4711, 53, 6): 1,
    }


# ---- several, tested: connections ----

# Runs in the cgroup: connects UDP (which nobody needs to answer) to each address; prints the errors.
CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
for place in sys.argv[2:]:
    address, port = place.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        print(s.connect_ex((address, int(port))))
"""


def connect(cgroup, *places: str) -> tuple[int, list[int]]:
    """The process id and what each connect gave."""
    command = [sys.executable, "-c", CONNECT, str(cgroup), *places]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return process.pid, [int(line) for line in out.split()]


def test_several_marks_packets_from_peers(program_of, cgroup, packets, same_pids):
    obj = program_of("several")
    obj.program("remember").attach_cgroup(cgroup)
    pid, errors = connect(cgroup, "127.0.0.1:4242")
    assert errors == [0]
    peers = obj.map("peers").typed(key=bytes, value=bytes)
    assert [bytes(key) for key in peers] == [socket.inet_aton("127.0.0.1")]
    seen, port, count = struct.unpack("=IH2xQ", bytes(peers[socket.inet_aton("127.0.0.1")]))
    assert (port, count) == (4242, 0)
    if same_pids:
        assert seen == pid
    mark = obj.program("mark")
    stranger = mark.test_run(data=packets.udp(1), ctx=bytes(192))
    assert (stranger.retval, struct.unpack_from("=I", stranger.ctx_out, 8)) == (UNSPEC, (0,))
    packets.source = "127.0.0.1"
    for n in (1, 2):
        friend = mark.test_run(data=packets.udp(1), ctx=bytes(192))
        assert (friend.retval, struct.unpack_from("=I", friend.ctx_out, 8)) == (UNSPEC, (seen,))
        assert struct.unpack("=IH2xQ", bytes(peers[socket.inet_aton("127.0.0.1")])) == (seen, 4242, n)


def test_tested_limits_connections(program_of, cgroup, same_pids):
    obj = program_of("tested", limit=2)
    obj.program("limitConnects").attach_cgroup(cgroup)
    pid, errors = connect(cgroup, *["127.0.0.1:1"] * 5)
    assert errors == [0] * 5  # the loopback is free
    assert len(obj.map("made")) == 0
    pid, errors = connect(cgroup, *(f"192.0.2.1:{port}" for port in (1, 2, 3, 4)))
    assert [e == errno.EPERM for e in errors] == [False, False, True, True]
    records = [
        struct.unpack("=I4s H2x", bytes(r)) for r in obj.ring_buffer("blocked", timeout=0.3, event_type=bytes)
    ]
    assert [(address, port) for _, address, port in records] == [
        (socket.inet_aton("192.0.2.1"), p) for p in (3, 4)
    ]
    if same_pids:
        assert {seen for seen, _, _ in records} == {pid}
    assert list(obj.map("made").values()) == [2]
    _, errors = connect(cgroup, "192.0.2.1:1")  # another process begins anew
    assert errors != [errno.EPERM]
