"""Waiting for records in an asyncio event loop; who runs none does not import this."""

from __future__ import annotations

import asyncio
import os
import time

from tinybpf.libbpf._ring import SLICE_MS, RingReader


async def wait_async(reader: RingReader, timeout: float | None) -> bool:
    """`RingReader.wait` for a task: whether there may be records; False after ``timeout`` seconds.

    True also after ``close``, which ends the wait from any task or thread. It may be cancelled.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = SLICE_MS / 1000 if deadline is None else deadline - time.monotonic()
        with reader.entered() as inside:  # the descriptors stay open until this is over
            if not inside or await _readable(reader.fd, max(0.0, min(left, SLICE_MS / 1000))):
                return True
        if reader.closed or reader.look():
            return True
        if deadline is not None and time.monotonic() >= deadline:
            return False


async def _readable(fd: int, seconds: float) -> bool:
    """Whether the descriptor became readable in that time."""
    loop = asyncio.get_running_loop()
    own = os.dup(fd)  # a loop watches each descriptor for one task only
    readable = loop.create_future()
    timer = loop.call_later(seconds, _settle, readable, False)
    loop.add_reader(own, _settle, readable, True)
    try:
        return bool(await readable)
    finally:
        timer.cancel()
        loop.remove_reader(own)
        os.close(own)


def _settle(future: asyncio.Future[bool], answer: bool) -> None:
    if not future.done():
        future.set_result(answer)
