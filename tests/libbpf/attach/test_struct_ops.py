"""struct_ops: a congestion control of TCP by BPF."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from lacking import skip_without
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).resolve().parents[2] / "libbpf" / "data" / "structops.elf"
NAME, OLDER = b"tinybpf_cc", b"tinybpf_old"


@pytest.fixture
def obj() -> Iterator[tinybpf.BpfObject]:
    skip_without("struct_ops")
    if system.older_than("6.4"):
        pytest.skip("this kernel has no links of struct_ops maps")
    with tinybpf.load(OBJECT) as loaded:
        yield loaded


def can_be_used(name: bytes) -> bool:
    """Whether a connection can be made with the congestion control."""
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
        except FileNotFoundError:
            return False
        client.connect(server.getsockname())
    return True


def test_it_is_in_force_until_destroyed(obj):
    assert not can_be_used(NAME)
    link = obj.map("first").attach()
    assert link.target == "struct_ops:first" and link.fd > 2
    assert can_be_used(NAME) and observed("connections that it begun", obj.globals["first_begun"]) == 1
    info = link.info
    assert isinstance(info, tinybpf.MapLinkInfo) and info.map_id > 0 and info.program_id == 0
    link.destroy()
    assert not can_be_used(NAME)


def test_another_map_takes_its_place(obj):
    link = obj.map("first").attach()
    link.update(obj.map("second"))
    assert can_be_used(NAME)
    assert observed(
        "connections of the first and the second", (obj.globals["first_begun"], obj.globals["second_begun"])
    ) == (0, 1)
    with pytest.raises(tinybpf.BpfError, match=r"the map is not in section \.struct_ops\.link"):
        link.update(obj.map("older"))
    with pytest.raises(TypeError, match="updated to a map, not to a BpfProgram"):
        link.update(obj.program("avoid"))
    with pytest.raises(ValueError, match="expected is for links of programs"):
        link.update(obj.map("first"), expected=obj.map("second"))


def test_a_link_that_is_pinned_and_detached(obj):
    pin = f"/sys/fs/bpf/tinybpf-cc-{os.getpid()}"
    obj.map("first").attach().pin(pin)
    obj.close()
    try:
        assert can_be_used(NAME)
        with tinybpf.open_pinned_link(pin) as link:
            link.detach()
        assert not can_be_used(NAME)
    finally:
        os.unlink(pin)


def test_a_map_without_link(obj):
    link = obj.map("older").attach()
    assert link.fd == -1 and can_be_used(OLDER) and obj.globals["older_begun"] == 1
    for use in (link.keep, lambda: link.pin("/sys/fs/bpf/nope"), lambda: link.info):
        with pytest.raises(tinybpf.BpfError, match="no link of the kernel's"):
            use()
    child = os.fork()
    if child == 0:
        obj.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    link.destroy()
    assert not can_be_used(OLDER)


def test_gone_with_its_object(obj):
    before = settled()
    with tinybpf.load(OBJECT) as other:
        other.map("first").attach()
        other.map("older").attach()
        assert can_be_used(NAME) and can_be_used(OLDER)
        with pytest.raises(tinybpf.BpfError, match="the kernel has one of this name already") as caught:
            obj.map("second").attach()
        assert caught.value.errno == errno.EEXIST
    assert not can_be_used(NAME) and not can_be_used(OLDER)
    assert descriptors() == before


def test_other_maps_and_programs(obj, build):
    with (
        tinybpf.load(build("tracing")) as tracing,
        pytest.raises(tinybpf.BpfError, match="it is a map of type HASH; only the struct_ops maps"),
    ):
        tracing.map("counts").attach()
    with pytest.raises(tinybpf.BpfError, match=r"obj\.map\(name\)\.attach\(\) does it"):
        obj.program("avoid").attach()


def test_the_end_of_the_process_takes_it_away(obj):
    code = "import sys, tinybpf; print(tinybpf.load(sys.argv[1]).map('older').attach().target)"
    done = subprocess.run([sys.executable, "-c", code, OBJECT], capture_output=True, text=True, check=True)
    assert done.stdout == "struct_ops:older\n" and done.stderr == ""
    assert not can_be_used(OLDER)
