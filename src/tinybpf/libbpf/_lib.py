"""The C side: cffi's ``ffi`` and ``lib``, which libbpf is in use, and what it said."""

from __future__ import annotations

import os
from typing import Any

try:
    import tinybpf.libbpf._libbpf as _module
except ImportError as error:
    import sys

    if sys.platform != "linux":
        raise OSError(f"eBPF needs Linux; this is {sys.platform}") from error
    raise

ffi: Any = _module.ffi
lib: Any = _module.lib

ENVIRONMENT = "TINYBPF_LIBBPF"

_in_use = False


def init(libbpf_path: str | os.PathLike[str] | None = None) -> None:
    """Use another ``libbpf.so`` (1.1 or later) instead of the one that the package carries.

    Without a path it does nothing. The environment variable ``TINYBPF_LIBBPF`` does the same.
    ``RuntimeError`` once libbpf has been used, ``OSError`` when the library cannot be loaded.
    """
    if libbpf_path is None:
        return
    if _in_use:
        raise RuntimeError("init() must come first: libbpf is in use already")
    _fill(os.fspath(libbpf_path))


def _fill(path: str) -> None:
    if lib.tb_init(os.fsencode(path)):
        raise OSError(text(lib.tb_init_error()))


def libbpf_version() -> str:
    """The version of the libbpf in use, such as ``"v1.7"``."""
    return text(lib.libbpf_version_string())


def mark_used() -> None:
    """From here on `init` would come too late."""
    global _in_use
    _in_use = True


def text(pointer: Any) -> str:
    """A C string as ``str``; bytes that are no UTF-8 stay visible as escapes."""
    return "" if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "backslashreplace")


def log_text() -> str:
    """What libbpf said on this thread since the log was cleared."""
    size = ffi.new("size_t *")
    pointer = lib.tb_log_text(size)
    return bytes(ffi.buffer(pointer, size[0])).decode("utf-8", "backslashreplace")


if os.environ.get(ENVIRONMENT):
    _fill(os.environ[ENVIRONMENT])
