"""What `BpfRingBuffer` and `BpfPerfBuffer` have in common: they are polled, and deliver to callbacks."""

from __future__ import annotations

from typing import TypeVar

from tinybpf.errors import BpfError
from tinybpf.libbpf._ring import RingReader
from tinybpf.libbpf.batches import Batches

B = TypeVar("B", bound="PolledBuffer")

MOST_BATCHES = 64
"""A poll comes back at some time, even where programs write faster than callbacks read."""


class PolledBuffer(Batches):
    """Waits and delivers; what is delivered, and to whom, is the subclass's affair."""

    _reader: RingReader

    def poll(self, timeout_ms: int = -1, ignore_eintr: bool = True) -> int:
        """Wait for events (-1: as long as it takes) and deliver them; how many there were.

        0 after the time, and on a signal with ``ignore_eintr=False``.
        """
        self._require()
        timeout = None if timeout_ms < 0 else timeout_ms / 1000
        if not self._is_pending() and not self._reader.wait(timeout, ignore_eintr):
            return 0
        return 0 if self._reader.closed else self._deliver()

    async def poll_async(self, timeout_ms: int = -1) -> int:
        """`poll` for a task in an asyncio event loop, which goes on meanwhile.

        0 after the time, and when another task or thread closes the buffer. A task that is cancelled
        while it waits leaves all events where they are.
        """
        from tinybpf.libbpf._async import wait_async

        self._require()
        timeout = None if timeout_ms < 0 else timeout_ms / 1000
        if not self._is_pending() and not self._reader.look() and not await wait_async(self._reader, timeout):
            return 0
        return 0 if self._reader.closed else self._deliver()

    async def _more(self) -> bool:
        """Poll for iteration, which ends with False once the buffer is closed."""
        if self._reader.closed:
            return False
        try:
            await self.poll_async()
        except BpfError:
            if not self._reader.closed:
                raise
        return True

    def consume(self, most: int | None = None) -> int:
        """Deliver what is there, at most so many events, without waiting; how many it were."""
        self._require()
        return self._deliver(self._limit(most))

    def epoll_fd(self) -> int:
        """A descriptor that is readable when there are events, for select, epoll or asyncio."""
        self._require(maps=False)
        return self._reader.fd

    def fileno(self) -> int:
        """The same as `epoll_fd`."""
        return self.epoll_fd()

    def close(self) -> None:
        """End it; a poll that waits in another thread returns. Closing the object does it, too."""
        raise NotImplementedError

    def __enter__(self: B) -> B:
        self._require(maps=False)
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    async def __aenter__(self: B) -> B:
        return self.__enter__()

    async def __aexit__(self, *reason: object) -> None:
        self.close()

    def _is_pending(self) -> bool:
        """Whether there is something to deliver that was drained before."""
        raise NotImplementedError

    def _deliver(self, most: int | None = None) -> int:
        """Deliver what is there, at most so many; how many events."""
        raise NotImplementedError

    def _require(self, maps: bool = True) -> None:
        """`BpfError` once closed; with ``maps``, where there is nothing to read, too."""
        raise NotImplementedError
