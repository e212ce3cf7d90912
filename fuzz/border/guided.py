"""atheris drives: mutants that reach lines of the loader which none reached before are changed further.

It sees Python's lines, not libbpf's; and its process ends with the first failure, whose mutant it leaves
as a file.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from .seeds import ROOT, read


def run(place: Path, seed: int, seconds: float | None) -> int:
    """Until ``seconds`` are over, or without end. Does not return: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tinybpf.libbpf"]):
        from . import child
    from .mutants import mutant

    seeds = read(place)

    def one(data: bytes) -> None:
        child.exercise(data)
        child.read_types(data)

    def change(data: bytes, most: int, number: int) -> bytes:
        """libFuzzer's own mutations damage the header, mostly; ours know what they do."""
        rng = random.Random(number)
        try:
            return mutant(rng, [bytes(data)] if data else seeds)[:most]
        except (ValueError, IndexError):  # no object that parts are found in
            return rng.choice(seeds)[:most]

    corpus, crashes = ROOT / ".fuzz" / "corpus", ROOT / ".fuzz"
    corpus.mkdir(parents=True, exist_ok=True)
    options = [f"-seed={seed}", "-timeout=60", "-rss_limit_mb=0", "-max_len=262144"]
    options += [f"-artifact_prefix={crashes}/border-guided-"]
    options += [f"-max_total_time={int(seconds)}"] if seconds else []
    child.begin()
    atheris.Setup([sys.argv[0], *options, str(corpus), str(place)], one, custom_mutator=change)
    try:
        atheris.Fuzz()
    finally:
        child.end()
    return 0
