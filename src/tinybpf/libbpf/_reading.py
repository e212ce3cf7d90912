"""Where an object's bytes come from: a path, bytes, or something that has bytes."""

from __future__ import annotations

import errno
import os
from typing import Any

from tinybpf.libbpf._check import error_from, not_found

_AT_ONCE = 1 << 16


def read(source: Any) -> tuple[bytes, str, str | None]:
    """The object's bytes, its name, and the path where it came from one."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return _read_file(path), _object_name(path), path
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "object", None
    if hasattr(source, "__bytes__"):
        name = getattr(source, "name", None)
        return bytes(source), _object_name(str(name)) if name else "object", None
    raise TypeError(
        f"load() and open() take a path, bytes, or an object with bytes, not {type(source).__name__}"
    )


def _read_file(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # open() would ask about terminals and positions
        try:
            parts = []
            while part := os.read(fd, _AT_ONCE):
                parts.append(part)
        finally:
            os.close(fd)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    except ValueError:
        raise ValueError(f"load() and open() take a path, not {path!r}") from None
    except FileNotFoundError:
        raise not_found(f"load '{path}' failed: there is no such file", errno.ENOENT) from None
    except OSError as error:
        raise error_from(f"load '{path}'", error.errno or 0, None) from None


def _object_name(path: str) -> str:
    """The file's name without directory, ``.o`` and ``.bpf``."""
    name = os.path.basename(path)
    return name.removesuffix(".o").removesuffix(".bpf") or name
