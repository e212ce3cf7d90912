"""Filters of a clsact queueing discipline: they work, and nothing of them is left behind."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(shutil.which("tc") is None, reason="needs the tc command of iproute2"),
]

HOLD = """
import os, signal, sys, tinybpf
fd = os.open(sys.argv[1], os.O_RDONLY)
import ctypes
assert ctypes.CDLL(None).setns(fd, 0x40000000) == 0
obj = tinybpf.load(sys.argv[2])
link = obj.program("incoming").attach_clsact("vb")
print("attached", flush=True)
if sys.argv[3] == "raise":
    raise SystemExit(3)
if sys.argv[3] == "fork":
    child = os.fork()
    if not child:
        sys.exit()
    os.waitpid(child, 0)
    print("forked", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def obj(build):
    with tinybpf.load(build("filters")) as loaded:
        yield loaded


def seen(obj, port: int, program: int) -> int:
    """How many packets to the port the program saw."""
    return obj.map("seen").get(port * 10 + program, 0)


def tc(end, command: str) -> str:
    done = subprocess.run(
        ["ip", "netns", "exec", end.name, "tc", *command.split()], capture_output=True, text=True, check=True
    )
    return done.stdout


def leftovers(end, device: str) -> str:
    """The filters and disciplines that tc lists."""
    text = tc(end, f"qdisc show dev {device}")
    return "clsact " * ("clsact" in text) + "".join(
        f"{way} "
        for way in ("ingress", "egress")
        if "clsact" in text and tc(end, f"filter show dev {device} {way}")
    )


@pytest.mark.parametrize(
    ("name", "number", "end", "direction"),
    [
        ("incoming", 1, 1, None),
        ("outgoing", 2, 0, None),
        ("either", 3, 1, "ingress"),
        ("either", 3, 0, "egress"),
    ],
)
def test_udp_to_one_port_is_dropped_and_the_rest_passed(
    obj, veth, arrives, name: str, number: int, end: int, direction: str | None
):
    interface = ("va", "vb")[end]
    link = veth[end].run(lambda: obj.program(name).attach_clsact(interface, direction))
    where = direction or ("ingress" if end else "egress")
    assert link.target == f"clsact:{interface}/{where}" and link.fd == -1
    assert not arrives(4242)
    assert arrives(4243)
    assert observed(
        "packets to be dropped and to be passed", (seen(obj, 4242, number), seen(obj, 4243, number))
    ) == (1, 1)
    assert leftovers(veth[end], interface) == f"clsact {where} "
    link.destroy()  # from this namespace
    assert arrives(4242)
    assert leftovers(veth[end], interface) == ""


def test_the_last_filter_takes_the_discipline_away(obj, veth, arrives):
    first = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    second = veth[1].run(lambda: obj.program("outgoing").attach_clsact("vb"))
    first.destroy()
    assert leftovers(veth[1], "vb") == "clsact egress "
    assert arrives(4242)
    second.destroy()
    assert leftovers(veth[1], "vb") == ""


def test_a_discipline_of_others_stays(obj, veth):
    tc(veth[1], "qdisc add dev vb clsact")
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    link.destroy()
    assert leftovers(veth[1], "vb") == "clsact "


def test_our_discipline_stays_with_filters_of_others(obj, veth):
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    tc(veth[1], "filter add dev vb egress protocol ip u32 match ip dport 9 0xffff flowid 1:1")
    link.destroy()
    assert leftovers(veth[1], "vb") == "clsact egress "


def test_our_discipline_is_not_ours_once_it_was_left_to_others(obj, veth):
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    tc(veth[1], "filter add dev vb egress protocol ip u32 match ip dport 9 0xffff flowid 1:1")
    link.destroy()
    tc(veth[1], "qdisc del dev vb clsact")
    tc(veth[1], "qdisc add dev vb clsact")
    veth[1].run(lambda: obj.program("incoming").attach_clsact("vb")).destroy()
    assert leftovers(veth[1], "vb") == "clsact "


def test_gone_with_its_object(build, veth, arrives):
    with tinybpf.load(build("filters")) as obj:
        veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
        assert not arrives(4242)
    assert arrives(4242) and leftovers(veth[1], "vb") == ""


def test_an_interface_that_went_away_meanwhile(obj, veth):
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    subprocess.run(["ip", "-n", veth[1].name, "link", "del", "vb"], check=True)
    link.destroy()
    assert link.fd == -1 and obj.links == ()


def test_a_filter_that_somebody_else_took_away(obj, veth):
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    tc(veth[1], "qdisc del dev vb clsact")
    link.destroy()
    assert leftovers(veth[1], "vb") == ""


@pytest.mark.parametrize("how", ["end", "raise", "fork"])
def test_the_end_of_the_process_takes_it_away(build, veth, tmp_path, how: str):
    path = tmp_path / "filters.o"
    path.write_bytes(build("filters"))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, veth[1].path, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "attached\n"
        if how == "fork":  # the child's end took nothing away
            assert process.stdout.readline() == "forked\n"
            assert leftovers(veth[1], "vb") == "clsact ingress "
            process.stdin.write("\n")
            process.stdin.close()
        assert process.wait(30) == (3 if how == "raise" else 0)
    assert leftovers(veth[1], "vb") == ""


def test_it_cannot_be_pinned(obj, veth):
    link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
    with pytest.raises(tinybpf.BpfError, match="a clsact filter is no link of the kernel's") as caught:
        link.pin("/sys/fs/bpf/nope")
    assert caught.value.errno == errno.EOPNOTSUPP


def test_nothing_is_leaked(obj, veth):
    before = settled()
    for _ in range(10):
        veth[1].run(lambda: obj.program("incoming").attach_clsact("vb")).destroy()
    assert descriptors() == before
