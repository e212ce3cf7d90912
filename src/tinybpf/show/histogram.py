"""Log2 histograms: slot 0 counts zeros, slot i the values from 2^(i-1) up to 2^i, the last all above."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SUFFIXES = ("", "K", "M", "G", "T", "P", "E")
LEAST_BAR = 8
MOST_BAR = 52
EIGHTHS = " ▏▎▍▌▋▊▉█"


def slots_of(data: bytes) -> tuple[int, ...]:
    """The counts in a histogram's bytes."""
    return struct.unpack(f"={len(data) // 8}Q", data[: len(data) // 8 * 8])


def buckets(slots: Sequence[int]) -> list[tuple[int, int, int]]:
    """(least value, greatest value, count) from the first slot with a count to the last."""
    used = [index for index, count in enumerate(slots) if count]
    if not used:
        return []
    return [(*_range(index, len(slots)), slots[index]) for index in range(used[0], used[-1] + 1)]


def _range(index: int, length: int) -> tuple[int, int]:
    if index == 0:
        return 0, 0
    return 1 << index - 1, (1 << index) - 1 if index < length - 1 else (1 << 64) - 1


def draw(slots: Sequence[int], width: int, blocks: bool = True) -> list[str]:
    """The histogram as lines of at most ``width`` characters; ``blocks`` for a terminal with Unicode.

    ::

          [1]  3 |████████            |
       [2, 4)  7 |████████████████████|
    """
    found = buckets(slots)
    if not found:
        return ["  (empty)"]
    labels = [label(low, high) for low, high, _ in found]
    counts = [str(count) for _, _, count in found]
    left, middle = max(map(len, labels)), max(map(len, counts))
    room = min(MOST_BAR, width - left - middle - 8)
    most = max(count for _, _, count in found)
    lines = []
    for name, count, (_, _, number) in zip(labels, counts, found, strict=True):
        line = f"  {name:>{left}}  {count:>{middle}}"
        if room >= LEAST_BAR:
            line += f" |{bar(number, most, room, blocks)}|"
        lines.append(line)
    return lines


def bar(count: int, most: int, room: int, blocks: bool) -> str:
    """A bar of ``room`` characters, as much of it filled as ``count`` is of ``most``."""
    if not blocks:
        filled = -(-count * room // most) if count else 0
        return ("@" * filled).ljust(room)
    eighths = max(1, count * room * 8 // most) if count else 0
    full, part = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[part] if part else "")).ljust(room)


def label(low: int, high: int) -> str:
    """A slot's values as an interval: ``[0]``, ``[4, 8)``, ``[1K, 2K)``."""
    if low == high:
        return f"[{low}]"
    if high == (1 << 64) - 1:
        return f"[{_short(low)}, …)"
    return f"[{_short(low)}, {_short(high + 1)})"


def _short(value: int) -> str:
    power = min((value.bit_length() - 1) // 10, len(SUFFIXES) - 1)
    return f"{value >> 10 * power}{SUFFIXES[power]}"
