"""Threads, processes, asyncio, signals: what docs/threads.md states."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from observing import observed
from old_kernels import skip_where_it_says_so
from patience import patient

import tinybpf
from tinybpf.libbpf import _perf, _ringmap, userring
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.link import make_link
from tinybpf.libbpf.open import open as open_object

pytestmark = pytest.mark.kernel

COMMANDS = Path(__file__).parent / "data" / "commands.elf"
FAR = 60
"""Seconds of a wait that something ends long before; less would be a wait that ended by itself."""


def together(*works: Callable[[], object]) -> list[BaseException]:
    """Runs them in threads that start at once; what they raised."""
    ready, failed = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        ready.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FAR)
        assert not thread.is_alive()
    return failed


class TestMaps:
    @pytest.mark.parametrize("kind", ["hash", "lru_hash", "array", "percpu_hash"])
    def test_four_threads_write_and_read_one(self, kind: str):
        keys = "u32" if kind != "array" else None
        value: Any = [7] * tinybpf_cpus() if kind == "percpu_hash" else 7
        with tinybpf.create_map(kind, key=keys, value="u64", max_entries=4096) as m:

            def work(first: int) -> None:
                for key in range(first, first + 200):
                    m[key] = value
                    assert m[key] == value
                m.update_many(dict.fromkeys(range(first + 200, first + 400), value))
                assert len(m.lookup_many(range(first, first + 400))) == 400

            assert (
                observed(
                    f"errors of four threads at a {kind}",
                    together(*(lambda f=first: work(f) for first in range(0, 1600, 400))),
                )
                == []
            )
            assert all(m[key] == value for key in range(1600))

    @pytest.mark.parametrize("way", ["items", "keys", "values", "dict", "one by one", "update_many", "clear"])
    def test_closing_ends_what_others_do(self, way: str):
        """The rest of what they go through, or the error; never another map's descriptor."""
        for _ in range(10):
            m = tinybpf.create_map("hash", key="u32", value="u64", max_entries=5000)
            m.update_many({key: 1 for key in range(5000)})
            started = threading.Event()

            def use(m: Any = m, started: threading.Event = started) -> None:
                while True:
                    started.set()
                    USES[way](m)

            def close(m: Any = m, started: threading.Event = started) -> None:
                started.wait(FAR)
                m.close()
                for _ in range(20):  # descriptors of this number are others now
                    os.close(os.open("/dev/null", os.O_RDONLY))

            failed = together(use, use, close)
            assert len(failed) == 2
            assert all(isinstance(e, tinybpf.BpfError) and "closed" in str(e) for e in failed), failed


USES: dict[str, Callable[[Any], object]] = {
    "items": lambda m: [item for item in m.items()],
    "keys": lambda m: [key for key in m],
    "values": lambda m: list(m.values()),
    "dict": lambda m: dict(m.items()),
    "one by one": lambda m: [m[key] for key in range(100)],
    "update_many": lambda m: m.update_many(dict.fromkeys(range(1000), 2)),
    "clear": lambda m: m.clear(),
}


def tinybpf_cpus() -> int:
    from tinybpf.libbpf._mapcore import possible_cpus

    return possible_cpus()


def full(obj: Any) -> Any:
    ring = obj.user_ring_buffer("commands")
    with ring.reserve(4088):
        pass
    return ring


def ring(obj: Any) -> Any:
    return tinybpf.BpfRingBuffer(obj.map("events"))


WAITS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "stream": ("tracing", lambda obj: list(obj.ring_buffer("events"))),
    "async stream": ("tracing", lambda obj: asyncio.run(gathered(obj.ring_buffer("events")))),
    "poll": ("tracing", lambda obj: ring(obj).poll(FAR * 1000)),
    "poll_async": ("tracing", lambda obj: asyncio.run(ring(obj).poll_async(FAR * 1000))),
    "perf stream": ("perf", lambda obj: list(obj.perf_buffer("calls"))),
    "perf poll": ("perf", lambda obj: tinybpf.BpfPerfBuffer(obj.map("calls")).poll(FAR * 1000)),
    "user ring": ("commands", lambda obj: full(obj).write(b"1", timeout=FAR)),
}


async def gathered(stream: Any) -> list[Any]:
    return [event async for event in stream]


def loaded(build: Any, name: str, me: int) -> Any:
    if name == "commands":
        return tinybpf.load(COMMANDS)
    return tinybpf.load(build(name), variables={"target": me} if name == "perf" else None)


@pytest.mark.parametrize("wait", WAITS)
def test_closing_the_object_ends_a_wait(build, me: int, wait: str):
    """Streams run out, polls have nothing; a writer, who cannot write, is told."""
    name, use = WAITS[wait]
    obj = loaded(build, name, me)
    waiting = threading.Event()
    assert tinybpf.BpfRingBuffer and tinybpf.BpfPerfBuffer  # imported now: a guest takes its time

    def work() -> None:
        waiting.set()
        use(obj)

    def close() -> None:
        waiting.wait(FAR)
        time.sleep(patient(0.8))
        obj.close()

    begun = time.monotonic()
    failed = together(work, close)
    assert time.monotonic() - begun < FAR / 2
    assert len(failed) == (1 if wait == "user ring" else 0), failed
    assert all(isinstance(e, tinybpf.BpfError) and "closed" in str(e) for e in failed), failed


def test_objects_are_closed_while_others_use_them(build, tmp_path: Path):
    """What C has of an object stays until C is out of it; a link that comes too late is detached again."""
    programs = tmp_path / "tracing.o"
    programs.write_bytes(build("tracing"))
    done = subprocess.run(
        [sys.executable, Path(__file__).parent / "closing_races.py", programs, COMMANDS],
        capture_output=True, text=True, timeout=FAR * 4, check=False,
    )  # fmt: skip
    skip_where_it_says_so(done.stderr)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_descriptor_in_use_stays_open(build):
    """Another file must not get its number while the kernel is asked to do something with it."""
    obj = tinybpf.load(build("tracing"))
    program, map_fd = obj.program("whoami"), obj.map("counts").fd
    held, fd = program._held(), program.fd
    obj.close()
    assert obj.closed and "bpf-prog" in os.readlink(f"/proc/self/fd/{fd}")
    del held
    assert not os.path.lexists(f"/proc/self/fd/{fd}") and not os.path.lexists(f"/proc/self/fd/{map_fd}")


def test_a_link_that_is_made_while_its_object_closes_is_detached(build, me: int):
    obj = tinybpf.load(build("tracing"))
    program, counts = obj.program("on_getppid"), tinybpf.open_map_by_id(obj.map("counts").id)
    counts[me] = 0
    held = program.pointer  # as C holds it that attaches at this moment
    pointer = lib.bpf_program__attach_tracepoint_opts(held, b"syscalls", b"sys_enter_getppid", ffi.NULL)
    obj.close()
    os.getppid()
    assert counts[me] == 1
    with pytest.raises(tinybpf.BpfError, match="object 'object' is closed"):
        make_link(pointer, "x", program.name, program.owner)
    os.getppid()
    assert counts[me] == 1


@pytest.mark.parametrize("wait", ["poll", "stream", "perf poll"])
def test_the_lock_is_released_while_it_waits(build, me: int, wait: str):
    """The event that ends the wait comes from another thread, which must run meanwhile."""
    with loaded(build, WAITS[wait][0], me) as obj:
        if wait != "perf poll":
            obj.map("counts")[me] = 0
        obj.program("on_getppid").attach()
        use: dict[str, Callable[[], object]] = {
            "poll": lambda: ring(obj).poll(FAR * 1000),
            "stream": lambda: len([next(obj.ring_buffer("events", timeout=FAR))]),
            "perf poll": lambda: tinybpf.BpfPerfBuffer(obj.map("calls")).poll(FAR * 1000),
        }
        got: list[object] = []
        timer = threading.Timer(0.3, os.getppid)
        timer.start()
        got.append(use[wait]())
        timer.join()
        assert got == [1]


def test_the_lock_is_released_while_the_kernel_verifies(build):
    """The verifier walks a million steps, and this thread counts."""
    failed: list[BaseException] = []

    def load() -> None:
        try:
            tinybpf.load(build("endless"))
        except tinybpf.VerifierError as error:
            failed.append(error)

    build("endless")
    thread, ticks = threading.Thread(target=load), 0
    thread.start()
    while thread.is_alive():
        time.sleep(0.002)
        ticks += 1
    assert failed and ticks > 20


def test_one_of_several_threads_loads(build):
    opened = open_object(build("tracing"))
    done: list[Any] = []
    failed = together(*(lambda: done.append(opened.load()) for _ in range(4)))
    assert len(done) == 1 and len(failed) == 3
    assert all(isinstance(e, tinybpf.BpfError) and "cannot be used" in str(e) for e in failed)
    done[0].close()


def test_variables_are_written_by_threads(build):
    with tinybpf.load(build("knobs")) as obj:
        name = next(n for n, v in obj.globals.items() if isinstance(v, int) and not isinstance(v, bool))
        values = (0x0101010101010101 & limit(obj, name), 0)

        def work() -> None:
            for turn in range(2000):
                obj.globals[name] = values[turn % 2]
                assert obj.globals[name] in values

        assert together(work, work, work) == []


def limit(obj: Any, name: str) -> int:
    """The largest number of 7 bits a byte that the variable holds."""
    for bits in (63, 31, 15, 7):
        try:
            obj.globals[name] = (1 << bits) - 1
        except (TypeError, ValueError):
            continue
        return (1 << bits) - 1
    return 0


class TestProcesses:
    def test_a_forked_child_uses_maps_and_closes_them_for_itself(self, build, me: int):
        with tinybpf.load(build("tracing")) as obj:
            counts = obj.map("counts")
            counts[me] = 0
            link = obj.program("on_getppid").attach()
            process = os.fork()
            if process == 0:
                status = 1
                try:
                    counts[77] = 78
                    obj.close()
                    status = 0 if obj.closed and link.fd == -1 else 2
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
            assert counts[77] == 78
            os.getppid()
            assert counts[me] == 1 and link.fd > 2

    def test_a_child_that_ends_by_itself_takes_nothing_away(self, build, me: int):
        """With the interpreter's whole end: what runs at exit, and what is freed then."""
        program = (
            "import os, sys, tinybpf\n"
            "obj = tinybpf.load(sys.argv[1])\n"
            "link = obj.program('on_getppid').attach()\n"
            "counts, stream = obj.map('counts'), obj.ring_buffer('events')\n"
            "with tinybpf.trace_pipe(timeout=0) as trace:\n"
            "    if os.fork() == 0:\n        sys.exit(3)\n"
            "    status = os.waitstatus_to_exitcode(os.wait()[1])\n"
            "    list(trace)\n"
            "me = obj.program('whoami').test_run(ctx=bytes(8)).retval\n"
            "counts[me] = 0\nos.getppid()\n"
            "print(status, counts[me], len(stream.drain()))\n"
        )
        assert observed("status, calls and events after it", output(program, build("tracing"))) == "3 1 1\n"

    def test_a_daemon_thread_that_waits_does_not_hold_up_the_end(self, build):
        program = (
            "import sys, threading, time, tinybpf\n"
            "obj = tinybpf.load(sys.argv[1])\n"
            "ring = tinybpf.BpfRingBuffer(obj.map('events'))\n"
            "for use in (lambda: list(obj.ring_buffer('events')), ring.poll):\n"
            "    threading.Thread(target=use, daemon=True).start()\n"
            "time.sleep(0.3)\nprint('end')\n"
        )
        assert output(program, build("tracing")) == "end\n"

    def test_programs_that_are_started_get_no_descriptor(self, build):
        with tinybpf.load(build("tracing")) as obj, open_object(COMMANDS), tinybpf.load(COMMANDS) as other:
            obj.program("on_getppid").attach()
            held = [obj.ring_buffer("events"), ring(obj), other.user_ring_buffer("commands")]
            done = subprocess.run(
                [sys.executable, "-S", "-c", LISTING],
                close_fds=False,
                capture_output=True,
                text=True,
                check=True,
            )
            assert held and "bpf" in listing(os.getpid())
            assert "bpf" not in done.stdout and "perf" not in done.stdout

    def test_nothing_is_pickled(self, build):
        with tinybpf.load(build("tracing")) as obj:
            ones = [
                obj,
                obj.map("counts"),
                obj.program("whoami"),
                obj.ring_buffer("events"),
                obj.maps,
                ring(obj),
            ]
            for one in [*ones, iter(obj.map("counts")), obj.program("on_getppid").attach()]:
                with pytest.raises(TypeError, match="cannot pickle"):
                    pickle.dumps(one)


LISTING = """
import os
for name in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink(f"/proc/self/fd/{name}"))
    except OSError:
        pass
"""


def listing(process: int) -> str:
    return " ".join(
        os.readlink(f"/proc/{process}/fd/{n}") for n in os.listdir(f"/proc/{process}/fd") if alive(n)
    )


def alive(name: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{name}")


def output(program: str, content: bytes) -> str:
    """What a program prints that gets an object's path; it ends well, and says nothing else."""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".o") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", program, file.name],
            capture_output=True,
            text=True,
            timeout=FAR * 2,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class TestAsyncio:
    @pytest.mark.parametrize("wait", ["async stream", "poll_async", "perf"])
    def test_a_cancelled_wait_leaves_nothing_and_loses_nothing(self, build, me: int, wait: str):
        with loaded(build, "perf" if wait == "perf" else "tracing", me) as obj:
            if wait != "perf":
                obj.map("counts")[me] = 0
            obj.program("on_getppid").attach()
            one: Any = {
                "async stream": lambda: obj.ring_buffer("events"),
                "poll_async": lambda: ring(obj),
                "perf": lambda: tinybpf.BpfPerfBuffer(obj.map("calls")),
            }[wait]()

            def waiting() -> Any:
                return gathered(one) if wait == "async stream" else one.poll_async(FAR * 1000)

            async def main() -> int:
                loop: Any = asyncio.get_running_loop()
                before = len(loop._selector.get_map())
                for _ in range(20):
                    task = asyncio.create_task(waiting())
                    await asyncio.sleep(0.005)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                return len(loop._selector.get_map()) - before

            os.listdir("/proc/self/fd")
            descriptors = len(os.listdir("/proc/self/fd"))
            assert asyncio.run(main()) == 0
            gc.collect()
            assert len(os.listdir("/proc/self/fd")) == descriptors
            os.getppid()
            assert len(one.drain()) == 1


def test_ctrl_c_ends_a_wait_for_prints():
    """What tests/libbpf/test_interrupted.py has for buffers."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(patient(0.2), os.kill, [os.getpid(), signal.SIGINT])
    try:
        with tinybpf.trace_pipe(timeout=FAR) as trace:
            timer.start()
            begun = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                next(trace)
            assert time.monotonic() - begun < FAR / 2
    finally:
        timer.join()
        signal.signal(signal.SIGINT, previous)


def test_a_handler_runs_while_a_wait_goes_on(build):
    seen: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    timer = threading.Timer(patient(0.2), os.kill, [os.getpid(), signal.SIGUSR1])
    try:
        with tinybpf.load(build("tracing")) as obj:
            timer.start()
            assert list(obj.ring_buffer("events", timeout=1)) == []
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, previous)
    assert seen == [signal.SIGUSR1]


@pytest.mark.parametrize("module", [_perf, _ringmap, userring])
def test_the_interpreter_takes_names_away_at_its_end(build, me: int, monkeypatch, module: Any):
    """What is freed after that is quiet; the kernel frees it with the process."""
    with (
        loaded(build, "perf", me) as perf,
        loaded(build, "tracing", me) as obj,
        tinybpf.load(COMMANDS) as user,
    ):
        buffer, reader = tinybpf.BpfPerfBuffer(perf.map("calls")), ring(obj)
        assert buffer.drain() == [] == reader.drain()
        owned = {
            _perf: perf.map("calls")._core.perf, _ringmap: obj.map("events")._core.ring,
            userring: user.user_ring_buffer("commands"),
        }[module]  # fmt: skip
        with monkeypatch.context() as patched:
            patched.setattr(module, "ffi", None)
            owned.__del__()
