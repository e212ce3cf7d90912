"""Arrays of programs, perf events, cgroups."""

from __future__ import annotations

import errno
import os

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel

PACKET = bytes(64)


def test_programs_to_jump_to(kinds):
    programs, jump = kinds.map("programs"), kinds.program("jump")
    assert jump.test_run(data=PACKET).retval == 0
    programs[3] = kinds.program("one")
    assert jump.test_run(data=PACKET).retval == 1
    programs[3] = kinds.program("two").fd
    assert observed("result of the program jumped to", jump.test_run(data=PACKET).retval) == 2
    assert list(programs) == [3] and len(programs) == 1 and 3 in programs and 0 not in programs
    assert programs[3] == programs.to_dict()[3] > 0
    del programs[3]
    assert jump.test_run(data=PACKET).retval == 0 and len(programs) == 0
    with pytest.raises(KeyError):
        del programs[3]
    programs.update_many({0: kinds.program("one"), 1: kinds.program("two")})
    assert list(programs.keys()) == [0, 1] and len(set(programs.values())) == 2
    programs.clear()
    assert programs.to_dict() == {}


def test_what_is_no_program(kinds):
    programs = kinds.map("programs")
    for wrong in ("one", None, 1.5, True):
        with pytest.raises(TypeError, match="is no program"):
            programs[0] = wrong
    with pytest.raises(ValueError, match="descriptor of a program"):
        programs[0] = -1
    with pytest.raises(ValueError, match="5 bytes given, exactly 4 needed"):
        programs[0] = b"\1\0\0\0\0"
    with pytest.raises(tinybpf.BpfError, match=r"all programs of the array.*are of one type") as caught:
        programs[0] = kinds.program("other")
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(tinybpf.BpfError, match="no such index"):
        programs[4] = kinds.program("one")


def test_perf_events_by_descriptor():
    with create_map("perf_event_array", max_entries=2, name="events") as events:
        from tinybpf.libbpf._lib import lib

        fd = lib.tb_perf_event_open(1, 0, 0, 0, 0, -1)  # this process's CPU clock
        assert fd >= 0
        try:
            events[1] = fd
            assert observed("an event goes in and out", events.delete(1)) and not events.delete(0)
        finally:
            os.close(fd)
        for use in (lambda: events[1], lambda: list(events), lambda: len(events), events.to_dict):
            with pytest.raises(tinybpf.BpfError, match="the kernel does not tell what is in it"):
                use()


def test_cgroups_by_path(cgroup, tmp_path):
    with create_map("cgroup_array", max_entries=2) as cgroups:
        cgroups[0] = cgroup
        with pytest.raises(tinybpf.BpfError, match="the kernel does not tell what is in it"):
            cgroups[0]
        assert observed("a cgroup goes in and out", cgroups.delete(0)) and not cgroups.delete(1)
        with pytest.raises(FileNotFoundError):
            cgroups[0] = tmp_path / "absent"
        with pytest.raises(tinybpf.BpfError, match="update map 'cgroup_array' failed: Bad file"):
            cgroups[0] = tmp_path
