"""The loader's table."""

from __future__ import annotations

from benchmarks.loader import loading, maps, ring
from benchmarks.loader.peers import Row

SUBJECTS = (ring.measure, maps.measure, loading.measure)
"""What is measured; each takes the number of runs and gives its rows."""


def measure(runs: int) -> list[Row]:
    """All rows, subject by subject."""
    return [row for subject in SUBJECTS for row in subject(runs)]
