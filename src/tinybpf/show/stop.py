"""Signals: the first one ends the watching in order, and a second one at once.

Where the output is stuck (a terminal that was stopped, a pipe that nobody reads), the first one must
do: if it was not noticed after a grace period, it ends the program like the second.

Before anything is watched, a signal is an exception wherever the program just is: `Stopped`, or
``KeyboardInterrupt`` for Ctrl-C. A signal that is ignored from the start (``nohup``, a job of a
shell in the background) stays so.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

GRACE = 2.0
"""Seconds that the output may take for a write once the end was asked for."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked for the end before there was anything to end in order."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Stop:
    """Whether a signal has asked for the end; ``with Stop() as stop:`` installs the handlers.

    ``fd`` becomes readable then, so that a wait ends.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self.watching = False
        self.fd = -1
        self._write_fd = -1
        self._before: dict[int, Any] = {}
        self._wakeup = -1

    def __enter__(self) -> Stop:
        self.fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wakeup = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._late)
        return self

    def __exit__(self, *reason: object) -> None:
        self.noticed()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.fd)
        os.close(self._write_fd)

    @staticmethod
    def noticed() -> None:
        """The watching has ended; what it takes now may take as long as it does."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _late(self, number: int, frame: FrameType | None) -> None:
        raise Stopped(self.asked or number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first = self.asked is None
        self.asked = number
        if self.watching and first:
            signal.setitimer(signal.ITIMER_REAL, GRACE)
            return
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Stopped(number)
