"""What C or the kernel works on stays open, though another thread closes it at that moment.

Each function is stopped on its way into C; meanwhile another thread closes what the function was given, and
other files get the numbers that are free then. It must go on with what it began with, or say "closed".
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from old_kernels import lacking

import tinybpf
from tinybpf import system
from tinybpf.libbpf import _lib, _perf, _pins, _ringmap, _test_run, create, disassembly, openprogram, userring
from tinybpf.libbpf.attach import clsact, iter, reuseport, sockmap, struct_ops, tcx, xdp
from tinybpf.libbpf.kinds import bloom, references

pytestmark = pytest.mark.kernel

LATE = (_perf, _pins, _ringmap, bloom, clsact, create, disassembly, iter, openprogram, references, reuseport)
LATER = (_test_run, sockmap, struct_ops, tcx, userring, xdp)
"""Modules that are imported when they are used: here before functions of theirs are replaced."""

DATA = Path(__file__).parent / "data"
LOOPBACK = 1
GENERIC = 2  # XDP_FLAGS_SKB_MODE
Action = Callable[[], object]


class Meanwhile:
    """libbpf's functions, of which the first call of one has something happen before it does its work."""

    def __init__(self, real: Any, name: str, action: Action) -> None:
        self._real, self._name, self._action = real, name, action
        self.happened = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return self._around(found) if name == self._name else found

    def _around(self, found: Callable[..., Any]) -> Callable[..., Any]:
        def work(*arguments: Any) -> Any:
            if not self.happened:
                self.happened = True
                self._action()
            return found(*arguments)

        return work


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """``closing("bpf_obj_pin", obj.close, work)`` calls ``work``, and ``obj.close`` while C pins; what
    ``work`` gives, or the error that says "closed"."""
    files: list[int] = []
    threads: list[threading.Thread] = []

    def close(action: Action) -> None:
        threads.append(threading.Thread(target=action))
        threads[-1].start()
        threads[-1].join(0.5)  # or it waits until the function is through
        files.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(40))

    def run(function: str, action: Action, work: Callable[[], Any]) -> Any:
        between = Meanwhile(_lib.lib, function, lambda: close(action))
        with monkeypatch.context() as patch:
            for name, module in list(sys.modules.items()):
                ours = name.startswith("tinybpf.libbpf.") and module is not _lib
                if ours and getattr(module, "lib", None) is _lib.lib:
                    patch.setattr(module, "lib", between)
            try:
                found: Any = work()
            except tinybpf.BpfError as error:
                found = error
        for thread in threads:
            thread.join(60)
        if isinstance(found, tinybpf.BpfError) and lacking(found):
            raise found
        assert between.happened
        if isinstance(found, tinybpf.BpfError):
            assert "closed" in str(found) or "destroyed" in str(found), found
        return found

    yield run
    for fd in files:
        os.close(fd)


@pytest.fixture
def loaded(build: Callable[..., bytes]) -> Iterator[Callable[[str], tinybpf.BpfObject]]:
    opened: list[tinybpf.BpfObject] = []

    def load(name: str) -> tinybpf.BpfObject:
        path = DATA / f"{name}.elf"
        opened.append(tinybpf.load(path if path.exists() else build(name)))
        return opened[-1]

    yield load
    for obj in opened:
        obj.close()


@pytest.fixture
def pin() -> Iterator[str]:
    path = f"/sys/fs/bpf/held-{os.getpid()}"
    yield path
    if os.path.lexists(path):
        os.unlink(path)


class TestPrograms:
    @pytest.mark.parametrize("opened", [False, True], ids=["of an object", "by id"])
    def test_what_is_asked_of_one(self, loaded, closing, opened: bool):
        def fresh() -> tuple[Any, Action]:
            obj = loaded("packets")
            program = obj.program("drop_udp")
            if not opened:
                return program, obj.close
            alone = tinybpf.open_program_by_id(program.info.id)
            return alone, alone.close

        program, close = fresh()
        assert closing("bpf_obj_get_info_by_fd", close, lambda: program.info).type is program.type
        again, close = fresh()
        count = len(again.disassembly())
        assert len(closing("bpf_obj_get_info_by_fd", close, again.disassembly)) == count
        last, close = fresh()
        packet = bytes(64)
        assert closing("bpf_prog_test_run_opts", close, lambda: last.test_run(packet)).retval == 2
        with pytest.raises(tinybpf.BpfError, match="closed"):
            last.test_run(packet)

    def test_pins(self, loaded, closing, pin: str):
        obj = loaded("packets")
        program = obj.program("drop_udp")
        number = program.info.id
        assert closing("bpf_obj_pin", obj.close, lambda: program.pin(pin)) is None
        with tinybpf.open_pinned_program(pin) as found:
            assert found.info.id == number
            closing("bpf_obj_get", found.close, lambda: found.unpin(pin))
        assert not os.path.lexists(pin)

    @pytest.mark.parametrize("which", ["program", "link"])
    def test_a_neighbour(self, loaded, closing, which: str):
        if system.older_than("6.6"):
            pytest.skip("Linux 6.6 brought tcx")
        first, second = loaded("filters"), loaded("filters")
        with first.program("incoming").attach_tcx("lo").keep() as link:
            program = second.program("incoming")
            neighbour, close = (
                (link, link.destroy) if which == "link" else (first.program("incoming"), first.close)
            )
            made = closing("bpf_link_create", close, lambda: program.attach_tcx("lo", before=neighbour))
            assert isinstance(made, tinybpf.BpfLink)

    def test_a_clsact_filter(self, loaded, closing):
        obj = loaded("filters")
        closing("bpf_tc_attach", obj.close, lambda: clsact.attach(obj.program("incoming"), "lo", "ingress"))

    def test_xdp_without_a_link(self, loaded, closing):
        obj = loaded("packets")
        program = obj.program("drop_udp")

        def attach() -> Any:
            return xdp._by_netlink(program, "attach xdp to 'lo'", "xdp:lo", LOOPBACK, GENERIC, {})

        error = closing("bpf_xdp_attach", obj.close, attach)
        assert isinstance(error, tinybpf.BpfError) and tinybpf.query_xdp("lo").program_id == 0

    def test_a_filter_of_a_socket(self, loaded, closing, monkeypatch: pytest.MonkeyPatch):
        obj = loaded("sockets")
        really, calls = reuseport._set, list[int]()

        def slow(descriptor: int, option: int, value: int) -> None:
            if not calls:
                obj.close()
                calls.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(40))
            really(descriptor, option, value)

        monkeypatch.setattr(reuseport, "_set", slow)
        given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with given, pytest.raises(tinybpf.BpfError, match="closed"):
            obj.program("none").attach_socket(given)
        assert calls
        for fd in calls:
            os.close(fd)

    def test_the_target_of_a_replacement(self, closing):
        with tinybpf.load(DATA / "replace.elf") as target:
            opened = tinybpf.open(DATA / "replace.elf")
            other = opened.programs["other"]
            program = target.program("asked")
            closing(
                "bpf_program__set_attach_target", target.close, lambda: other.set_target("answer", program)
            )
            opened.close()

    def test_what_is_put_into_an_array(self, loaded, monkeypatch: pytest.MonkeyPatch):
        programs, obj = loaded("kinds").map("programs"), loaded("kinds")
        given = obj.program("one")
        number, files, really = given.info.id, list[int](), references.descriptor_of

        def slow(value: Any, thing: str) -> int:
            fd = really(value, thing)
            obj.close()
            files.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(40))
            return fd

        monkeypatch.setattr(references, "descriptor_of", slow)
        programs[0] = given
        monkeypatch.undo()
        assert programs[0] == number
        for fd in files:
            os.close(fd)


class TestMaps:
    def test_what_is_asked_of_one(self, closing):
        def fresh() -> Any:
            return tinybpf.create_map("array", value="u64", max_entries=3, flags=1 << 10)

        one = fresh()
        number = one.id
        assert closing("bpf_obj_get_info_by_fd", one.close, lambda: one.id) == number
        two = fresh()
        with tinybpf.open_map_by_id(two.id) as other:
            assert closing("bpf_map_freeze", two.close, two.freeze) is None
            with pytest.raises(tinybpf.BpfError, match="frozen"):
                other[0] = 1
        three = fresh()
        closing("bpf_obj_get_info_by_fd", three.close, three.memory)

    def test_pins(self, closing, pin: str):
        one = tinybpf.create_map("hash", key="u32", value="u64", max_entries=3)
        number = one.id
        assert closing("bpf_obj_pin", one.close, lambda: one.pin(pin)) is None
        again = tinybpf.open_pinned_map(pin)
        assert again.id == number
        assert closing("bpf_obj_get", again.close, lambda: again.unpin(pin)) is None
        assert not os.path.lexists(pin)

    def test_the_pattern_of_inner_ones(self, closing):
        inner = tinybpf.create_map("hash", key="u32", value="u64", max_entries=3)
        outer = closing(
            "bpf_map_create",
            inner.close,
            lambda: tinybpf.create_map("array_of_maps", max_entries=2, inner=inner),
        )
        with outer, tinybpf.create_map("hash", key="u32", value="u64", max_entries=3) as other:
            outer[0] = other
            assert outer[0].id == other.id

    def test_a_bloom_filter(self, closing):
        m = tinybpf.create_map("bloom_filter", value="u64", max_entries=10)
        m.add(7)
        assert closing("bpf_map_lookup_elem", m.close, lambda: 7 in m) is True

    def test_buffers(self, loaded, closing):
        ring = tinybpf.create_map("ringbuf", max_entries=4096)
        closing("tb_ringmap_new", ring.close, lambda: tinybpf.BpfRingBuffer(ring))
        obj = loaded("perf")
        closing("tb_perf_new", obj.close, lambda: obj.perf_buffer("calls"))
        user = tinybpf.create_map("user_ringbuf", max_entries=4096)
        closing("user_ring_buffer__new", user.close, lambda: userring.UserRingBuffer(user))

    def test_an_iterator_over_one(self, loaded, closing):
        obj, m = loaded("iterators"), tinybpf.create_map("hash", key="u32", value="u64", max_entries=3)
        m[5] = 6
        link = closing("bpf_link_create", m.close, lambda: obj.program("elements").attach_iter(map=m))
        assert link.read()
        with pytest.raises(tinybpf.BpfError, match="closed"):
            m[5]

    def test_programs_of_a_sockmap(self, loaded, closing):
        obj, m = loaded("sockmap"), tinybpf.create_map("sockmap", max_entries=2)
        attaching = "bpf_prog_attach_opts" if system.older_than("6.10") else "bpf_link_create"
        made = closing(attaching, m.close, lambda: obj.program("sending").attach_sockmap(m))
        assert isinstance(made, tinybpf.BpfLink)


class TestLinks:
    def test_an_update(self, loaded, closing, cgroup: Path):
        first, second = loaded("ordered"), loaded("ordered")
        with first.program("connectOne").attach_cgroup(cgroup) as link:
            other = second.program("connectTwo")
            number = other.info.id
            assert closing("bpf_link_update", second.close, lambda: link.update(other)) is None
            assert link.info.program_id == number

    def test_a_walk(self, loaded, closing):
        obj = loaded("iterator")
        link = obj.program("tasks").attach_iter()
        closing("bpf_iter_create", link.destroy, lambda: len(link.read()))
        with pytest.raises(tinybpf.BpfError, match="closed"):
            link.read()
