"""How long links live."""

from __future__ import annotations

import os
import time

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

ME = 0  # this process's id as BPF sees it


@pytest.fixture
def obj(build):
    with tinybpf.load(build("tracing")) as loaded:
        yield loaded


@pytest.fixture(autouse=True)
def process(me: int) -> None:
    global ME
    ME = me


def calls(obj, times: int = 3) -> int:
    """How many of this process's calls the program saw."""
    counts = obj.map("counts")
    counts[ME] = 0
    for _ in range(times):
        os.getppid()
    return counts[ME]


def test_attached_until_destroyed(obj):
    assert calls(obj) == 0
    link = obj.program("on_getppid").attach()
    assert link.fd > 2 and link.target == "tracepoint:syscalls/sys_enter_getppid"
    assert repr(link) == f"<BpfLink tracepoint:syscalls/sys_enter_getppid of 'on_getppid' fd={link.fd}>"
    assert calls(obj) == 3
    link.destroy()
    link.destroy()
    assert (link.fd, calls(obj), obj.links) == (-1, 0, ())
    assert "destroyed" in repr(link)


def test_with_a_link_ends_with_the_block(obj):
    with obj.program("on_getppid").attach() as link:
        assert calls(obj) == 3
    assert link.fd == -1 and calls(obj) == 0
    with pytest.raises(tinybpf.BpfError, match="closed"):
        link.__enter__()


def test_two_objects_have_links_of_their_own(build, obj):
    with tinybpf.load(build("tracing")) as other:
        first, second = obj.program("on_getppid").attach(), other.program("on_getppid").attach()
        assert (obj.links, other.links) == ((first,), (second,))
        assert (calls(obj), calls(other)) == (3, 3)
    assert (calls(obj), second.fd) == (3, -1)


def test_a_forked_child_does_not_detach(build):
    with tinybpf.load(build("tracing")) as obj:
        link = obj.program("on_getppid").attach()
        child = os.fork()
        if child == 0:
            obj.close()
            os._exit(0 if link.fd == -1 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert calls(obj) == 3


def test_the_same_link_twice_is_refused(obj):
    obj.program("on_getppid").attach()
    with pytest.raises(
        tinybpf.BpfError, match=r"File exists\n  hint: this program is attached to it already"
    ):
        obj.program("on_getppid").attach()
    assert len(obj.links) == 1 and calls(obj) == 3


def test_a_pinned_link_outlives_its_object(build, me: int):
    pin = f"/sys/fs/bpf/tinybpf-test-link-{os.getpid()}"
    with tinybpf.load(build("tracing")) as first, tinybpf.load(build("tracing")) as second:
        link = first.program("on_getppid").attach()
        link.pin(pin)
        try:
            assert link.pin_path == pin and pin in repr(link)
            counts = first.map("counts").typed()
            map_pin = pin + "-map"
            counts.pin(map_pin)
            first.close()
            assert link.fd == -1
            with tinybpf.open_pinned_map(map_pin) as alone:
                alone[me] = 0
                os.getppid()
                assert observed("calls counted after the object was closed", alone[me]) == 1
                os.unlink(pin)
                wait_until_detached(alone)
        finally:
            for path in (pin, pin + "-map"):
                if os.path.exists(path):
                    os.unlink(path)
        assert not second.links


def wait_until_detached(counts) -> None:
    """The kernel lets go of a link some time after its last reference is gone."""
    for _ in range(100):
        counts[ME] = 0
        os.getppid()
        if counts[ME] == 0:
            return
        time.sleep(0.05)
    pytest.fail("still attached")


def test_unpin(obj):
    pin = f"/sys/fs/bpf/tinybpf-test-unpin-{os.getpid()}"
    link = obj.program("on_getppid").attach()
    link.pin(pin)
    assert os.path.exists(pin)
    link.unpin()
    assert not os.path.exists(pin) and link.pin_path is None
    assert calls(obj) == 3
    with pytest.raises(
        tinybpf.BpfError, match=r"pin link 'tracepoint:syscalls/sys_enter_getppid' to '/tmp/x' failed"
    ):
        link.pin("/tmp/x")
