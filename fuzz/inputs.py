"""What programs are called with: edge values of each type, and values between them."""

from __future__ import annotations

import random

from .types import Type

CALLS = 40


def edges(t: Type) -> list[int]:
    """Values where arithmetic goes wrong first, the plainest first."""
    wanted = [0, 1, 2, 3, 5, 7, 10, -1, -2, -3, -7, t.low, t.low + 1, t.high, t.high - 1]
    for width in (8, 16, 32, 64):
        for n in (1 << width - 1, 1 << width):
            wanted += [n - 1, n, n + 1, -n, -n - 1]
    wanted += [15, 16, 31, 32, 33, 63, 64, 100, 0x55, 0x12345678, 0xDEADBEEFCAFEF00D, -0x123456789]
    return [v for v in dict.fromkeys(wanted) if t.low <= v <= t.high]


def calls(types: list[Type], seed: int, count: int = CALLS) -> list[tuple[int, ...]]:
    """That many calls, always the same ones for a seed: plain ones first."""
    rng = random.Random(seed)
    known = [edges(t) for t in types]
    found = dict.fromkeys(tuple(values[min(n, len(values) - 1)] for values in known) for n in range(4))
    while len(found) < count:
        found[tuple(_one(rng, t, values) for t, values in zip(types, known, strict=True))] = None
    return list(found)


def _one(rng: random.Random, t: Type, values: list[int]) -> int:
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(values[:7])
    return rng.choice(values) if kind < 0.75 else rng.randint(t.low, t.high)
