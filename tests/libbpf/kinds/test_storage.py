"""Storage that goes with sockets, files, tasks and cgroups."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel

EGRESS = 1
SENDS = """
import os, pathlib, socket, sys
pathlib.Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(5):
    sender.sendto(b"x", ("127.0.0.1", 9))
"""


def test_of_sockets():
    with create_map("sk_storage", value="s64", name="by_socket") as storage, socket.socket() as sock:
        assert storage.get(sock) is None and sock not in storage
        storage[sock] = -5
        assert storage[sock] == storage[sock.fileno()] == storage.lookup(sock) == -5 and sock in storage
        with pytest.raises(tinybpf.BpfError, match="File exists"):
            storage.update(sock, 1, tinybpf.BPF_NOEXIST)
        assert observed("value", storage.pop(sock)) == -5 and storage.pop(sock, None) is None
        with pytest.raises(KeyError):
            storage[sock]
        with pytest.raises(KeyError):
            del storage[sock]
        with pytest.raises(tinybpf.BpfError, match="the key is a socket, or the descriptor of one"):
            storage[storage.fd]
        with pytest.raises(TypeError, match="is no socket"):
            storage["x"]
        for use in (lambda: list(storage), storage.to_dict, lambda: len(storage)):
            with pytest.raises(tinybpf.BpfError, match="the kernel does not list whose values are there"):
                use()


def test_of_tasks():
    with create_map("task_storage", value="u64") as storage:
        mine = os.pidfd_open(os.getpid())
        child = subprocess.Popen(["sleep", "30"])
        try:
            storage[mine] = 1
            storage[child] = 2
            assert observed("values of two processes", (storage[mine], storage[child])) == (1, 2)
            del storage[child]
            assert child not in storage
        finally:
            os.close(mine)
            child.kill()
            child.wait()
        with pytest.raises(tinybpf.BpfError, match="the key is a pidfd"):
            storage[storage.fd]


def test_of_files(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with create_map("inode_storage", value="u64") as storage:
        storage[file] = 7
        with open(file) as opened:
            assert storage[file] == storage[str(file)] == storage[opened] == storage[opened.fileno()] == 7
        assert storage.get(tmp_path) is None
        assert storage.update_many({tmp_path: 8}) == 1 and observed(
            "values of two files", storage.lookup_many([file, "/"])
        ) == [7, None]
        assert storage.delete_many([tmp_path, "/"]) == 1
        before = settled()
        assert storage.delete(file) and not storage.delete(file)
        assert descriptors() == before
        with pytest.raises(FileNotFoundError):
            storage[tmp_path / "absent"]


def test_of_cgroups(cgroup, tmp_path):
    with create_map("cgrp_storage", value="u64") as storage:
        storage[cgroup] = 9
        fd = os.open(cgroup, os.O_RDONLY)
        assert observed("value", storage[cgroup]) == storage[str(cgroup)] == storage[fd] == 9
        os.close(fd)
        assert storage.delete(cgroup) and cgroup not in storage
        with pytest.raises(tinybpf.BpfError, match="the key is the folder of a cgroup"):
            storage[tmp_path] = 1


def test_of_cgroups_for_a_program(build, cgroup):
    """The older kind: a dictionary by cgroup and attach type, with an entry for each attachment."""
    with tinybpf.load(build("cgroupstorage")) as obj:
        counted, per_cpu = obj.map("counted").typed(value=int), obj.map("perCPU").typed(value=int)
        assert len(counted) == len(per_cpu) == 0
        obj.program("count").attach_cgroup(cgroup)
        subprocess.run([sys.executable, "-c", SENDS, cgroup], check=True)
        key = struct.pack("=QIxxxx", os.stat(cgroup).st_ino, EGRESS)
        assert counted.to_dict() == {key: 5} and list(counted) == [key] and len(counted) == 1
        assert counted[key] == 5 and key in counted and bytes(16) not in counted
        assert sum(per_cpu[key]) == per_cpu.lookup_percpu_sum(key) == 5 and list(per_cpu) == [key]
        counted[key] = 100
        per_cpu[key] = [10] * len(per_cpu[key])
        subprocess.run([sys.executable, "-c", SENDS, cgroup], check=True)
        assert counted[key] == 105 and sum(per_cpu[key]) == 10 * len(per_cpu[key]) + 5
        with pytest.raises(tinybpf.BpfError, match="the key is not there, and the flags forbid creating it"):
            counted[bytes(16)] = 1
        for gone in (counted.clear, lambda: counted.pop(key), lambda: per_cpu.delete(key)):
            with pytest.raises(tinybpf.BpfError, match="a value goes with its cgroup"):
                gone()
        with pytest.raises(TypeError, match=r"values of map 'perCPU' are .*, which cannot be added"):
            obj.map("perCPU").lookup_percpu_sum(key)
