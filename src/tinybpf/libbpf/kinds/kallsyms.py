"""The kernel's functions by their addresses, from /proc/kallsyms."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache


def name_of(address: int) -> str:
    """``function+0x1c``, with the module's name where it is of one; the number where it is none's."""
    starts, names = _functions()
    at = bisect_right(starts, address) - 1
    if at < 0 or address >> 63 == 0:
        return hex(address)
    offset = address - starts[at]
    return f"{names[at]}+{offset:#x}" if offset else names[at]


@cache
def _functions() -> tuple[list[int], list[str]]:
    """Addresses in order, and the names that belong to them; empty where the kernel hides them."""
    found = []
    with open("/proc/kallsyms") as lines:
        for line in lines:
            address, kind, name, *module = line.split()
            if kind in "tTwW":
                found.append((int(address, 16), f"{name} {module[0]}" if module else name))
    found.sort()
    if not found or not found[-1][0]:
        return [], []
    return [address for address, _ in found], [name for _, name in found]
