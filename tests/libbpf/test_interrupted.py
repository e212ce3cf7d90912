"""Ctrl-C ends each wait; what holds a buffer holds its object."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

COMMANDS = Path(__file__).parent / "data" / "commands.elf"


@contextmanager
def ctrl_c() -> Iterator[None]:
    """The signal itself, 0.2 s later, as a terminal sends it; again where Python lost it (``__del__``)."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    ended = threading.Event()

    def press() -> None:
        pause = 0.2
        while not ended.wait(pause):
            os.kill(os.getpid(), signal.SIGINT)
            pause = 10.0

    keyboard = threading.Thread(target=press)
    keyboard.start()
    try:
        yield
    finally:
        ended.set()
        keyboard.join()
        signal.signal(signal.SIGINT, previous)


def full(obj: Any) -> Any:
    ring = obj.user_ring_buffer("commands")
    with ring.reserve(4088):
        pass
    return ring


async def forever(stream: Any) -> None:
    async for _ in stream:
        pass


def run(coroutine: Any) -> None:
    import asyncio

    asyncio.run(coroutine)


WAITS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "stream": ("tracing", lambda obj: next(obj.ring_buffer("events"))),
    "for loop": ("tracing", lambda obj: list(obj.ring_buffer("events"))),
    "async for": ("tracing", lambda obj: run(forever(obj.ring_buffer("events")))),
    "ring poll": ("tracing", lambda obj: tinybpf.BpfRingBuffer(obj.map("events"), print).poll()),
    "ring poll, eintr": (
        "tracing", lambda obj: tinybpf.BpfRingBuffer(obj.map("events")).poll(ignore_eintr=False)
    ),
    "perf stream": ("perf", lambda obj: next(obj.perf_buffer("calls"))),
    "perf poll": ("perf", lambda obj: tinybpf.BpfPerfBuffer(obj.map("calls"), print).poll()),
    "user ring": ("commands", lambda obj: full(obj).write(b"1", timeout=None)),
}  # fmt: skip


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends_a_wait(build, wait: str):
    name, use = WAITS[wait]
    with tinybpf.load(COMMANDS if name == "commands" else build(name)) as obj:
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt), ctrl_c():
            use(obj)
        assert time.monotonic() - begun < 5
        observed("ended by KeyboardInterrupt", wait)


def again(work: Callable[[], object]) -> None:
    while True:
        work()


def walk(link: Any) -> None:
    again(lambda: list(link))


def many() -> Any:
    m = tinybpf.create_map("hash", key="u32", value="u64", max_entries=100_000)
    m.update_many(dict.fromkeys(range(100_000), 1))
    return m


def batches(work: Callable[[Any], object]) -> Callable[[Any], None]:
    def use(obj: Any) -> None:
        with many() as m:
            again(lambda: work(m))

    return use


WORK: dict[str, tuple[str, Callable[[Any], object]]] = {
    "walk": ("iterator", lambda obj: walk(obj.program("tasks").attach_iter())),
    "bytes of a walk": ("iterator", lambda obj: again(obj.program("tasks").attach_iter().read)),
    "all entries": ("tracing", batches(lambda m: dict(m.items()))),
    "keys": ("tracing", batches(lambda m: sum(1 for _ in m))),
    "lookup_many": ("tracing", batches(lambda m: m.lookup_many(range(100_000)))),
    "update_many": ("tracing", batches(lambda m: m.update_many(dict.fromkeys(range(100_000), 2)))),
    "clear": ("tracing", batches(lambda m: m.clear())),
    "load": ("tracing", lambda obj: again(lambda: tinybpf.load(COMMANDS).close())),
}


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_ends_work_and_leaves_nothing(build, work: str):
    """Not in five tries: where the signal comes before what was just opened has an owner, it is lost."""
    name, use = WORK[work]
    left = []
    with tinybpf.load(build(name)) as obj:
        for _ in range(5):
            before = settled()
            with pytest.raises(KeyboardInterrupt), ctrl_c():
                use(obj)
            for link in obj.links:
                link.destroy()
            left.append(settled() - before)
            if not left[-1]:
                return
    pytest.fail(f"descriptors are left each time: {left}")


def cpu_seconds(work: Callable[[], object]) -> float:
    """What this process and the kernel for it took."""
    before = sum(os.times()[:2])
    work()
    return sum(os.times()[:2]) - before


class TestVerification:
    """``endless.go`` has the verifier walk a million instructions, in vain."""

    def test_ctrl_c_ends_it(self, build):
        content, before = build("endless"), settled()

        def whole() -> None:
            with pytest.raises(tinybpf.VerifierError):
                tinybpf.load(content)

        def interrupted() -> None:
            with pytest.raises(KeyboardInterrupt), ctrl_c():
                tinybpf.load(content)

        cost = cpu_seconds(whole)
        assert cpu_seconds(interrupted) < cost / 2
        assert settled() == before

    def test_a_handler_that_raises_nothing_lets_it_go_on(self, build):
        called: list[int] = []
        previous = signal.signal(signal.SIGALRM, lambda number, frame: called.append(number))
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            with pytest.raises(
                tinybpf.VerifierError, match="the verifier gave up after 1000001 instructions"
            ):
                tinybpf.load(build("endless"))
        finally:
            signal.signal(signal.SIGALRM, previous)
        assert called == [signal.SIGALRM]

    def test_what_a_handler_raises_comes_out(self, build):
        def handler(number: int, frame: object) -> None:
            raise TimeoutError("long enough")

        previous = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            with pytest.raises(TimeoutError, match="long enough"):
                tinybpf.load(build("endless"))
        finally:
            signal.signal(signal.SIGALRM, previous)
        with tinybpf.load(build("tracing")) as obj:
            assert obj.program("whoami").test_run(ctx=bytes(8)).retval > 0


@pytest.mark.parametrize("kind", ["ring", "perf"])
def test_ctrl_c_in_a_callback_reaches_the_caller_and_the_rest_stays(build, me: int, kind: str):
    got: list[bytes] = []

    def callback(*args: Any) -> None:
        got.append(args[-1])
        if len(got) == 1:
            signal.raise_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with tinybpf.load(build("buffers")) if kind == "ring" else perf(build, me) as obj:
            if kind == "ring":
                buffer: Any = tinybpf.BpfRingBuffer(obj.map("events"), callback)
                obj.program("fill").test_run(bytes(64), repeat=3)
            else:
                buffer = tinybpf.BpfPerfBuffer(obj.map("calls"), callback)
                for _ in range(3):
                    os.getppid()
            with pytest.raises(KeyboardInterrupt):
                buffer.poll(5000)
            assert len(got) == 1
            assert (buffer.poll(5000), len(got)) == (2, 3)
    finally:
        signal.signal(signal.SIGINT, previous)


def perf(build, me: int) -> Any:
    obj = tinybpf.load(build("perf"), variables={"target": me})
    obj.program("on_getppid").attach()
    return obj


def test_a_buffer_keeps_its_object(build):
    """Without links nobody else does."""

    def made() -> tuple[tinybpf.BpfProgram, tinybpf.BpfRingBuffer[bytes]]:
        obj = tinybpf.load(build("buffers"))
        return obj.program("fill"), tinybpf.BpfRingBuffer(obj.map("events"))

    fill, buffer = made()
    gc.collect()
    fill.test_run(bytes(64), repeat=2)
    assert [len(record) for record in buffer.drain()] == [48, 48]


def test_after_close_everything_says_so(build, me: int):
    with perf(build, me) as obj, tinybpf.load(build("buffers")) as other:
        for buffer in (tinybpf.BpfRingBuffer(other.map("events")), tinybpf.BpfPerfBuffer(obj.map("calls"))):
            buffer.close()
            buffer.close()
            uses: list[Callable[[], object]] = [
                lambda b=buffer: b.poll(0), buffer.consume, buffer.epoll_fd, buffer.fileno, buffer.drain,
                buffer.as_array, lambda b=buffer: b.stats, lambda b=buffer: list(b),
                lambda b=buffer: b.read_into(bytearray(64)), buffer.__enter__,
                lambda b=buffer: run(b.poll_async()), lambda b=buffer: run(forever(b)),
            ]  # fmt: skip
            for use in uses:
                with pytest.raises(tinybpf.BpfError, match="closed"):
                    use()


def test_nothing_is_leaked(build):
    def once() -> tuple[int, int]:
        with tinybpf.load(build("buffers")) as obj:
            streams = [obj.ring_buffer("events") for _ in range(3)]
            obj.program("fill").test_run(bytes(64), repeat=10)
            assert len(streams[0].drain()) == 10
            tinybpf.BpfRingBuffer(obj.map("events")).close()
        with tinybpf.load(COMMANDS) as obj:
            obj.user_ring_buffer("commands").write(b"12345678")
        gc.collect()
        maps = [line for line in Path("/proc/self/maps").read_text().splitlines() if "bpf" in line]
        return descriptors(), len(maps)

    before = once()
    assert [once() for _ in range(10)] == [before] * 10
