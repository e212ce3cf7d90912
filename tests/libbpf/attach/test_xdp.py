"""XDP on one end of a veth pair: what should be dropped is, and the rest arrives."""

from __future__ import annotations

import errno
import socket

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

DROP, PASS = 1, 2


@pytest.fixture
def obj(build):
    with tinybpf.load(build("packets")) as loaded:
        yield loaded


@pytest.mark.parametrize("by_index", [False, True])
def test_udp_to_one_port_is_dropped_and_the_rest_passed(obj, veth, arrives, by_index: bool):
    program = obj.program("drop_udp")
    assert arrives(4242) and arrives(4243)
    attach = lambda: program.attach_xdp(socket.if_nametoindex("vb") if by_index else "vb")  # noqa: E731
    link = veth[1].run(attach)
    assert link.target == "xdp:vb" and repr(link).startswith("<BpfLink xdp:vb of 'drop_udp' fd=")
    assert not arrives(4242)
    assert arrives(4243)
    assert observed("packets dropped", obj.map("seen")[DROP]) == 1 and obj.map("seen")[PASS] >= 1
    link.destroy()
    assert arrives(4242)


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
