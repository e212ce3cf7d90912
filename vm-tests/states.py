"""Whether a feature works under a kernel, and what was seen of it there, from the report of a run."""

from __future__ import annotations

from collections.abc import Sequence

from features import Feature
from reports import Outcome

MEANS = "is of section syscall"
"""In the reason of a skip: the kernel lacks the kind of programs that the test itself runs."""


MOST = 8
"""Values of the same words that a cell shows."""


def of_feature(feature: Feature, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What a report has of its test; nothing where it has none."""
    if not feature.test:
        return []
    inner = (f"{feature.test}[", f"{feature.test}::")
    return [each for each in outcomes if each.test == feature.test or each.test.startswith(inner)]


def state(feature: Feature, outcomes: Sequence[Outcome]) -> str:
    """``yes`` where tests of it passed and none failed, ``fails``, ``no`` where all were skipped; ``?`` where
    none ran, or where the kernel lacks only what the test itself needs."""
    found = {each.outcome for each in of_feature(feature, outcomes) if MEANS not in each.reason}
    if "failed" in found:
        return "fails"
    if "passed" in found:
        return "yes"
    return "no" if "skipped" in found else "?"


def seen(feature: Feature, outcomes: Sequence[Outcome]) -> str:
    """What its tests have noted (tests/support/observing.py), each value once; empty where it does not
    work or nothing was noted."""
    if state(feature, outcomes) != "yes":
        return ""
    passed = [each for each in of_feature(feature, outcomes) if each.outcome == "passed"]
    return _together([value for each in passed for value in each.observed])


def _together(values: Sequence[tuple[str, str]]) -> str:
    """Values of the same words share these: ``calls: 1 / 2``."""
    by_words: dict[str, list[str]] = {}
    for words, shown in values:
        known = by_words.setdefault(words, [])
        if shown not in known:
            known.append(shown)
    return "; ".join(f"{words}: {_listed(shown)}" for words, shown in by_words.items())


def _listed(values: Sequence[str]) -> str:
    more = f" / and {len(values) - MOST} more" if len(values) > MOST else ""
    return " / ".join(values[:MOST]) + more
