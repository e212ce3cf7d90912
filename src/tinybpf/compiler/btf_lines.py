"""The text of each source line that ``.BTF.ext`` names.

LLVM could take them from the source, but goes through all strings that it has for each line that it adds,
which takes a fourteenth of its time for 10,000 lines. So it is given files without text, and the lines
are added here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

LINE, FILE, TEXT, PLACE = 16, 4, 8, 12
"""Bytes of a record of a line, and where in it are the file's name, the line's text, and its number."""


class Lines:
    """Fills in the lines of one object; ``texts`` are the files' texts by path, as LLVM was given them."""

    def __init__(self, texts: Mapping[str, str], order: str) -> None:
        self._texts = texts
        self._word = struct.Struct(order + "I")
        self._order = order
        self._lines: dict[str, list[str]] = {}
        self._added: dict[str, int] = {"": 0}
        self._new = bytearray()

    def fill(self, btf: bytes, ext: bytes) -> tuple[bytes, bytes]:
        """``.BTF`` with the texts as strings at its end, and ``.BTF.ext`` that names them."""
        head, _, _, text_at, text_size = struct.unpack_from(self._order + "5I", btf, 4)
        strings = btf[head + text_at : head + text_at + text_size]
        filled = bytearray(ext)
        paths: dict[int, str] = {}
        for at in self._records(ext):
            _, file, known, place = struct.unpack_from(self._order + "4I", ext, at)
            if known:
                continue
            path = paths.get(file)
            if path is None:
                path = paths[file] = strings[file : strings.index(b"\0", file)].decode()
            self._word.pack_into(filled, at + TEXT, self._string(self._line(path, place >> 10), text_size))
        made = bytearray(btf[: head + text_at + text_size]) + self._new
        self._word.pack_into(made, 20, text_size + len(self._new))
        return bytes(made), bytes(filled)

    def _records(self, ext: bytes) -> list[int]:
        """Where the records of lines are: of each section its name, how many, and they."""
        head, _, _, begin, size = struct.unpack_from(self._order + "5I", ext, 4)
        at, end = head + begin, head + begin + size
        found: list[int] = []
        if not size:
            return found
        (width,) = self._word.unpack_from(ext, at)
        at += 4
        while at < end:
            (count,) = self._word.unpack_from(ext, at + 4)
            at += 8
            found += range(at, at + count * width, width)
            at += count * width
        return found

    def _line(self, path: str, number: int) -> str:
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = self._texts.get(path, "").split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""

    def _string(self, text: str, begin: int) -> int:
        at = self._added.get(text)
        if at is None:
            at = self._added[text] = begin + len(self._new)
            self._new += text.encode() + b"\0"
        return at
