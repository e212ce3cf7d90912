"""What a case is called with: edge values of each type, and some values between them."""

from __future__ import annotations

import itertools
import random
import zlib

from .source import TYPES, Case

LIMIT = 220
"""The most calls of one case."""


def edges(t: str) -> list[int]:
    """Values of type ``t`` where arithmetic goes wrong first, the plainest first."""
    if t == "bool":
        return [0, 1]
    bits = TYPES[t]
    signed = t.startswith("int") or t == "rune"
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    wanted = [0, 1, 2, 3, 5, 7, 10, -1, -2, -3, -7, low, low + 1, high, high - 1]
    for width in (8, 16, 32, 64):
        for n in (1 << width - 1, 1 << width):
            wanted += [n - 1, n, n + 1, -n, -n - 1]
    wanted += [8, 15, 16, 31, 32, 33, 63, 64, 65, 100, 0x55, 0x12345678, 0xDEADBEEFCAFEF00D, -0x123456789]
    return [v for v in dict.fromkeys(wanted) if low <= v <= high]


def of(case: Case, limit: int = LIMIT) -> list[tuple[int, ...]]:
    """The calls of a case, at most ``limit``, always the same ones."""
    candidates = [case.given.get(n) or edges(t) for n, t in enumerate(case.params)]
    size = 1
    for c in candidates:
        size *= len(c)
    if size <= limit:
        return list(itertools.product(*candidates))
    rng = random.Random(zlib.crc32(f"{case.file}.{case.name}".encode()))
    found: dict[tuple[int, ...], None] = {}
    # The plainest values of all parameters together, then a sample of everything.
    for call in itertools.islice(itertools.product(*(c[:6] for c in candidates)), limit // 3):
        found[call] = None
    while len(found) < limit:
        found[
            tuple(
                _pick(rng, c, t, n in case.given)
                for n, (c, t) in enumerate(zip(candidates, case.params, strict=True))
            )
        ] = None
    return list(found)


def _pick(rng: random.Random, candidates: list[int] | tuple[int, ...], t: str, given: bool) -> int:
    if given or t == "bool" or rng.random() < 0.8:
        return rng.choice(candidates)
    low, high = min(candidates), max(candidates)
    return rng.randint(low, high)


def pack(value: int) -> int:
    """The value as the 64 bits in which it travels."""
    return value & 0xFFFFFFFFFFFFFFFF


def unpack(word: int, t: str) -> int:
    """The value that 64 bits stand for; a word that is no value of the type stays what it is."""
    if t != "bool" and not t.startswith("u") and word >= 1 << 63 and t != "byte":
        return word - (1 << 64)
    return word
