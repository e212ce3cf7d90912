"""Archives in the format that the kernel unpacks as its first file system (cpio, "newc")."""

from __future__ import annotations

import stat
from typing import NamedTuple

_MAGIC = b"070701"


class Entry(NamedTuple):
    """A file or folder: its path, without a slash before it, its mode and content."""

    path: str
    mode: int
    data: bytes = b""


def folder(path: str) -> Entry:
    return Entry(path, stat.S_IFDIR | 0o755)


def file(path: str, data: bytes, executable: bool = False) -> Entry:
    return Entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)


def archive(entries: list[Entry]) -> bytes:
    """The archive of some entries, folders before what is in them."""
    written = [_member(number, entry) for number, entry in enumerate(entries, 1)]
    return b"".join([*written, _member(0, Entry("TRAILER!!!", 0))])


def _member(number: int, entry: Entry) -> bytes:
    """A header of 13 hexadecimal numbers, the name and the content, each to a multiple of four bytes."""
    name = entry.path.encode() + b"\0"
    fields = (number, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, 0, 0, len(name), 0)
    head = _MAGIC + b"".join(b"%08X" % value for value in fields) + name
    return _padded(head) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
