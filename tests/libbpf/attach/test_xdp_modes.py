"""XDP: modes, what an interface has, and taking the place of a program that has no link."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("packets")) as loaded:
        yield loaded


@pytest.fixture
def other(build):
    with tinybpf.load(build("passing")) as loaded:
        yield loaded


@pytest.mark.parametrize("mode", ["generic", "native"])
def test_a_mode(obj, veth, arrives, mode: str):
    state = veth[1].run(lambda: tinybpf.query_xdp("vb"))
    assert state == tinybpf.XdpState("none", 0, 0, 0) and state.program_id == 0
    link = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb", mode=mode))
    state = veth[1].run(lambda: tinybpf.query_xdp("vb"))
    assert (
        observed("mode that the interface tells", state.mode) == mode
        and state.program_id == getattr(state, mode) == link.info.program_id
    )
    assert not arrives(4242)
    link.destroy()
    assert arrives(4242)
    assert veth[1].run(lambda: tinybpf.query_xdp("vb")).mode == "none"


def test_a_mode_that_the_driver_has_not(obj, veth):
    with pytest.raises(tinybpf.BpfError) as caught:
        veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb", mode="offload"))
    assert caught.value.errno in (errno.EINVAL, errno.EOPNOTSUPP) and "mode" in str(caught.value)
    with pytest.raises(ValueError, match="mode must be one of 'generic', 'native', 'offload', not 'fast'"):
        obj.program("drop_udp").attach_xdp("lo", mode="fast")


def test_the_place_of_a_program_without_link(obj, other, veth, arrives):
    """As ``ip link set … xdp`` attaches."""
    first = veth[1].run(lambda: other.program("pass_all").attach_xdp("vb", replace=True))
    assert first.fd > 2  # there was none to replace
    first.destroy()
    make = veth[1].run(lambda: placed(other, "vb"))
    with pytest.raises(tinybpf.BpfError, match="replace=True takes its place"):
        veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
    assert arrives(4242)
    link = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb", replace=True))
    assert observed("descriptor and target", (link.fd, link.target)) == (-1, "xdp:vb") and not arrives(4242)
    make.remove()  # not its own any more
    assert not arrives(4242)
    with pytest.raises(tinybpf.BpfError, match="an XDP program that took another's place is no link"):
        link.pin("/sys/fs/bpf/nope")
    link.destroy()  # from this namespace
    assert arrives(4242)
    assert veth[1].run(lambda: tinybpf.query_xdp("vb")).mode == "none"


def placed(obj, interface: str):
    """A program attached by netlink, without a link."""
    import socket

    from tinybpf.libbpf._lib import ffi, lib
    from tinybpf.libbpf.attach._xdp_netlink import PlacedXdp

    index, program = socket.if_nametoindex(interface), obj.program("pass_all").fd
    made = PlacedXdp(index, 0)
    assert lib.bpf_xdp_attach(index, program, 0, ffi.NULL) == 0
    made.placed(program)
    return made


def test_a_link_is_not_replaced(obj, other, veth, arrives):
    veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
    with pytest.raises(tinybpf.BpfError, match="where it has no link") as caught:
        veth[1].run(lambda: other.program("pass_all").attach_xdp("vb", replace=True))
    assert caught.value.errno == errno.EBUSY
    assert not arrives(4242)


def test_gone_with_its_object_and_at_the_end(build, other, veth, arrives, tmp_path):
    make = veth[1].run(lambda: placed(other, "vb"))
    with tinybpf.load(build("packets")) as obj:
        veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb", replace=True))
        assert not arrives(4242)
    assert arrives(4242)
    make.remove()
    path = tmp_path / "packets.o"
    path.write_bytes(build("packets"))
    make = veth[1].run(lambda: placed(other, "vb"))
    code = (
        "import ctypes, os, sys, tinybpf\n"
        "assert ctypes.CDLL(None).setns(os.open(sys.argv[1], os.O_RDONLY), 0x40000000) == 0\n"
        "tinybpf.load(sys.argv[2]).program('drop_udp').attach_xdp('vb', replace=True)\n"
        "print(tinybpf.query_xdp('vb').program_id)"
    )
    command = [sys.executable, "-c", code, veth[1].path, str(path)]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) > 0
    assert veth[1].run(lambda: tinybpf.query_xdp("vb")).mode == "none"
    make.remove()


def test_asking_about_what_is_not_there():
    with pytest.raises(tinybpf.NotFoundError, match=r"ask about xdp of 'eth99' failed: there is no such"):
        tinybpf.query_xdp("eth99")
