"""tcx on one end of a veth pair: what should be dropped is, and the rest arrives, both ways."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import time

import pytest
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs the ip command of iproute2"),
]


@pytest.fixture
def obj(build):
    with tinybpf.load(build("filters")) as loaded:
        yield loaded


def kind_of(link) -> str:
    """What became of it: since Linux 6.6 a link of the kernel's, before that a filter."""
    if link.fd < 0:
        assert system.older_than("6.6")
        return "clsact"
    return "tcx"


def needs_tcx(link) -> None:
    if kind_of(link) != "tcx":
        pytest.skip("this kernel has no tcx")


def seen(obj, port: int, program: int) -> int:
    """How many packets to the port the program saw."""
    return obj.map("seen").get(port * 10 + program, 0)


@pytest.mark.parametrize(
    ("name", "number", "end", "direction"),
    [
        ("incoming", 1, 1, None),  # the section says it
        ("outgoing", 2, 0, None),
        ("either", 3, 1, "ingress"),
        ("either", 3, 0, "egress"),
        ("outgoing", 2, 1, "ingress"),  # what is given counts
    ],
)
def test_udp_to_one_port_is_dropped_and_the_rest_passed(
    obj, veth, arrives, name: str, number: int, end: int, direction: str | None
):
    assert arrives(4242) and arrives(4243)
    interface = ("va", "vb")[end]
    link = veth[end].run(lambda: obj.program(name).attach_tcx(interface, direction))
    where = direction or ("ingress" if end else "egress")
    kind = kind_of(link)
    assert link.target == f"{kind}:{interface}/{where}"
    assert not arrives(4242)
    assert arrives(4243)
    assert (seen(obj, 4242, number), seen(obj, 4243, number)) == (1, 1)
    link.destroy()
    assert arrives(4242)
    assert seen(obj, 4242, number) == 1


def test_by_index_and_gone_with_its_object(build, veth, arrives):
    with tinybpf.load(build("filters")) as obj:
        veth[1].run(lambda: obj.program("incoming").attach_tcx(socket.if_nametoindex("vb")))
        assert not arrives(4242)
    assert arrives(4242)


def test_a_pin_outlives_the_object(build, veth, arrives, tmp_path):
    pin = f"/sys/fs/bpf/tinybpf-tcx-{tmp_path.name}"
    with tinybpf.load(build("filters")) as obj:
        link = veth[1].run(lambda: obj.program("incoming").attach_tcx("vb"))
        needs_tcx(link)
        link.pin(pin)
    try:
        assert observed("packets are dropped while it is pinned", not arrives(4242))
    finally:
        os.unlink(pin)
    deadline = time.monotonic() + 10
    while not arrives(4242):  # the kernel lets go of a pin's link some time later
        assert time.monotonic() < deadline


def test_a_pin_can_be_taken_away(obj, veth, arrives, tmp_path):
    link = veth[1].run(lambda: obj.program("incoming").attach_tcx("vb"))
    needs_tcx(link)
    with pytest.raises(tinybpf.BpfError, match="it is not pinned"):
        link.unpin()
    link.pin(f"/sys/fs/bpf/tinybpf-tcx-{tmp_path.name}")
    link.unpin()
    assert not arrives(4242)
    link.destroy()
    assert arrives(4242)


def test_twice(obj, veth):
    needs_tcx(veth[1].run(lambda: obj.program("incoming").attach_tcx("vb")))
    with pytest.raises(tinybpf.BpfError, match="this program is attached there already") as caught:
        veth[1].run(lambda: obj.program("incoming").attach_tcx("vb"))
    assert caught.value.errno == errno.EEXIST


def test_a_kernel_without_tcx_gets_a_filter(obj, veth, arrives, monkeypatch: pytest.MonkeyPatch):
    from tinybpf.libbpf.attach import tcx

    def old_kernel(program, what: str, *args: object, **more: object) -> None:
        raise tinybpf.BpfError(f"{what} failed: Invalid argument", errno.EINVAL)

    monkeypatch.setattr(tcx, "create", old_kernel)
    link = veth[1].run(lambda: obj.program("incoming").attach_tcx("vb"))
    assert link.target == "clsact:vb/ingress"
    assert not arrives(4242) and arrives(4243)
    link.destroy()
    assert arrives(4242)


def test_wrong_arguments(obj, build):
    program = obj.program("incoming")
    with pytest.raises(ValueError, match="section 'tc' of 'either' does not say whether"):
        obj.program("either").attach_tcx("lo")
    with pytest.raises(ValueError, match="direction must be 'ingress' or 'egress', not 'up'"):
        program.attach_tcx("lo", "up")
    with pytest.raises(tinybpf.NotFoundError, match=r"attach tcx to 'eth99' failed: there is no such .*: lo"):
        program.attach_tcx("eth99")
    with pytest.raises(TypeError, match="must be a name or an index, not NoneType"):
        program.attach_tcx(None)
    with (
        tinybpf.load(build("tracing")) as other,
        pytest.raises(tinybpf.BpfError, match=r"is a TRACEPOINT program .*, this needs a SCHED_CLS one"),
    ):
        other.program("on_getppid").attach_tcx("lo", "ingress")
