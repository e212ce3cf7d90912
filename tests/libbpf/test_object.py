"""Loading an object, what it gives access to, and what closing it means."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from descriptors import descriptors, settled

import tinybpf
from tinybpf.libbpf import _handle
from tinybpf.libbpf.open import open as open_object

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("tracing")) as loaded:
        yield loaded


def test_names_and_reprs(obj):
    assert list(obj.programs) == ["on_getppid", "whoami", "on_any"]
    assert list(obj.maps) == ["events", "counts"]
    program = obj.program("on_getppid")
    assert program.section == "tracepoint/syscalls/sys_enter_getppid"
    assert program.type is tinybpf.BpfProgType.TRACEPOINT
    assert program.info == tinybpf.ProgramInfo("on_getppid", program.section, program.type)
    assert program.fd > 2
    assert repr(program) == (
        "<BpfProgram 'on_getppid' TRACEPOINT section 'tracepoint/syscalls/sys_enter_getppid'>"
    )
    assert repr(obj) == "<BpfObject 'object' programs: on_getppid, whoami, on_any; maps: events, counts>"
    assert repr(obj.map("counts")) == "<BpfMap 'counts' HASH: uint32 → uint64, 1024 entries>"
    assert repr(obj.map("events")) == "<BpfMap 'events' RINGBUF: 65536 bytes>"
    assert repr(obj.maps) == "<maps of 'object': events, counts>"


@pytest.mark.parametrize(
    ("file", "name"), [("a.bpf.o", "a"), ("b.o", "b"), ("c.elf", "c.elf"), (".bpf.o", ".bpf.o")]
)
def test_the_name_comes_from_the_file(build, tmp_path: Path, file: str, name: str):
    path = tmp_path / file
    path.write_bytes(build("connect"))
    with tinybpf.load(path) as obj:
        assert (obj.name, obj.path) == (name, str(path))
    with tinybpf.load(str(path)) as obj:
        assert obj.name == name


def test_what_has_bytes_can_be_loaded(build):
    class Compiled:
        name = "mine.bpf.o"

        def __bytes__(self) -> bytes:
            return build("connect")

    for source in (Compiled(), build("connect"), bytearray(build("connect")), memoryview(build("connect"))):
        with tinybpf.load(source) as obj:
            assert obj.name == ("mine" if isinstance(source, Compiled) else "object")
    with pytest.raises(TypeError, match="take a path, bytes"):
        tinybpf.load(17)


def test_a_name_that_is_not_there(obj):
    with pytest.raises(
        KeyError, match=r"no program 'nope'; there is: 'on_getppid', 'whoami', 'on_any'"
    ) as caught:
        obj.program("nope")
    assert isinstance(caught.value, tinybpf.BpfError)
    with pytest.raises(tinybpf.MissingError, match=r"no map 'nope'; there is: 'events', 'counts'"):
        obj.maps["nope"]
    assert obj.maps.get("nope") is None and "nope" not in obj.programs


def test_no_such_file():
    with pytest.raises(
        FileNotFoundError, match=r"load '/nowhere/x.o' failed: there is no such file"
    ) as caught:
        tinybpf.load("/nowhere/x.o")
    assert isinstance(caught.value, tinybpf.BpfError) and caught.value.errno == 2


def test_no_bpf_object(tmp_path: Path):
    path = tmp_path / "text.o"
    path.write_text("not an object at all, but long enough for an ELF header, if it were one.")
    with pytest.raises(tinybpf.ObjectError, match=r"text.o' failed: .*this is no ELF file"):
        tinybpf.load(path)


def test_attached_means_attached(build, me: int):
    """A link and an object that nobody holds stay until the process ends, or the object is closed."""
    tinybpf.load(build("tracing")).program("on_getppid").attach()
    gc.collect()
    (handle,) = (held for held in _handle._attached if held.name == "object")
    obj = tinybpf.BpfObject(handle, None)
    obj.map("counts")[me] = 0
    os.getppid()
    os.getppid()
    assert obj.map("counts")[me] == 2
    obj.close()
    assert handle not in _handle._attached


def test_an_object_without_links_is_freed_when_nobody_holds_it(build):
    before = settled()
    obj = tinybpf.load(build("tracing"))
    assert descriptors() > before
    gc.disable()
    try:
        del obj
        assert descriptors() == before
    finally:
        gc.enable()


def test_a_map_alone_keeps_its_object(build):
    counts = tinybpf.load(build("tracing")).map("counts")
    gc.collect()
    counts[1] = 2
    assert counts[1] == 2


def test_close_detaches_and_says_so(build):
    obj = tinybpf.load(build("tracing"))
    program, counts, events = obj.program("on_getppid"), obj.map("counts"), obj.map("events")
    link = program.attach()
    assert obj.links == (link,) and "1 attached" in repr(obj)
    stream = obj.ring_buffer("events")
    ring = tinybpf.BpfRingBuffer(events)
    typed = counts.typed(key=int)
    obj.close()
    obj.close()
    assert link.fd == -1 and "destroyed" in repr(link)
    assert obj.closed and repr(obj) == "<BpfObject 'object' closed>"
    assert list(stream) == [] and stream.closed
    for use in (
        lambda: obj.programs,
        lambda: obj.maps,
        lambda: obj.btf,
        lambda: obj.program("on_getppid"),
        lambda: obj.ring_buffer("events"),
        lambda: obj.__enter__(),
        lambda: program.fd,
        lambda: program.attach(),
        lambda: program.attach_tracepoint("syscalls", "sys_enter_getppid"),
        lambda: program.attach_xdp("lo"),
        lambda: program.attach_cgroup("/sys/fs/cgroup"),
        lambda: program.attach_raw_tracepoint("sys_enter"),
        lambda: program.test_run(),
        lambda: counts[1],
        lambda: counts.update(1, 1),
        lambda: counts.delete(1),
        lambda: list(counts),
        lambda: len(counts),
        lambda: counts.fd,
        lambda: counts.typed(key=int),
        lambda: counts.btf_value,
        lambda: counts.pin("/sys/fs/bpf/never"),
        lambda: typed[1],
        lambda: events.btf_key,
        lambda: ring.poll(0),
        lambda: ring.consume(),
        lambda: tinybpf.BpfRingBuffer(events),
        lambda: link.keep(),
        lambda: link.pin("/sys/fs/bpf/never"),
    ):
        with pytest.raises(tinybpf.BpfError, match="closed"):
            use()
    ring.close()
    assert "closed" in repr(counts) and "closed" in repr(program)


def test_a_kept_link_outlives_its_object(build, me: int):
    with tinybpf.load(build("tracing")) as obj:
        link = obj.program("on_getppid").attach().keep()
        counts = obj.map("counts").typed()
        path = f"/sys/fs/bpf/tinybpf-test-{os.getpid()}"
        counts.pin(path)
    try:
        with tinybpf.open_pinned_map(path) as pinned:
            pinned[me] = 0
            os.getppid()
            assert pinned[me] == 1
            assert link.fd > 2
            link.destroy()
            os.getppid()
            assert pinned[me] == 1
    finally:
        os.unlink(path)


def test_loading_often_leaks_nothing(build):
    content = build("tracing")

    def cycle():
        with tinybpf.load(content) as obj:
            obj.program("on_getppid").attach()
            obj.map("counts")[1] = 1
            list(obj.ring_buffer("events", timeout=0))

    for _ in range(3):
        cycle()
    before = settled()
    for _ in range(50):
        cycle()
    assert descriptors() == before


def test_a_failed_load_leaks_nothing(build):
    before = settled()
    for _ in range(10):
        with pytest.raises(tinybpf.VerifierError):
            tinybpf.load(build("refused"))
    assert descriptors() == before


def test_open_and_load_are_steps(build):
    opened = open_object(build("connect"))
    opened.close()
    with pytest.raises(tinybpf.BpfError, match="closed"):
        opened.load()


def test_objects_in_threads(build):
    """Each thread has its own log, and its own failure."""
    seen: list[BaseException | int] = []

    def work(name: str) -> None:
        try:
            for _ in range(5):
                tinybpf.load(build(name)).close()
            seen.append(0)
        except tinybpf.BpfError as error:
            seen.append(error)

    build("connect"), build("refused")
    threads = [threading.Thread(target=work, args=(n,)) for n in ("connect", "refused", "connect", "refused")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = [found for found in seen if found != 0]
    assert len(seen) == 4 and len(errors) == 2
    assert all(isinstance(e, tinybpf.VerifierError) and e.program == "careless" for e in errors)


def test_threads_that_ask_first_get_the_same_maps_and_programs(build):
    def ask(obj: tinybpf.BpfObject, start: threading.Barrier, found: list[tuple[Any, Any]]) -> None:
        start.wait()
        found.append((obj.maps, obj.programs))

    for _ in range(20):
        found: list[tuple[Any, Any]] = []
        with tinybpf.load(build("connect")) as obj:
            given = (obj, threading.Barrier(4), found)
            threads = [threading.Thread(target=ask, args=given) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(found) == 4 and len({tuple(map(id, both)) for both in found}) == 1
