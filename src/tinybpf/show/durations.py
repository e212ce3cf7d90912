"""Durations as Go writes them: ``10s``, ``1m30s``, ``0.5ms``."""

from __future__ import annotations

import re

UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)"


def nanoseconds(text: str) -> int:
    """A duration with units; ``ValueError`` where it is none."""
    if re.fullmatch(f"(?:{_PART})+", text, re.ASCII) is None:
        raise ValueError(f"'{text}' is no duration: write 10s, 500ms or 1m30s")
    return round(sum(float(number) * UNITS[unit] for number, unit in re.findall(_PART, text)))


def seconds(text: str) -> float:
    """A duration in seconds; a number without a unit is one in seconds."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        return float(text)
    return nanoseconds(text) / 1e9
