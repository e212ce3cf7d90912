"""Standard output and the terminal: batches in one write, readers that go away, the width."""

from __future__ import annotations

import errno
import os
import select
import signal
import sys

DEFAULT_SIZE = (80, 24)


class Output:
    """A descriptor that text goes to.

    ``write`` raises ``BrokenPipeError`` once the reader has gone. Nothing is kept back: what is
    written is out when ``write`` returns.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.is_terminal = os.isatty(fd)
        self.encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
        dumb = os.environ.get("TERM") == "dumb"
        self.colors = self.is_terminal and not os.environ.get("NO_COLOR") and not dumb
        self.patience = 0.0  # seconds that a write may take before SIGALRM comes; 0: any time
        self.blocks = self.encoding.lower().replace("-", "") == "utf8"

    def write(self, text: str) -> None:
        """Write all of the text; waits where the other side is slow."""
        if not self.patience:
            self._write(text)
            return
        signal.setitimer(signal.ITIMER_REAL, self.patience)
        try:
            self._write(text)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _write(self, text: str) -> None:
        data = memoryview(text.encode(self.encoding, "backslashreplace"))
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                select.select([], [self.fd], [])
            except OSError as error:
                if error.errno == errno.EIO and self.is_terminal:  # it was closed
                    raise BrokenPipeError(errno.EPIPE, "the terminal is gone") from None
                raise

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colors else text

    def yellow(self, text: str) -> str:
        return f"\x1b[33m{text}\x1b[0m" if self.colors else text

    @property
    def width(self) -> int | None:
        """Characters of a line, asked anew each time: terminals are resized. None where it is none."""
        return max(1, self._size()[0]) if self.is_terminal else None

    @property
    def height(self) -> int:
        """Lines of the terminal."""
        return self._size()[1]

    def _size(self) -> tuple[int, int]:
        columns, lines = _from_environment("COLUMNS"), _from_environment("LINES")
        if columns and lines:
            return columns, lines
        try:
            size = os.get_terminal_size(self.fd)
        except OSError:
            size = os.terminal_size((0, 0))
        return columns or size.columns or DEFAULT_SIZE[0], lines or size.lines or DEFAULT_SIZE[1]


def _from_environment(name: str) -> int:
    given = os.environ.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
