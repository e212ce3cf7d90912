"""Passing on what a guest writes, as it comes."""

from __future__ import annotations

import codecs
import os
import selectors
import sys
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

_CHUNK = 1 << 16


class Sink:
    """A file, of bytes or of text, that gets bytes."""

    def __init__(self, file: IO[Any]) -> None:
        self._file = getattr(file, "buffer", file)
        self._decode: codecs.IncrementalDecoder | None = None
        if hasattr(self._file, "encoding") or isinstance(self._file, _text_kinds()):
            self._decode = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> None:
        self._file.write(self._decode.decode(data) if self._decode else data)
        self._file.flush()


def _text_kinds() -> tuple[type, ...]:
    import io

    return (io.TextIOBase,)


def pump(
    readers: Mapping[int, Sink], seconds: Callable[[], float], ended: Callable[[], bool] = lambda: False
) -> bool:
    """Copy from pipes to files until all pipes are closed, False where the time was up before.

    ``seconds`` says how many are left; ``ended`` is asked now and then whether to stop.
    """
    with selectors.DefaultSelector() as selector:
        for fd, sink in readers.items():
            selector.register(fd, selectors.EVENT_READ, sink)
        while selector.get_map():
            left = seconds()
            if left <= 0:
                return False
            for key, _ in selector.select(min(left, 0.5)):
                data = os.read(key.fd, _CHUNK)
                if data:
                    key.data.write(data)
                else:
                    selector.unregister(key.fd)
            if ended():
                return True
    return True


def deadline(seconds: float) -> Callable[[], float]:
    """How many seconds are left, from now."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


def outputs(output: IO[Any] | None) -> tuple[Sink, Sink]:
    """Where the guest's two outputs go: this process's own, or both to one file."""
    if output is not None:
        sink = Sink(output)
        return sink, sink
    sys.stdout.flush()
    return Sink(sys.stdout), Sink(sys.stderr)
