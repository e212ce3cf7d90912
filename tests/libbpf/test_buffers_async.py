"""Ring and perf buffers in an asyncio event loop: waiting, cancelling, closing."""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

KINDS = ("ring", "perf")


def run(main: Coroutine[Any, Any, Any], seconds: float = 20) -> Any:
    """Its result; it must not hang."""
    return asyncio.run(asyncio.wait_for(main, seconds))


def produce(count: int) -> None:
    for _ in range(count):
        os.getppid()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def obj(kind: str, build, me: int):
    if kind == "ring":
        with tinybpf.load(build("tracing")) as loaded:
            loaded.map("counts")[me] = 0
            loaded.program("on_getppid").attach()
            yield loaded
    else:
        with tinybpf.load(build("perf"), variables={"target": me}) as loaded:
            loaded.program("on_getppid").attach()
            yield loaded


@pytest.fixture
def stream(kind: str, obj):
    """A maker of streams."""
    return lambda **limits: (
        obj.ring_buffer("events", **limits) if kind == "ring" else obj.perf_buffer("calls", **limits)
    )


@pytest.fixture
def polled(kind: str, obj):
    """A maker of polled buffers; a callback takes the event."""

    def make(callback=None):
        if kind == "ring":
            return tinybpf.BpfRingBuffer(obj.map("events"), callback)
        return tinybpf.BpfPerfBuffer(obj.map("calls"), callback and (lambda cpu, data: callback(data)))

    return make


class TestStream:
    def test_events_as_they_come(self, stream):
        async def main() -> list[int]:
            events = stream(count=4)
            asyncio.get_running_loop().call_later(0.2, produce, 2)
            asyncio.get_running_loop().call_later(0.3, produce, 2)
            return [event.Number async for event in events]

        assert observed("numbers of the events", run(main())) == [1, 2, 3, 4]

    def test_the_loop_goes_on_meanwhile(self, stream):
        async def main() -> int:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.01)
                    ticks += 1

            task = asyncio.create_task(tick())
            assert [event async for event in stream(timeout=0.4)] == []
            task.cancel()
            return ticks

        assert run(main()) >= 5

    def test_it_ends_after_the_time(self, stream):
        async def main() -> float:
            begun = time.monotonic()
            assert [event async for event in stream(timeout=0.3)] == []
            return time.monotonic() - begun

        assert 0.3 <= run(main()) < 3

    @pytest.mark.parametrize("what", ["stream", "object"])
    @pytest.mark.parametrize("who", ["task", "thread"])
    def test_closing_ends_it(self, obj, stream, what: str, who: str):
        async def main() -> None:
            events = stream()
            close = (events if what == "stream" else obj).close
            if who == "task":
                asyncio.get_running_loop().call_later(0.1, close)
            else:
                threading.Timer(0.1, close).start()
            assert [event async for event in events] == []

        run(main())

    def test_two_tasks_share_one_stream(self, stream):
        async def main() -> list[int]:
            events, got = stream(), []

            async def take() -> None:
                async for event in events:
                    got.append(event.Number)

            tasks = [asyncio.create_task(take()) for _ in range(2)]
            for _ in range(5):
                await asyncio.sleep(0.02)
                produce(2)
            while len(got) < 10:
                await asyncio.sleep(0.01)
            events.close()
            await asyncio.gather(*tasks)
            return got

        assert sorted(run(main())) == list(range(1, 11))

    def test_a_cancelled_task_loses_nothing(self, stream):
        async def main() -> list[int]:
            events = stream(timeout=15)

            async def take() -> list[int]:
                return [event.Number async for event in events]

            task = asyncio.create_task(take())
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not events.closed
            produce(3)
            return [next(events).Number for _ in range(3)]

        assert run(main()) == [1, 2, 3]

    def test_cancelling_leaks_no_descriptor(self, stream):
        async def main() -> tuple[int, int]:
            events = stream()
            before = settled()
            for _ in range(50):
                task = asyncio.create_task(anext(aiter(events)))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return before, descriptors()

        before, after = run(main())
        assert before == after

    def test_an_event_of_another_size_is_an_error_of_the_task(self, stream):
        async def main() -> None:
            events = stream(event_type=ctypes.c_ushort)
            produce(1)
            with pytest.raises(tinybpf.BpfError, match="bytes are no c_ushort"):
                await anext(aiter(events))

        run(main())


class TestPolled:
    def test_poll_async_delivers(self, polled):
        async def main() -> list[int]:
            got: list[bytes] = []
            async with polled(got.append) as buffer:
                assert await buffer.poll_async(50) == 0
                asyncio.get_running_loop().call_later(0.1, produce, 3)
                first = await buffer.poll_async()
                produce(2)
                return [first + await buffer.poll_async(), len(got)]

        assert run(main()) == [5, 5]

    def test_async_iteration(self, polled):
        async def main() -> int:
            buffer, got = polled(), []
            asyncio.get_running_loop().call_later(0.1, produce, 3)
            asyncio.get_running_loop().call_later(0.3, buffer.close)
            async for event in buffer:
                got.append(event)
            return len(got)

        assert run(main()) == 3

    @pytest.mark.parametrize("who", ["task", "thread"])
    def test_closing_ends_iteration_and_poll(self, polled, who: str):
        async def main() -> None:
            for use in ("iterate", "poll"):
                buffer = polled()
                if who == "task":
                    asyncio.get_running_loop().call_later(0.1, buffer.close)
                else:
                    threading.Timer(0.1, buffer.close).start()
                if use == "iterate":
                    assert [event async for event in buffer] == []
                else:
                    assert await buffer.poll_async() == 0

        run(main())

    def test_an_exception_of_a_callback_reaches_the_task(self, polled):
        def fail(data: bytes) -> None:
            raise ZeroDivisionError("mine")

        async def main() -> None:
            buffer = polled(fail)
            produce(1)
            with pytest.raises(ZeroDivisionError, match="mine"):
                await buffer.poll_async(5000)

        run(main())

    def test_a_callback_forbids_iteration(self, polled):
        async def main() -> None:
            buffer = polled(print)
            with pytest.raises(tinybpf.BpfError, match="with a callback cannot be iterated"):
                [event async for event in buffer]

        run(main())

    def test_a_cancelled_poll_leaves_the_events(self, polled):
        async def main() -> int:
            buffer = polled()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(buffer.poll_async(), 0.1)
            produce(2)
            return await buffer.poll_async(5000)

        assert run(main()) == 2


def test_events_are_tagged_with_their_map(build, me: int):
    async def main() -> list[str]:
        names: list[str] = []
        with tinybpf.load(build("buffers")) as obj, tinybpf.BpfRingBuffer() as buffer:
            buffer.add(obj.map("events"))
            buffer.add(obj.map("plain"))
            for program in ("fill", "fillPlain", "fill"):
                obj.program(program).test_run(bytes(64))
            async for event in buffer.events():
                assert isinstance(event, tinybpf.RingBufferEvent)
                names.append(f"{event.map_name} {len(event.data)}")
                if len(names) == 3:
                    buffer.close()
        return names

    assert run(main()) == ["events 48", "events 48", "plain 4"]


def test_perf_samples_by_iteration_have_their_cpu(build, me: int):
    with tinybpf.load(build("perf"), variables={"target": me}) as obj:
        obj.program("on_getppid").attach()
        with tinybpf.BpfPerfBuffer(obj.map("calls")) as buffer:
            allowed = os.sched_getaffinity(0)
            cpu = max(allowed)
            try:
                os.sched_setaffinity(0, {cpu})
                produce(2)
            finally:
                os.sched_setaffinity(0, allowed)
            assert list(buffer) == [] and buffer.poll(5000) == 2
            samples = list(buffer)
            assert [(s.cpu, s.data[4]) for s in samples] == [(cpu, 1), (cpu, 2)] and list(buffer) == []
            assert isinstance(samples[0], tinybpf.PerfSample)
