"""What a test has seen, in words and as a value: the report of a run has it, and so has docs/kernels.md."""

from __future__ import annotations

import errno
from enum import Enum
from typing import TypeVar

import pytest

OBSERVED = "observed"
"""The name among the properties of a test's report."""

LONGEST = 100
_running: list[pytest.Item] = []
Value = TypeVar("Value")


def observed(what: str, value: Value) -> Value:
    """Note a value that the running test has seen; the value is given back, to be asserted."""
    if _running:
        _running[-1].user_properties.append((OBSERVED, (what, shown(value))))
    return value


def observed_errno(what: str, number: int) -> int:
    """As `observed`: the number is shown by its name."""
    observed(what, errno.errorcode.get(number, str(number)))
    return number


def shown(value: object) -> str:
    """A value as a table has it: on one line, and not endless."""
    text = " ".join((value if isinstance(value, str) else _plain(value)).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _plain(value: object) -> str:
    """As ``repr``, with enums by their names and dictionaries in the order of their keys."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, dict):
        pairs = sorted((_plain(key), _plain(each)) for key, each in value.items())
        return f"{{{', '.join(f'{key}: {each}' for key, each in pairs)}}}"
    if type(value) in (list, tuple):
        inner = ", ".join(map(_plain, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> object:
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.remove(item)
