"""Bloom filters."""

from __future__ import annotations

import errno
from typing import Any

from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._objects import MapAccess
from tinybpf.libbpf.kinds.special import Special


class BloomFilter(Special):
    """A set that may take a value for a member that is none, but never the reverse. Kernel 5.16 or later."""

    usage = "a bloom filter knows only what was added; use add() and 'value in map'"

    def _choose_codecs(self) -> None:
        value = self._value_codec
        self._bind(
            ("s", 0, None, None), (value.form, self._core.room, value.encode, value.decode), self._slow
        )

    def add(self, value: Any) -> None:
        MapAccess.update(self, b"", value)

    def update_many(self, values: Any, flags: int = 0) -> int:
        """Add many values, and say how many."""
        return self._update_many(((b"", value) for value in values), flags)

    def __contains__(self, value: object) -> bool:
        raw = self._value_codec.encode(value)
        _held, fd = self._core.held(), self._core.require()
        result = lib.bpf_map_lookup_elem(fd, ffi.NULL, ffi.from_buffer(bytearray(raw)))
        if result not in (0, -errno.ENOENT):
            raise self._core.fail("look up in", result)
        return bool(result == 0)
