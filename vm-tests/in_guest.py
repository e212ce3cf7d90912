"""A pytest plugin for the project's tests in a guest: how long they may take, and their report."""

from __future__ import annotations

import pytest
from vm_report import pytest_runtest_logreport

__all__ = ["pytest_collection_modifyitems", "pytest_runtest_logreport"]

SLOWER = 20
"""Times that limits are wider, where a processor is emulated."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        widen(item)


def widen(item: pytest.Item) -> None:
    """Multiply the limit of a test that has one of its own."""
    mark = item.get_closest_marker("timeout")
    if mark is not None and mark.args:
        item.add_marker(pytest.mark.timeout(mark.args[0] * SLOWER), append=False)
