"""What links tell of themselves, and links that are updated, detached, or opened by pin and number."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from kernel_places import connect
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel


@pytest.fixture
def tracing(build):
    with tinybpf.load(build("tracing")) as loaded:
        yield loaded


@pytest.fixture
def pin(tmp_path: Path) -> Iterator[str]:
    path = f"/sys/fs/bpf/tinybpf-{os.getpid()}-{tmp_path.name}"
    yield path
    if os.path.exists(path):
        os.unlink(path)


class TestInfo:
    def test_tracepoint(self, tracing):
        if system.older_than("5.15"):
            pytest.skip("this kernel has no links of tracepoints")
        program = tracing.program("on_getppid")
        info = program.attach().info
        assert isinstance(info, tinybpf.PerfEventLinkInfo) and info.id > 0 and info.program_id > 0
        assert observed("type", info.type) is tinybpf.BpfLinkType.PERF_EVENT
        if not system.older_than("6.6"):
            assert (info.kind, info.name) == ("tracepoint", "sys_enter_getppid")

    def test_raw_tracepoint(self, tracing):
        info = tracing.program("on_any").attach().info
        assert (
            isinstance(info, tinybpf.RawTracepointLinkInfo)
            and observed("name of the tracepoint", info.name) == "sys_enter"
        )

    @pytest.mark.parametrize("name", ["on_entry", "on_return"])
    def test_uprobe(self, build, name: str):
        with tinybpf.load(build("probes", name)) as obj:
            attach = (
                obj.program(name).attach_uprobe if name == "on_entry" else obj.program(name).attach_uretprobe
            )
            info = attach("libc.so.6", symbol="labs").info
            if not system.older_than("6.6"):
                assert info.kind == ("uprobe" if name == "on_entry" else "uretprobe")
                assert info.name.endswith("libc.so.6") and info.offset > 0

    def test_perf_event(self, build):
        with tinybpf.load(build("probes", "on_sample")) as obj:
            info = obj.program("on_sample").attach_perf_event("page-faults", pid=0).info
            if not system.older_than("6.6"):
                assert (info.kind, info.event) == ("event", (1, 2))

    def test_iterator(self, build):
        with tinybpf.load(build("iterator")) as obj:
            info = obj.program("tasks").attach_iter().info
            assert isinstance(info, tinybpf.IterLinkInfo)
            assert (info.target, info.map_id, info.pid) == ("task", 0, 0)

    def test_cgroup(self, build, cgroup: Path):
        with tinybpf.load(build("connect")) as obj:
            info = obj.program("block_4444").attach_cgroup(cgroup).info
            assert (info.cgroup_id, info.attach_type) == (
                cgroup.stat().st_ino,
                tinybpf.BpfAttachType.CGROUP_INET4_CONNECT,
            )

    def test_interfaces(self, build, veth):
        index = veth[1].run(lambda: socket.if_nametoindex("vb"))
        with tinybpf.load(build("packets")) as obj, tinybpf.load(build("filters")) as other:
            info = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb")).info
            assert (info.ifindex, info.attach_type) == (index, tinybpf.BpfAttachType.XDP)
            if not system.older_than("6.6"):
                info = veth[1].run(lambda: other.program("incoming").attach_tcx("vb")).info
                assert (info.ifindex, info.attach_type.name) == (index, "TCX_INGRESS")

    def test_what_is_no_link(self, build, veth):
        with tinybpf.load(build("filters")) as obj:
            link = veth[1].run(lambda: obj.program("incoming").attach_clsact("vb"))
            for use in (lambda: link.info, lambda: link.id, link.detach):
                words = "Linux 6.6 brought tcx|it is no link of the kernel's"
                with pytest.raises(tinybpf.BpfError, match=words) as caught:
                    use()
                assert caught.value.errno == errno.EOPNOTSUPP

    def test_after_the_end(self, tracing):
        link = tracing.program("on_any").attach()
        link.destroy()
        for use in (lambda: link.info, lambda: link.update(tracing.program("on_any")), link.detach):
            with pytest.raises(tinybpf.BpfError, match="link 'raw_tracepoint:sys_enter' is closed"):
                use()


class TestUpdate:
    def test_xdp(self, build, veth, arrives):
        with tinybpf.load(build("packets")) as dropping, tinybpf.load(build("passing")) as passing:
            link = veth[1].run(lambda: dropping.program("drop_udp").attach_xdp("vb"))
            assert not arrives(4242)
            link.update(passing.program("pass_all"))
            assert observed(
                "packets pass with the second program", arrives(4242)
            ) and "of 'pass_all'" in repr(link)
            with pytest.raises(tinybpf.BpfError, match="the link's program is not the one that was expected"):
                link.update(dropping.program("drop_udp"), expected=dropping.program("drop_udp"))
            link.update(dropping.program("drop_udp"), expected=passing.program("pass_all"))
            assert not arrives(4242)

    def test_tcx(self, build, veth, arrives):
        if system.older_than("6.6"):
            pytest.skip("this kernel has no tcx")
        with tinybpf.load(build("filters")) as obj, tinybpf.load(build("passing")) as passing:
            link = veth[1].run(lambda: obj.program("incoming").attach_tcx("vb"))
            assert not arrives(4242)
            link.update(passing.program("go_on"))
            assert observed("packets pass with the second program", arrives(4242))

    def test_cgroup(self, build, cgroup: Path):
        with tinybpf.load(build("connect")) as one, tinybpf.load(build("passing")) as passing:
            link = one.program("block_4444").attach_cgroup(cgroup)
            assert connect(cgroup, 4444) == errno.EPERM
            link.update(passing.program("allow"))
            assert observed("a connect goes through with the second program", connect(cgroup, 4444) == 0)

    def test_what_keeps_its_program(self, tracing):
        link = tracing.program("on_any").attach()
        with pytest.raises(tinybpf.BpfError, match="links of this kind keep their program"):
            link.update(tracing.program("on_any"))

    def test_what_is_no_program(self, build, tracing):
        link = tracing.program("on_any").attach()
        for wrong in ("x", None, tracing.map("counts")):
            with pytest.raises(TypeError, match="a link is updated to a BpfProgram, not to a"):
                link.update(wrong)
        with tinybpf.load(build("tracing")) as other:
            closed = other.program("on_any")
        with pytest.raises(tinybpf.BpfError, match="closed"):
            link.update(closed)

    def test_a_program_of_another_kind(self, build, tracing, veth):
        with tinybpf.load(build("packets")) as obj:
            link = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
            with pytest.raises(tinybpf.BpfError, match=r"update link 'xdp:vb' to 'on_any' failed: Invalid"):
                link.update(tracing.program("on_any"))


class TestDetach:
    def test_a_pinned_link(self, build, veth, arrives, pin: str):
        with tinybpf.load(build("packets")) as obj:
            link = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
            link.pin(pin)
        assert not arrives(4242)
        with tinybpf.open_pinned_link(pin) as again:
            again.detach()
            assert arrives(4242)
            assert observed("interface of a detached link", again.info.ifindex) == 0

    def test_other_kinds_are_not(self, tracing):
        link = tracing.program("on_any").attach()
        with pytest.raises(tinybpf.BpfError, match=r"when the last descriptor and pin are gone: destroy\(\)"):
            link.detach()


class TestOpened:
    def test_by_its_pin(self, build, veth, arrives, pin: str):
        with tinybpf.load(build("packets")) as obj:
            link = veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb"))
            link.pin(pin)
            number = link.id
        again = veth[1].run(lambda: tinybpf.open_pinned_link(pin))
        assert (again.id, again.target, again.pin_path) == (number, "xdp:vb", pin)
        observed("target", again.target)
        assert repr(again).startswith("<BpfLink xdp:vb of '#") and pin in repr(again)
        assert not arrives(4242)
        with tinybpf.load(build("passing")) as passing:
            again.update(passing.program("pass_all"))
        assert arrives(4242)  # the kernel holds the program as long as the link
        again.unpin()
        assert not os.path.exists(pin)

    def test_letting_go_leaves_the_pin(self, build, veth, arrives, pin: str):
        with tinybpf.load(build("packets")) as obj:
            veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb")).pin(pin)
        before = settled()
        link = tinybpf.open_pinned_link(pin)
        link.destroy()
        link.destroy()
        tinybpf.open_pinned_link(pin)
        assert settled() == before
        assert not arrives(4242)

    def test_by_its_number(self, tracing):
        link = tracing.program("on_any").attach()
        with tinybpf.open_link_by_id(link.id) as again:
            assert again.info == link.info and again.fd != link.fd
            assert observed("target", again.target) == "raw_tracepoint:sys_enter"
        assert link.info.id > 0

    def test_keep_holds_it(self, build, me: int):
        with tinybpf.load(build("tracing")) as obj:
            obj.map("counts")[0] = 0
            link = obj.program("on_any").attach()
            counts = obj.map("counts")
            again = tinybpf.open_link_by_id(link.id).keep()
            link.destroy()
            before = counts[0]
            os.getppid()
            assert counts[0] > before
            again.destroy()

    def test_what_is_not_there(self, tmp_path: Path):
        with pytest.raises(
            tinybpf.NotFoundError, match="open pinned link '/sys/fs/bpf/nope' failed: there is no"
        ):
            tinybpf.open_pinned_link("/sys/fs/bpf/nope")
        with pytest.raises(tinybpf.NotFoundError, match="there is no such link"):
            tinybpf.open_link_by_id((1 << 32) - 1)
        for wrong, error in (("1", TypeError), (True, TypeError), (0, ValueError), (1 << 32, ValueError)):
            with pytest.raises(error, match=r"an id is an int|ids are from 1"):
                tinybpf.open_link_by_id(wrong)

    def test_a_pin_of_something_else(self, tracing, pin: str, tmp_path: Path):
        tracing.map("counts").pin(pin)
        with pytest.raises(tinybpf.BpfError, match="this is no link, but a bpf map"):
            tinybpf.open_pinned_link(pin)
        tracing.map("counts").unpin(pin)
        (tmp_path / "file").touch()
        with pytest.raises(tinybpf.BpfError, match="this is no pin of a BPF object"):
            tinybpf.open_pinned_link(tmp_path / "file")


WITHOUT_OBJECT = """
import os, sys, tinybpf
link = tinybpf.open_pinned_link(sys.argv[1])
print(link.info.type.name)
"""


def test_another_process_opens_it(build, veth, pin: str, project: Path):
    with tinybpf.load(build("packets")) as obj:
        veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb")).pin(pin)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_OBJECT, pin], capture_output=True, text=True, check=True
    )
    assert done.stdout == "XDP\n"


def test_nothing_is_leaked(build: Callable[..., bytes], veth, pin: str):
    with tinybpf.load(build("packets")) as obj:
        before = settled()
        for _ in range(20):
            with veth[1].run(lambda: obj.program("drop_udp").attach_xdp("vb")) as link:
                assert link.info.id and tinybpf.open_link_by_id(link.id).info.id
        assert descriptors() == before


def test_all_links_of_the_kernel(tracing):
    link = tracing.program("on_any").attach()
    found = {info.id: info for info in tinybpf.links()}
    assert found[link.id] == link.info
    assert list(found) == sorted(found)
