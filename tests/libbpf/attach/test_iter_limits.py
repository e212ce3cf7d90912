"""Iterators over a part: the entries of a map, a cgroup and what is below, one process's threads."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel


@pytest.fixture
def load(build: Callable[..., bytes]) -> Iterator[Callable[[str], tinybpf.BpfObject]]:
    opened: list[tinybpf.BpfObject] = []

    def made(program: str) -> tinybpf.BpfObject:
        opened.append(tinybpf.load(build("iterators", program)))
        return opened[-1]

    yield made
    for obj in opened:
        obj.close()


def test_the_entries_of_a_map(load):
    obj = load("elements")
    numbers = obj.map("numbers")
    for key in range(3):
        numbers[key] = key * 1000
    link = obj.program("elements").attach_iter(map=numbers)
    assert observed("entries", sorted(struct.iter_unpack("QQ", link.read()))) == [
        (0, 0),
        (1, 1000),
        (2, 2000),
    ]
    del numbers[1]
    assert sorted(struct.iter_unpack("QQ", link.read())) == [(0, 0), (2, 2000)]
    info = link.info
    assert info.target == "bpf_map_elem" and info.map_id > 0


def test_a_descriptor_to_read_from(load):
    obj = load("elements")
    obj.map("numbers")[7] = 8
    link = obj.program("elements").attach_iter(map=obj.map("numbers"))
    with open(link.open(), "rb") as file:
        assert struct.unpack("QQ", file.read()) == (7, 8)


def test_a_map_that_the_program_is_not_for(load):
    obj = load("elements")
    with pytest.raises(tinybpf.BpfError, match="attach iterator 'bpf_map_elem' failed: Permission denied"):
        obj.program("elements").attach_iter(map=obj.map("small"))
    with pytest.raises(tinybpf.BpfError, match=r"or one that map 'ring' of type RINGBUF is not for"):
        obj.program("elements").attach_iter(map=obj.map("ring"))
    with pytest.raises(ValueError, match="map is missing: an iterator 'bpf_map_elem' walks over the entries"):
        obj.program("elements").attach()
    with pytest.raises(TypeError, match="map must be a BpfMap, not str"):
        obj.program("elements").attach_iter(map="numbers")


@pytest.mark.parametrize(("order", "count"), [("self", 1), ("descendants", 3), ("descendants last", 3)])
@pytest.mark.parametrize("as_descriptor", [False, True])
def test_cgroups(load, cgroup: Path, order: str, count: int, as_descriptor: bool):
    if system.older_than("6.1"):
        pytest.skip("this kernel has no iterators over cgroups")
    below = [cgroup / name for name in ("a", "b")]
    for one in below:
        one.mkdir()
    before = settled()
    try:
        program = load("cgroups").program("cgroups")
        if as_descriptor:
            fd = os.open(cgroup, os.O_RDONLY)
            link = program.attach_iter(cgroup=fd, order=order)
            os.close(fd)
        else:
            link = program.attach_iter(cgroup=cgroup, order=order)
        assert observed("lines", list(link)) == ["cgroup"] * count
        assert link.info.cgroup_id == cgroup.stat().st_ino
        link.destroy()
    finally:
        for one in below:
            one.rmdir()
    assert descriptors() <= before + 8  # those of the object


def test_one_process_and_one_thread(build):
    """The program writes a line for each, and one at the end."""
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with tinybpf.load(build("iterator")) as obj:
            program = obj.program("tasks")
            own = len(os.listdir("/proc/self/task"))
            link = program.attach_iter(pid=os.getpid())
            assert len(list(link)) == own + 1 >= 5
            assert link.info.pid == os.getpid() or link.info.pid > 0
            one = program.attach_iter(tid=threads[0].native_id)
            assert observed("lines of one thread, and the last", len(list(one))) == 2
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_wrong_arguments(load, build, cgroup: Path):
    with tinybpf.load(build("iterator")) as obj:
        program = obj.program("tasks")
        for arguments, error, words in (
            ({"cgroup": cgroup}, ValueError, "cgroup is for iterators over cgroup, not for 'task'"),
            ({"pid": 1, "tid": 1}, ValueError, "give pid for a process, or tid for one thread, not both"),
            ({"pid": "1"}, TypeError, "pid must be a number, not str"),
            ({"tid": 0}, ValueError, "tid must be positive: 0"),
        ):
            with pytest.raises(error, match=words):
                program.attach_iter(**arguments)
    if system.older_than("6.1"):
        return
    program = load("cgroups").program("cgroups")
    with pytest.raises(ValueError, match="order must be one of 'self', 'descendants'"):
        program.attach_iter(cgroup=cgroup, order="up")
    with pytest.raises(tinybpf.NotFoundError, match="there is no such cgroup"):
        program.attach_iter(cgroup="/nowhere")
    with pytest.raises(tinybpf.BpfError, match="Bad file descriptor"):
        program.attach_iter(cgroup=9999)
