"""Programs at the same place: the order in which they run, and how several come together."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_places import connect
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("ordered")) as loaded:
        yield loaded


class TestTcx:
    @pytest.fixture(autouse=True)
    def kernel(self) -> None:
        if system.older_than("6.6"):
            pytest.skip("this kernel has no tcx")

    @pytest.fixture
    def add(self, obj, veth):
        """Attach a program to what enters ``vb``."""

        def attach(name: str, **options: object) -> tinybpf.BpfLink:
            return veth[1].run(lambda: obj.program(name).attach_tcx("vb", "ingress", **options))

        return attach

    @pytest.mark.parametrize(
        ("options", "order"),
        [
            ({}, 123),
            ({"first": True}, 312),
            ({"before": "link"}, 132),
            ({"before": "program"}, 312),
            ({"after": "program"}, 132),
        ],
        ids=str,
    )
    def test_the_third(self, obj, add, arrives, options: dict[str, object], order: int):
        """Relative to the link of the second, or to the first program."""
        add("one")
        second = add("two")
        neighbours = {"link": second, "program": obj.program("one")}
        link = add("three", **{name: neighbours.get(value, value) for name, value in options.items()})
        assert arrives(4242)
        assert observed(f"order with {options}", str(obj.globals["order"])[:3]) == str(order)
        link.destroy()
        obj.globals["order"] = 0
        assert arrives(4242)
        assert str(obj.globals["order"]).startswith("12")

    def test_a_neighbour_that_is_not_there(self, obj, add):
        with pytest.raises(
            tinybpf.BpfError, match="the neighbour that is given is not attached there"
        ) as caught:
            add("one", before=obj.program("two"))
        assert caught.value.errno == errno.ENOENT

    def test_wrong_arguments(self, obj, add):
        with pytest.raises(ValueError, match="give one of before, after and first"):
            add("one", before=obj.program("two"), first=True)
        with pytest.raises(TypeError, match="before and after take a link or a program, not str"):
            add("one", after="two")
        link = add("two")
        link.destroy()
        with pytest.raises(tinybpf.BpfError, match="is closed"):
            add("one", after=link)

    def test_an_older_kernel(self, obj, add, monkeypatch: pytest.MonkeyPatch):
        from tinybpf.libbpf.attach import tcx

        def refuse(program, what: str, *args: object, **more: object) -> None:
            raise tinybpf.BpfError(f"{what} failed: Invalid argument", errno.EINVAL)

        monkeypatch.setattr(tcx, "create", refuse)
        monkeypatch.setattr(system, "kernel_version", lambda: (6, 1))
        with pytest.raises(tinybpf.UnsupportedError, match=r"Linux 6\.6 brought tcx; this kernel is 6\.1"):
            add("one", first=True)


class TestCgroup:
    @pytest.mark.parametrize(
        ("options", "order"),
        [({}, 123), ({"first": True}, 312), ({"before": "link"}, 132), ({"after": "program"}, 132)],
        ids=str,
    )
    def test_the_third(self, obj, cgroup: Path, options: dict[str, object], order: int):
        obj.program("connectOne").attach_cgroup(cgroup)
        second = obj.program("connectTwo").attach_cgroup(cgroup)
        neighbours = {"link": second, "program": second}
        chosen = {name: neighbours.get(value, value) for name, value in options.items()}
        if "after" in options:
            chosen["after"] = obj.links[0]
        obj.program("connectThree").attach_cgroup(cgroup, **chosen)
        assert connect(cgroup, 4444) == 0
        assert observed(f"order with {options}", obj.globals["order"]) == order

    def test_a_direction(self, obj, cgroup: Path, me: int):
        program = obj.program("both")
        (cgroup / "cgroup.procs").write_text(str(os.getpid()))
        try:
            for direction in ("ingress", "egress"):
                with program.attach_cgroup(cgroup, direction=direction) as link:
                    assert link.info.attach_type.name == f"CGROUP_INET_{direction.upper()}"
                    obj.globals["order"] = 0
                    with (
                        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
                        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
                    ):
                        receiver.bind(("127.0.0.1", 0))
                        sender.sendto(b"x", receiver.getsockname())
                        receiver.recv(10)
                    assert obj.globals["order"] == 1
        finally:
            (cgroup.parent / "cgroup.procs").write_text(str(os.getpid()))
        with pytest.raises(ValueError, match="direction must be 'ingress' or 'egress', not 'up'"):
            program.attach_cgroup(cgroup, direction="up")
        with pytest.raises(ValueError, match="direction is for cgroup_skb programs"):
            obj.program("connectOne").attach_cgroup(cgroup, direction="ingress")


class TestModes:
    """Without a link, as before Linux 5.7."""

    def test_several(self, obj, cgroup: Path):
        for name in ("connectOne", "connectTwo"):
            link = obj.program(name).attach_cgroup(cgroup, mode="multi")
        assert link.fd == -1 and link.target == f"cgroup:{cgroup}"
        obj.program("connectThree").attach_cgroup(cgroup)  # a link beside them
        assert (
            connect(cgroup, 4444) == 0 and observed("order of two, and a link", obj.globals["order"]) == 123
        )
        link.destroy()
        obj.globals["order"] = 0
        assert connect(cgroup, 4444) == 0 and obj.globals["order"] == 13

    def test_one_that_goes_for_all_below(self, obj, cgroup: Path):
        below = cgroup / "below"
        below.mkdir()
        try:
            obj.program("connectOne").attach_cgroup(cgroup, mode="exclusive")
            with pytest.raises(tinybpf.BpfError, match="a cgroup above this one has a program that forbids"):
                obj.program("connectTwo").attach_cgroup(below)
            with pytest.raises(tinybpf.BpfError, match="attached in another mode"):
                obj.program("connectTwo").attach_cgroup(cgroup)
            assert connect(cgroup, 4444) == 0 and obj.globals["order"] == 1
        finally:
            below.rmdir()

    def test_one_that_those_below_may_take_the_place_of(self, obj, cgroup: Path):
        below = cgroup / "below"
        below.mkdir()
        try:
            obj.program("connectOne").attach_cgroup(cgroup, mode="override")
            obj.program("connectTwo").attach_cgroup(below, mode="override")
            assert connect(below, 4444) == 0 and obj.globals["order"] == 2
        finally:
            below.rmdir()

    def test_the_end_of_the_process_takes_it_away(self, build, cgroup: Path, tmp_path: Path):
        path = tmp_path / "connect.o"
        path.write_bytes(build("connect"))
        code = (
            "import sys, tinybpf\n"
            "tinybpf.load(sys.argv[1]).program('block_4444').attach_cgroup(sys.argv[2], mode='multi')\n"
            "print('attached', flush=True); sys.stdin.readline()"
        )
        command = [sys.executable, "-c", code, str(path), str(cgroup)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout and process.stdout.readline() == "attached\n"
            assert connect(cgroup, 4444) == errno.EPERM
            process.communicate("\n", timeout=30)
        assert connect(cgroup, 4444) == 0

    def test_wrong_arguments(self, obj, cgroup: Path):
        with pytest.raises(ValueError, match="mode must be one of 'exclusive', 'override', 'multi', not 'x'"):
            obj.program("connectOne").attach_cgroup(cgroup, mode="x")
        with pytest.raises(ValueError, match="an order is for links, a mode for what is attached without"):
            obj.program("connectOne").attach_cgroup(cgroup, mode="multi", first=True)

    def test_a_kernel_without_links(self, build, cgroup: Path, monkeypatch: pytest.MonkeyPatch):
        from tinybpf.libbpf.attach import cgroup as kind

        def refuse(program, what: str, *args: object, **more: object) -> None:
            raise tinybpf.BpfError(f"{what} failed: Invalid argument", errno.EINVAL)

        with tinybpf.load(build("connect")) as obj:
            monkeypatch.setattr(kind, "create", refuse)
            monkeypatch.setattr(system, "kernel_version", lambda: (5, 4))
            link = obj.program("block_4444").attach_cgroup(cgroup)
            monkeypatch.undo()
            assert link.fd == -1 and connect(cgroup, 4444) == errno.EPERM
        assert connect(cgroup, 4444) == 0


class TestQuery:
    """What is attached, in its order."""

    def test_tcx(self, obj, veth):
        if system.older_than("6.6"):
            pytest.skip("this kernel has no tcx")
        ask = lambda: veth[1].run(lambda: tinybpf.query_tcx("vb"))  # noqa: E731
        assert ask() == ()
        one, two = (
            veth[1].run(lambda name=name: obj.program(name).attach_tcx("vb", "ingress", first=True))
            for name in ("one", "two")
        )
        infos = [two.info, one.info]
        assert ask() == tuple(tinybpf.Attached(info.program_id, info.id) for info in infos)
        observed("programs, the later one first", len(ask()))
        two.destroy()
        assert [found.program_id for found in ask()] == [infos[1].program_id]
        assert veth[1].run(lambda: tinybpf.query_tcx("vb", "egress")) == ()

    def test_cgroup(self, obj, cgroup: Path):
        kind = tinybpf.BpfAttachType.CGROUP_INET4_CONNECT
        assert tinybpf.query_cgroup(cgroup, kind) == ()
        links = [obj.program(name).attach_cgroup(cgroup) for name in ("connectTwo", "connectOne")]
        programs = [link.info.program_id for link in links]
        assert [found.program_id for found in tinybpf.query_cgroup(cgroup, kind)] == programs
        observed("programs, in the order of the links", len(tinybpf.query_cgroup(cgroup, kind)))
        below = cgroup / "below"
        below.mkdir()
        try:
            fd = os.open(below, os.O_RDONLY)
            assert tinybpf.query_cgroup(fd, kind) == ()
            assert [found.program_id for found in tinybpf.query_cgroup(fd, kind, effective=True)] == programs
            os.close(fd)
        finally:
            below.rmdir()

    def test_what_is_not_there(self, tmp_path: Path):
        with pytest.raises(tinybpf.NotFoundError, match="ask about tcx of 'eth99' failed"):
            tinybpf.query_tcx("eth99")
        with pytest.raises(ValueError, match="direction must be 'ingress' or 'egress', not 'up'"):
            tinybpf.query_tcx("lo", "up")
        kind = tinybpf.BpfAttachType.CGROUP_INET4_CONNECT
        with pytest.raises(tinybpf.NotFoundError, match="there is no such cgroup"):
            tinybpf.query_cgroup("/nowhere", kind)
        with pytest.raises(tinybpf.BpfError, match="this is no cgroup of version 2"):
            tinybpf.query_cgroup(tmp_path, kind)
