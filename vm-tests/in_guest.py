"""A pytest plugin for the project's tests in a guest: how long they may take, and a report.

``VM_REPORT`` names the file that gets a line of JSON for each test, as it ends.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome == "passed":
        return
    place = os.environ.get("VM_REPORT")
    if place:
        with open(place, "a") as file:
            file.write(json.dumps(line_of(report)) + "\n")


def line_of(report: pytest.TestReport) -> dict[str, object]:
    """What the report says of a test: its outcome, and the reason where it was skipped or failed."""
    reason = ""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    elif report.failed:
        reason = next((line for line in report.longreprtext.splitlines() if line.startswith("E ")), "")[
            2:
        ].strip()
    return {"test": report.nodeid, "outcome": report.outcome, "reason": reason, "seconds": report.duration}


def pytest_configure(config: pytest.Config) -> None:
    """Time limits of all other tests."""
    limit = float(config.getini("timeout") or 300)
    if config.getoption("timeout", None) is None:
        config.option.timeout = limit * SLOWER
    Path(os.environ.get("VM_REPORT") or os.devnull).touch()
