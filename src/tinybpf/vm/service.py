"""Compiling on the host for a guest, where it would take twenty times as long."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = "compile"
"""In the share of guest and host."""

# While a guest compiles it does so again soon; else looking now and then is enough.
BUSY, IDLE = 0.002, 0.02
BUSY_FOR = 2.0


@contextlib.contextmanager
def compiling(share: Path, own: tuple[str, ...], changed: str) -> Iterator[None]:
    """Serve the guest's requests meanwhile.

    ``own``: of these folders the guest has its own; ``changed``: where it has what it changed in others.
    """
    from tinybpf.compiler import remote

    folder = share / FOLDER
    folder.mkdir()
    remote.serve(folder, remote.Service(remote.package(), own, changed))
    end = threading.Event()
    thread = threading.Thread(target=_serve, args=(folder, end), name="compiling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _serve(folder: Path, end: threading.Event) -> None:
    from tinybpf.compiler import llvm, remote

    llvm.start()
    busy_until = 0.0
    while not end.wait(BUSY if time.monotonic() < busy_until else IDLE):
        if remote.answer_all(folder):
            busy_until = time.monotonic() + BUSY_FOR
