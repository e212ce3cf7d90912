"""After its end every use of an object says that it is closed; never a crash, never something else.

No table of uses, which would miss the next method: every public name of a class is used. What still
answers is listed, all else must raise.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tinybpf
from tinybpf.libbpf.open import open as open_object

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
SPECIAL = (
    "__len__", "__iter__", "__contains__", "__getitem__", "__setitem__", "__delitem__", "__enter__",
    "__next__", "__aiter__", "__anext__", "__reversed__", "__int__", "__index__", "__fspath__",
)  # fmt: skip
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "__contains__": (1,), "__getitem__": (1,), "__setitem__": (1, 1), "__delitem__": (1,),
    "attach_cgroup": ("/sys/fs/cgroup",), "attach_clsact": ("lo", "ingress"), "attach_lirc": ("/dev/lirc0",),
    "attach_kprobe_multi": ("do_nothing",), "attach_ksyscall": ("getppid",),
    "attach_uprobe": ("/bin/true", 64),
    "attach_uprobe_multi": ("/bin/true", "main"), "attach_uretprobe": ("/bin/true", 64),
    "attach_usdt": ("/bin/true", "a", "b"), "attach_tcx": ("lo", "ingress"), "attach_xdp": ("lo",),
    "delete_many": ([1],), "lookup_many": ([1],), "update": ({1: 1},), "update_many": ({1: 1},),
    "pin": ("/sys/fs/bpf/tinybpf-never",), "unpin": ("/sys/fs/bpf/tinybpf-never",), "pop": (1,),
    "reserve": (8,), "write": (b"12345678",), "read_into": (bytearray(64),), "set": ({"x": 1},),
    "isdisjoint": ([(1, 1)],), "Names.__getitem__": ("events",), "BpfLink.unpin": (),
    "MapItems.__contains__": ((1, 1),),
}  # fmt: skip
"""What a method is called with; one that is not here gets 1 for each argument that it must have."""


def load(build: Any, name: str) -> Any:
    path = DATA / f"{name}.elf"
    return tinybpf.load(path if path.exists() else build(name))


class Closed:
    """What was there before the end of its object, by name."""

    def __init__(self, build: Any) -> None:
        self.map = tinybpf.create_map("hash", key="u32", value="u64", max_entries=8, name="mine")
        tracing, perf, commands = load(build, "tracing"), load(build, "perf"), load(build, "commands")
        self.object = tracing
        self.program, self.object_map = tracing.program("whoami"), tracing.map("counts")
        self.ring_map, self.names = tracing.map("events"), tracing.maps
        self.typed_map = self.object_map.typed()
        self.link = tracing.program("on_getppid").attach()
        self.stream, self.ring = tracing.ring_buffer("events"), tinybpf.BpfRingBuffer(self.ring_map)
        self.object_map[1] = 2
        self.keys, self.items = iter(self.object_map), iter(self.object_map.items())
        self.item_view, self.value_view = self.object_map.items(), self.object_map.values()
        self.perf_stream, self.perf = perf.perf_buffer("calls"), tinybpf.BpfPerfBuffer(perf.map("calls"))
        self.user_ring = commands.user_ring_buffer("commands")
        self.reservation = self.user_ring.reserve(8)
        self.globals = commands.globals
        self.open = open_object(DATA / "configured.elf")
        self.open_globals = self.open.globals
        self.open_map, self.open_program = self.open.maps["counts"], self.open.programs["report"]
        self.opened_program = tinybpf.open_program_by_id(self.program.info.id)
        self.opened_map = tinybpf.open_map_by_id(self.object_map.id)
        self.opened_link = None if self.link.fd == 0 else self._link(self.link)
        self.trace = tinybpf.trace_pipe(timeout=0)
        self.stats = tinybpf.enable_stats()
        ARGUMENTS["add"] = ARGUMENTS["attach_sockmap"] = (self.ring_map,)
        ARGUMENTS["BpfLink.update"] = (self.program,)
        for one in (tracing, perf, commands, self.open, self.map, self.opened_program, self.opened_map):
            one.close()
            one.close()
        for one in (self.trace, self.stats):
            one.close()
            one.close()
        if self.opened_link is not None:
            self.opened_link.destroy()

    @staticmethod
    def _link(link: Any) -> Any:
        try:
            return tinybpf.open_link_by_id(link.info.id)
        except tinybpf.BpfError:  # before Linux 5.15 it is a perf event's descriptor
            return None


@pytest.fixture(scope="module")
def closed(build: Any) -> Closed:
    return Closed(build)


SIZES = "name type key_size value_size max_entries is_percpu is_standalone info close"
VIEWS = "items keys values"
EVENTS = "close closed lost __iter__ __next__"
STREAM = f"{EVENTS} lost_on __enter__ __aiter__ __anext__"
STILL: dict[str, str] = {
    "object": "close closed links name path",
    "program": "name section type owner verifier_log",
    "opened_program": "name section type verifier_log close closed",
    "map": f"{SIZES} {VIEWS}", "object_map": f"{SIZES} {VIEWS}", "typed_map": f"{SIZES} {VIEWS}",
    "opened_map": f"{SIZES} {VIEWS}", "ring_map": f"{SIZES} usage", "names": "get items keys values "
    "__len__ __iter__ __contains__ __getitem__",
    "link": "destroy fd pin_path target program", "opened_link": "destroy fd pin_path target program",
    "stream": STREAM, "perf_stream": STREAM, "ring": "close events", "perf": "close",
    "user_ring": "close closed",
    "reservation": "discard data __enter__",
    "keys": "", "items": "", "item_view": "mapping", "value_view": "mapping",
    "globals": f"close forget {VIEWS}", "open_globals": f"close forget {VIEWS}",
    "open": "close log_level log_size name used", "open_map": "name", "open_program": "name log_level",
    "trace": f"{EVENTS} take is_shared", "stats": "close enabled",
}  # fmt: skip
"""What answers after the end: what was known before, another end, and events, which are over."""
NOT_SAID = {"reservation": "was submitted or discarded before"}


def use(one: Any, name: str) -> None:
    """Get the attribute, call it, wait for it, go through it."""
    found = getattr(one, name)
    if not callable(found) or isinstance(found, type):
        return
    of_class = (ARGUMENTS.get(f"{base.__name__}.{name}") for base in type(one).__mro__)
    given = next((given for given in of_class if given is not None), ARGUMENTS.get(name))
    result = found(*(needed(found) if given is None else given))
    if inspect.isawaitable(result):
        asyncio.run(waited(result))
    elif isinstance(result, Iterator):
        list(result)


async def waited(awaitable: Any) -> None:
    await asyncio.wait_for(awaitable, 10)


def needed(function: Callable[..., object]) -> tuple[int, ...]:
    try:
        given = inspect.signature(function).parameters.values()
    except ValueError:  # made in C
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(1 for p in given if p.default is p.empty and p.kind in kinds)


@pytest.mark.parametrize("what", STILL)
def test_every_use_says_closed(closed: Closed, what: str):
    one = getattr(closed, what)
    if one is None:
        pytest.skip("this kernel has no link to open")
    public = [name for name in dir(type(one)) if not name.startswith("_")]
    names = public + [name for name in SPECIAL if getattr(type(one), name, None) is not None]
    still, wrong = STILL[what].split(), {}
    for name in names:
        try:
            use(one, name)
        except tinybpf.BpfError as error:
            if name in still:
                wrong[name] = f"should answer: {error}"
            elif not any(
                word in str(error) for word in ("closed", "destroyed", NOT_SAID.get(what, "closed"))
            ):
                wrong[name] = str(error)
        except (StopIteration, StopAsyncIteration):
            if name not in still:
                wrong[name] = "ends"
        except Exception as error:
            wrong[name] = repr(error)
        else:
            if name not in still:
                wrong[name] = "answers"
    assert not wrong
    assert repr(one)


def test_no_public_class_is_forgotten(closed: Closed):
    """Each public class that has an end is above; others are values."""
    tried = {base for what in STILL for base in type(getattr(closed, what)).__mro__}
    ends = {
        one
        for name in dir(tinybpf)
        if isinstance(one := getattr(tinybpf, name), type)
        and any(hasattr(one, end) for end in ("close", "destroy"))
    }
    assert {one.__name__ for one in ends - tried} == set()


def test_close_is_idempotent_in_each_thread(build: Any):
    """Eight threads close one object, and what was read from it, at the same time."""
    import threading

    for _ in range(20):
        obj = tinybpf.load(DATA / "commands.elf")
        ones = [obj, obj.user_ring_buffer("commands"), obj.globals, obj.map("commands")]
        ready = threading.Barrier(8)
        failed: list[BaseException] = []

        def close(one: Any, ready: Any = ready, failed: Any = failed) -> None:
            ready.wait()
            try:
                one.close()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=close, args=(ones[i % 4],)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed and obj.closed
