"""How many descriptors this process has."""

from __future__ import annotations

import gc
import os


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled() -> int:
    """The same, when what earlier tests left to the collector is gone."""
    gc.collect()
    return descriptors()
