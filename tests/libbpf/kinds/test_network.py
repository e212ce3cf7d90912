"""Maps that redirect packets to devices, CPUs and sockets."""

from __future__ import annotations

import os
import socket

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map
from tinybpf.libbpf.kinds.network import Redirect

pytestmark = pytest.mark.kernel

PACKET = bytes(64)
XDP_PASS, XDP_REDIRECT = 2, 4
SO_COOKIE = 57
AF_XDP, SOL_XDP, XDP_RX_RING = 44, 283, 2


def cookie(sock: socket.socket) -> int:
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")


@pytest.fixture
def pair():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname()) as one, server.accept()[0] as other:
            yield one, other


def test_devices(kinds):
    devices, run = kinds.map("devices"), kinds.program("to_device").test_run
    assert run(data=PACKET).retval == XDP_PASS
    devices[2] = "lo"
    lo = socket.if_nametoindex("lo")
    assert observed("verdict (4: redirected)", run(data=PACKET).retval) == XDP_REDIRECT
    assert devices.to_dict() == {2: lo} and list(devices) == [2]
    devices[0] = lo
    assert len(devices) == 2 and devices[0] == lo
    del devices[2]
    assert run(data=PACKET).retval == XDP_PASS
    with pytest.raises(tinybpf.NotFoundError, match="there is no network device 'nothing'"):
        devices[1] = "nothing"
    with pytest.raises(tinybpf.BpfError, match="there is no such device in this network namespace"):
        devices[1] = 1 << 20
    with pytest.raises(ValueError, match="values of 4 bytes: no room for a program"):
        devices[1] = ("lo", kinds.program("one"))
    with pytest.raises(TypeError, match="is no network device"):
        devices[1] = 1.5


def test_devices_by_key():
    with create_map("devmap_hash", key="u32", value="u64", max_entries=4) as devices:
        devices[1000] = "lo"
        assert observed("entries", devices.to_dict()) == {1000: Redirect(socket.if_nametoindex("lo"), 0)}


def test_cpus(kinds):
    cpus, run = kinds.map("cpus"), kinds.program("to_cpu").test_run
    assert run(data=PACKET).retval == XDP_PASS
    cpus[0] = 192
    assert observed("verdict (4: redirected)", run(data=PACKET).retval) == XDP_REDIRECT and cpus[
        0
    ] == Redirect(192, 0)
    cpus[0] = (64, kinds.program("on_cpu"))
    assert cpus[0].target == 64 and cpus[0].program > 0
    with pytest.raises(tinybpf.BpfError, match="a queue has at most 16384 places"):
        cpus[0] = 1 << 20
    with pytest.raises(tinybpf.BpfError, match="no XDP program for a cpumap"):
        cpus[0] = (64, kinds.program("one"))
    cpus.clear()
    assert run(data=PACKET).retval == XDP_PASS
    assert (
        cpus.update_many({0: 64}) == 1 and cpus.delete_many([0, 1, 2]) == 3
    )  # the kernel deletes nothing, too
    assert len(cpus) == 0


def test_sockets(pair):
    one, other = pair
    with create_map("sockmap", max_entries=4) as sockets:
        sockets[0] = one
        sockets[2] = other.fileno()
        assert sockets.to_dict() == {0: cookie(one), 2: cookie(other)} and observed(
            "places of two sockets", list(sockets)
        ) == [0, 2]
        assert sockets.delete(1) is False and sockets.delete(2) is True and 2 not in sockets
        with pytest.raises(KeyError):
            del sockets[2]
        with (
            socket.socket() as fresh,
            pytest.raises(tinybpf.BpfError, match="must be established"),
        ):
            sockets[1] = fresh
        with open(os.devnull) as file, pytest.raises(tinybpf.BpfError, match="no descriptor of a socket"):
            sockets[1] = file
        assert sockets.update_many({2: one, 3: other}) == 2 and sockets.delete_many([1, 2]) == 1
        sockets.clear()
        assert len(sockets) == 0


def test_sockets_without_cookies(pair):
    with create_map("sockmap", value="u32", max_entries=4) as sockets:
        sockets[0] = pair[0]
        with pytest.raises(tinybpf.BpfError, match="reading cookies takes values of 8 bytes"):
            sockets[0]
        sockets.clear()
        assert sockets.delete(0) is False


def test_sockets_by_key(pair):
    with create_map("sockhash", key="char[4]", max_entries=4) as sockets:
        sockets["a"] = pair[0]
        assert sockets.to_dict() == {b"a\0\0\0": cookie(pair[0])}
        assert (
            observed("the socket is known by its cookie", sockets.pop("a") == cookie(pair[0]))
            and sockets.delete("a") is False
        )


def test_sockets_that_share_a_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", 0))
        with create_map("reuseport_sockarray", max_entries=4) as sockets:
            sockets[1] = sock
            assert sockets.to_dict() == {1: cookie(sock)} and observed("places", list(sockets)) == [1]


def test_xdp_sockets():
    with create_map("xskmap", max_entries=2) as sockets:
        with socket.socket(AF_XDP, socket.SOCK_RAW) as sock:
            sock.setsockopt(SOL_XDP, XDP_RX_RING, 64)
            with pytest.raises(tinybpf.BpfError, match="No such file"):
                sockets.update(0, sock, tinybpf.BPF_EXIST)
            sockets[0] = sock
            sockets.update(0, sock, tinybpf.BPF_EXIST)
            del sockets[0]
            observed("a socket goes in and out", True)
        with pytest.raises(tinybpf.BpfError, match="the kernel does not tell which sockets"):
            len(sockets)
        with socket.socket() as other, pytest.raises(tinybpf.BpfError, match="this is no AF_XDP socket"):
            sockets[1] = other
