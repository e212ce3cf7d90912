"""sk_lookup, flow_dissector, sk_reuseport, socket filters, netfilter and sockops: what arrives."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

LOOKUPS, DISSECTED, CHOSEN, FILTERED, HOOKED, OPERATIONS = range(6)
SOL_PACKET, PACKET_FANOUT = 263, 18


@pytest.fixture
def load(build: Callable[..., bytes]) -> Iterator[Callable[..., tinybpf.BpfObject]]:
    """``load("lookup")``: an object of ``sockets.go`` with these programs alone."""
    opened: list[tinybpf.BpfObject] = []

    def made(*programs: str) -> tinybpf.BpfObject:
        opened.append(tinybpf.load(build("sockets", *programs)))
        return opened[-1]

    yield made
    for obj in opened:
        obj.close()


def connects(end, address: str, port: int) -> bool:
    """Whether a TCP connection from a namespace is taken."""
    with end.run(lambda: socket.socket()) as one:
        one.settimeout(5)
        try:
            one.connect((address, port))
        except ConnectionRefusedError:
            return False
    return True


def listening(end, address: str, port: int) -> socket.socket:
    made = end.socket(address, socket.SOCK_STREAM, port)
    made.listen()
    return made


class TestLookup:
    def test_connections_to_one_port_find_no_socket(self, load, veth):
        obj = load("lookup")
        with listening(veth[1], "10.99.0.2", 4242), listening(veth[1], "10.99.0.2", 4243):
            assert connects(veth[0], "10.99.0.2", 4242)
            link = veth[1].run(lambda: obj.program("lookup").attach_sk_lookup())
            assert observed("the connection finds no socket", not connects(veth[0], "10.99.0.2", 4242))
            assert connects(veth[0], "10.99.0.2", 4243)
            assert obj.map("calls")[LOOKUPS] >= 1
            inode = os.stat(veth[1].path).st_ino
            assert (link.info.netns_inode, link.info.attach_type.name) == (inode, "SK_LOOKUP")
            link.destroy()
            assert connects(veth[0], "10.99.0.2", 4242)

    @pytest.mark.parametrize("how", ["path", "name", "descriptor"])
    def test_another_namespace(self, load, veth, how: str):
        program = load("lookup").program("lookup")
        with listening(veth[1], "10.99.0.2", 4242):
            if how == "descriptor":
                fd = os.open(veth[1].path, os.O_RDONLY)
                link = program.attach_sk_lookup(fd)
                os.close(fd)
            else:
                link = program.attach_sk_lookup(veth[1].path if how == "path" else veth[1].name)
                assert link.target == f"sk_lookup:{veth[1].path if how == 'path' else veth[1].name}"
            assert not connects(veth[0], "10.99.0.2", 4242)
            link.detach()
            assert connects(veth[0], "10.99.0.2", 4242)
            assert link.info.netns_inode == 0

    def test_by_section_it_is_the_own_namespace(self, load, veth):
        obj = load("lookup")
        with listening(veth[1], "10.99.0.2", 4242):
            link = veth[1].run(obj.program("lookup").attach)
            assert link.target == "sk_lookup:own netns"
            assert not connects(veth[0], "10.99.0.2", 4242)

    def test_what_is_no_namespace(self, load):
        program = load("lookup").program("lookup")
        with pytest.raises(
            tinybpf.NotFoundError, match="attach sk_lookup to 'nope' failed: there is no such"
        ):
            program.attach_sk_lookup("nope")
        with pytest.raises(tinybpf.BpfError, match="'/etc/passwd' is no network namespace"):
            program.attach_sk_lookup("/etc/passwd")
        with pytest.raises(tinybpf.BpfError, match="no open descriptor"):
            program.attach_sk_lookup(9999)
        with pytest.raises(TypeError, match="not bool"):
            program.attach_sk_lookup(True)
        with pytest.raises(tinybpf.BpfError, match=r"is a SK_LOOKUP program .*, this needs a FLOW_DISSECTOR"):
            program.attach_flow_dissector()


class TestFlowDissector:
    def test_it_takes_packets_apart(self, load, veth, arrives):
        obj = load("dissect")
        watcher = veth[1].run(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(0x0800)))
        with watcher:
            watcher.setsockopt(SOL_PACKET, PACKET_FANOUT, 7)  # among sockets by the flow's hash
            link = obj.program("dissect").attach_flow_dissector(veth[1].path)
            assert arrives(4242)
            seen = obj.map("calls")[DISSECTED]
            assert observed("it took a packet apart", seen >= 1)
            with pytest.raises(tinybpf.BpfError, match="there can be one only"):
                load("dissect").program("dissect").attach_flow_dissector(veth[1].path)
            link.destroy()
            assert arrives(4242)
            assert obj.map("calls")[DISSECTED] == seen


class TestNetfilter:
    @pytest.fixture(autouse=True)
    def kernel(self) -> None:
        if system.older_than("6.4"):
            pytest.skip("this kernel has no netfilter programs")

    def test_packets_are_dropped(self, load, veth, arrives):
        obj = load("hook")
        assert arrives(4242)
        link = veth[1].run(lambda: obj.program("hook").attach_netfilter("input", priority=-5))
        assert link.target == "netfilter:ipv4/input (-5)"
        assert observed("packets are dropped", not arrives(4242))
        assert obj.map("calls")[HOOKED] >= 1
        info = link.info
        assert (info.family, info.hook, info.priority, info.flags) == (2, 1, -5, 0)
        link.destroy()
        assert arrives(4242)

    def test_the_order_is_that_of_the_priorities(self, load, veth, arrives):
        dropping, accepting = load("hook"), load("accept")
        veth[1].run(lambda: dropping.program("hook").attach_netfilter("input", priority=10))
        veth[1].run(lambda: accepting.program("accept").attach_netfilter("input", priority=9))
        assert not arrives(4242)
        assert accepting.map("calls")[HOOKED] >= 1
        with pytest.raises(tinybpf.BpfError, match="there is a program of priority 9 already") as caught:
            veth[1].run(lambda: load("accept").program("accept").attach_netfilter("input", priority=9))
        assert caught.value.errno == errno.EBUSY

    def test_other_families_and_hooks_go_on(self, load, veth, arrives):
        obj = load("hook")
        veth[1].run(lambda: obj.program("hook").attach_netfilter("output"))
        veth[1].run(lambda: obj.program("hook").attach_netfilter("input", family="ipv6"))
        assert arrives(4242)

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            ({"hook": "up"}, ValueError, "hook must be one of 'prerouting', 'input'"),
            ({"family": "arp"}, ValueError, "family must be one of 'ipv4', 'ipv6', not 'arp'"),
            ({"priority": "1"}, TypeError, "priority must be a number, not str"),
            ({"priority": 1 << 31}, ValueError, "priority must be between"),
        ],
    )
    def test_what_cannot_be(self, load, arguments: dict[str, object], error: type, words: str):
        with pytest.raises(error, match=words):
            load("hook").program("hook").attach_netfilter(**{"hook": "input", **arguments})

    def test_the_section_does_not_say_which_hook(self, load):
        with pytest.raises(tinybpf.BpfError, match=r"attach_netfilter\('input'\) does it"):
            load("hook").program("hook").attach()


@pytest.fixture
def shared() -> Iterator[list[socket.socket]]:
    """Two UDP sockets of this process at one port of 127.0.0.1."""
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    port = 0
    for one in made:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("127.0.0.1", port))
        one.settimeout(0.2)
        port = one.getsockname()[1]
    yield made
    for one in made:
        one.close()


def receivers(sockets: list[socket.socket], datagrams: int) -> list[int]:
    """How many of so many datagrams, each from another port, each of the sockets gets."""
    for _ in range(datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", sockets[0].getsockname())
    return [drained(one) for one in sockets]


def drained(one: socket.socket) -> int:
    count = 0
    while True:
        try:
            one.recv(10)
        except TimeoutError:
            return count
        count += 1


class TestReuseport:
    def test_nobody_gets_anything(self, load, shared):
        obj = load("nobody")
        assert sum(receivers(shared, 8)) == 8
        link = obj.program("nobody").attach_reuseport(shared[0])
        assert receivers(shared, 8) == [0, 0]
        assert observed("datagrams that no socket got", obj.map("calls")[CHOSEN]) == 8
        link.destroy()
        assert sum(receivers(shared, 8)) == 8 and obj.map("calls")[CHOSEN] == 8

    def test_a_filter_chooses_by_number(self, load, shared):
        program = load("second").program("second")
        link = program.attach_reuseport(shared[0].fileno())
        assert observed("datagrams of each of two sockets", receivers(shared, 8)) == [0, 8]
        with pytest.raises(tinybpf.BpfError, match="it is no link of the kernel's"):
            link.info  # noqa: B018
        with pytest.raises(tinybpf.BpfError, match="is no link of the kernel's"):
            link.pin("/sys/fs/bpf/nope")

    def test_gone_with_its_object(self, build, shared):
        before = settled()
        with tinybpf.load(build("sockets", "nobody")) as obj:
            obj.program("nobody").attach_reuseport(shared[1])
        assert sum(receivers(shared, 4)) == 4
        assert descriptors() == before

    def test_what_cannot_be(self, load, shared):
        program = load("nobody").program("nobody")
        with socket.socket() as alone, pytest.raises(tinybpf.BpfError, match="SO_REUSEPORT"):
            program.attach_reuseport(alone)
        with pytest.raises(TypeError, match="socket must be a socket or a descriptor, not str"):
            program.attach_reuseport("1")
        shared[0].close()
        with pytest.raises(tinybpf.BpfError, match="the socket is closed"):
            program.attach_reuseport(shared[0])
        with open("/etc/passwd") as file, pytest.raises(tinybpf.BpfError, match="this is no socket"):
            program.attach_reuseport(file.fileno())
        with pytest.raises(tinybpf.BpfError, match=r"attach_reuseport\(socket\) does it"):
            program.attach()


def test_a_socket_filter(load, shared):
    obj = load("none")
    one = [shared.pop()]
    shared[0].close()
    link = obj.program("none").attach_socket(one[0])
    assert (
        receivers(one, 3) == [0]
        and observed("datagrams kept from the socket", obj.map("calls")[FILTERED]) == 3
    )
    link.destroy()
    assert receivers(one, 3) == [3]
    one[0].close()


CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
socket.socket().connect_ex(("127.0.0.1", 1))
"""


def test_sockops(load, cgroup: Path):
    obj = load("operation")
    link = obj.program("operation").attach_cgroup(cgroup)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CONNECT, str(cgroup)], check=True)
    assert observed("connections of the cgroup, of 2", obj.map("calls")[OPERATIONS]) == 2
    socket.socket().connect_ex(("127.0.0.1", 1))  # this process is not in the cgroup
    assert obj.map("calls")[OPERATIONS] == 2
    assert link.info.attach_type.name == "CGROUP_SOCK_OPS"
