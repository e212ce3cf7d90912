"""Queues and stacks."""

from __future__ import annotations

import errno
from typing import Any

from tinybpf.libbpf._objects import MapAccess
from tinybpf.libbpf.enums import BPF_ANY
from tinybpf.libbpf.kinds.special import Special

_NO_KEY = b""


class Queue(Special):
    """First in, first out; a stack, last in. Kernel 4.20 or later."""

    usage = "it has values without keys; use push(), pop(), peek() and drain()"

    def _choose_codecs(self) -> None:
        self._core.hints = {
            "update": {errno.E2BIG: "it is full; flags=BPF_EXIST drops the oldest value instead"}
        }
        value = self._value_codec
        self._bind(
            ("s", 0, None, None), (value.form, self._core.room, value.encode, value.decode), self._slow
        )

    def push(self, value: Any, flags: int = BPF_ANY) -> None:
        MapAccess.update(self, _NO_KEY, value, flags)

    def pop(self, *default: Any) -> Any:
        """Take the next value out; ``IndexError`` where there is none, and no default."""
        found = self._take(_NO_KEY)
        if found is not NotImplemented:
            return found
        if default:
            return default[0]
        raise IndexError(f"pop from empty {self.type.name.lower()} '{self.name}'")

    def peek(self, default: Any = None) -> Any:
        return MapAccess.get(self, _NO_KEY, default)

    def drain(self) -> list[Any]:
        """Take all values out that are there now."""
        values: list[Any] = []
        while len(values) < self.max_entries:
            value = self._take(_NO_KEY)
            if value is NotImplemented:
                break
            values.append(value)
        return values

    def clear(self) -> None:
        self.drain()
