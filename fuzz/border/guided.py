"""atheris drives: mutants that reach lines of the loader which none reached before are changed further.

It sees Python's lines, not libbpf's; and its process ends with the first failure, whose mutant it leaves
as a file.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .mutants import mutant
from .seeds import ROOT, read


def run(place: Path, seed: int, seconds: float | None) -> int:
    """Until ``seconds`` are over, or without end. Does not return: libFuzzer ends the process."""
    import atheris

    options = [f"-seed={seed}", "-timeout=60", "-rss_limit_mb=0", "-max_len=262144"]
    options += [f"-artifact_prefix={ROOT}/.fuzz/border-guided-"]
    options += [f"-max_total_time={int(seconds)}"] if seconds else []
    corpus = ROOT / ".fuzz" / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["tinybpf.libbpf"]):  # also of what is imported later
        from . import child

        def one(data: bytes) -> None:
            child.exercise(data)
            child.read_types(data)

        child.begin()
        atheris.Setup(
            [sys.argv[0], *options, str(corpus), str(place)], one, custom_mutator=mutator(read(place))
        )
        try:
            atheris.Fuzz()
        finally:
            child.end()
    return 0


def mutator(seeds: Sequence[bytes]) -> Callable[[bytes, int, int], bytes]:
    """libFuzzer's own mutations damage the header, mostly; ours know what they do."""

    def change(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)
        try:
            return mutant(rng, [bytes(data)] if data else seeds)[:most]
        except (ValueError, IndexError, struct.error):  # no object in which parts are found
            return rng.choice(seeds)[:most]

    return change
