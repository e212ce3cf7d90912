"""XDP on one end of a veth pair: what should be dropped is, and the rest arrives."""

from __future__ import annotations

import errno
import shutil
import socket

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

DROP, PASS = 1, 2
needs_ip = pytest.mark.skipif(shutil.which("ip") is None, reason="needs the ip command of iproute2")


@pytest.fixture
def obj(build):
    with tinybpf.load(build("packets")) as loaded:
        yield loaded


def arrives(ends, port: int) -> bool:
    """Whether a datagram from the first namespace reaches the port in the second."""
    with ends[0].socket() as sender, ends[1].socket() as receiver:
        receiver.bind(("10.99.0.2", port))
        receiver.settimeout(0.3)
        sender.sendto(b"x" * 20, ("10.99.0.2", port))
        try:
            return receiver.recv(100) == b"x" * 20
        except TimeoutError:
            return False


@needs_ip
@pytest.mark.parametrize("by_index", [False, True])
def test_udp_to_one_port_is_dropped_and_the_rest_passed(obj, veth, by_index: bool):
    program = obj.program("drop_udp")
    assert arrives(veth, 4242) and arrives(veth, 4243)
    attach = lambda: program.attach_xdp(socket.if_nametoindex("vb") if by_index else "vb")  # noqa: E731
    link = veth[1].run(attach)
    assert link.target == "xdp:vb" and repr(link).startswith("<BpfLink xdp:vb of 'drop_udp' fd=")
    assert not arrives(veth, 4242)
    assert arrives(veth, 4243)
    assert obj.map("seen")[DROP] == 1 and obj.map("seen")[PASS] >= 1
    link.destroy()
    assert arrives(veth, 4242)


@needs_ip
def test_an_interface_has_one_program(obj, veth):
    veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
    with pytest.raises(tinybpf.BpfError, match="has an XDP program already") as caught:
        veth[1].run(lambda: obj.program("grow").attach_xdp("vb"))
    assert caught.value.errno == errno.EBUSY


def test_no_such_interface(obj):
    program = obj.program("drop_udp")
    with pytest.raises(
        tinybpf.NotFoundError, match=r"attach xdp to 'eth99' failed: there is no such .*: lo"
    ) as caught:
        program.attach_xdp("eth99")
    assert caught.value.errno == errno.ENODEV and isinstance(caught.value, FileNotFoundError)
    for index in (0, -1, 999999, 1 << 40):
        with pytest.raises(tinybpf.NotFoundError, match=f"'{index}' failed"):
            program.attach_xdp(index)
    with pytest.raises(TypeError, match="must be a name or an index, not bytes"):
        program.attach_xdp(b"lo")


def test_a_program_of_another_type(build):
    with (
        tinybpf.load(build("tracing")) as obj,
        pytest.raises(tinybpf.BpfError, match="is a TRACEPOINT program"),
    ):
        obj.program("on_getppid").attach_xdp("lo")
