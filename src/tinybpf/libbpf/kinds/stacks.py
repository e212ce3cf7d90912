"""Stack traces that programs collect with ``bpf_get_stackid``."""

from __future__ import annotations

from array import array
from typing import Any

from tinybpf.libbpf.codec import Codec
from tinybpf.libbpf.map import BpfMap

_BUILD_ID = 1 << 5  # BPF_F_STACK_BUILD_ID: entries are no plain addresses


class StackTraces(BpfMap[Any, Any]):
    """Lists of addresses by the number that the program got, the innermost first. Kernel 4.6 or later."""

    def _default_value(self) -> Codec:
        if self._core.value_size % 8 or self.flags & _BUILD_ID:
            return super()._default_value()
        return Codec("[]address", self._core.value_size, list, _no_write, _addresses)

    def symbols(self, key: Any) -> list[str]:
        """The trace as ``function+0x1c``, or ``0x…`` where an address is no function of the kernel's.

        ``KeyError`` where there is no such trace. /proc/kallsyms shows addresses to root only.
        """
        from tinybpf.libbpf.kinds.kallsyms import name_of

        return [name_of(address) for address in self[key]]


def _addresses(raw: bytes) -> list[int]:
    found = array("Q", raw).tolist()
    while found and not found[-1]:
        found.pop()
    return found


def _no_write(value: Any) -> bytes:
    raise TypeError("stack traces are written by programs only")
