"""netkit: packets of either side, the order of programs, and what is said where it cannot be."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

import pytest
from kernel_places import Ends, Namespace, ip, is_received
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("filters")) as loaded:
        yield loaded


def test_not_a_netkit_device(obj):
    with pytest.raises(tinybpf.BpfError, match=r"attach netkit to 'lo' \(primary\) failed: "):
        obj.program("incoming").attach_netkit("lo", peer=False)
    with pytest.raises(ValueError, match="section 'tcx/ingress' does not say which side"):
        obj.program("incoming").attach_netkit("lo")
    with pytest.raises(tinybpf.NotFoundError, match="attach netkit to 'eth99' failed"):
        obj.program("incoming").attach_netkit("eth99", peer=True)


def made(place: Namespace) -> bool:
    """Make devices nk0 and nk1, with Ethernet headers: older ip commands cannot say so."""
    named = [attribute(3, name + b"\0") for name in (b"nk0", b"nk1")]
    device = bytes(16)  # an ifinfomsg that says nothing
    data = attribute(5, struct.pack("=I", 0)) + attribute(1, device + named[1])  # the mode, the peer
    info = attribute(1, b"netkit\0") + attribute(2, data)
    message = device + named[0] + attribute(18, info)
    head = struct.pack("=IHHII", 16 + len(message), 16, 0x605, 1, 0)  # RTM_NEWLINK: create, acknowledge
    with place.run(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)) as netlink:
        netlink.send(head + message)
        code: int = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
    assert code in (0, -errno.EOPNOTSUPP), os.strerror(-code)
    return code == 0


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


@pytest.fixture
def pair(veth) -> Iterator[Ends]:
    """The two namespaces with a netkit pair between them: 10.98.0.1 on the primary device, 10.98.0.2 on the
    other."""
    if not made(veth[0]):
        pytest.skip("this kernel has no netkit")
    ip(f"-n {veth[0].name} link set nk1 netns {veth[1].name}")
    for end, device, address in zip(veth, ("nk0", "nk1"), ("10.98.0.1", "10.98.0.2"), strict=True):
        ip(f"-n {end.name} addr add {address}/24 dev {device}")
        ip(f"-n {end.name} link set {device} up")
    yield veth


def reaches(pair: Ends, sender: int, port: int) -> bool:
    """Whether a datagram from one end arrives at the other."""
    addresses = ("10.98.0.1", "10.98.0.2")
    receiver = 1 - sender
    with (
        pair[sender].socket(addresses[sender]) as source,
        pair[receiver].socket(addresses[receiver], port=port) as target,
    ):
        return is_received(source, target)


@pytest.mark.parametrize("peer", [False, True])
def test_packets_of_one_side(obj, pair, peer: bool):
    sender = 1 if peer else 0
    link = pair[0].run(lambda: obj.program("either").attach_netkit("nk0", peer=peer))
    side = "peer" if peer else "primary"
    assert link.target == f"netkit:nk0/{side}"
    assert link.info.attach_type.name == f"NETKIT_{side.upper()}"
    (found,) = pair[0].run(lambda: tinybpf.query_netkit("nk0", peer))
    assert (found.program_id, found.link_id) == (link.info.program_id, link.id)
    assert observed("packets of that side are dropped", not reaches(pair, sender, 4242)) and reaches(
        pair, sender, 4243
    )
    assert reaches(pair, 1 - sender, 4242)
    link.destroy()
    assert reaches(pair, sender, 4242)


def test_the_order(obj, pair):
    attach = lambda name, **order: pair[0].run(  # noqa: E731
        lambda: obj.program(name).attach_netkit("nk0", peer=False, **order)
    )
    last = attach("either")
    first = attach("incoming", before=obj.program("either"))
    programs = {first.info.program_id: "incoming", last.info.program_id: "either"}
    found = pair[0].run(lambda: tinybpf.query_netkit("nk0", False))
    names = [programs[each.program_id] for each in found]
    assert observed("order of two programs", names) == ["incoming", "either"]
    first.destroy()
    with pytest.raises(tinybpf.BpfError, match="the neighbour that is given is not attached there"):
        pair[0].run(
            lambda: obj.program("incoming").attach_netkit("nk0", peer=False, before=obj.program("outgoing"))
        )


def test_the_other_device_of_the_pair(obj, pair):
    with pytest.raises(
        tinybpf.BpfError, match="attached to the primary device of the pair, 'nk1' is its peer"
    ):
        pair[1].run(lambda: obj.program("either").attach_netkit("nk1", peer=True))
