"""How long tests wait for other processes: an emulated processor takes its time."""

from __future__ import annotations

from tinybpf import vm

SLOWER = 5


def patient(seconds: float) -> float:
    """So many seconds, and more of them in a guest."""
    return seconds * SLOWER if vm.running() else seconds
