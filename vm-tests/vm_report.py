"""A pytest plugin that writes a line of JSON for each test to the file that ``VM_REPORT`` names."""

from __future__ import annotations

import json
import os

import pytest

# Opened ahead: a test may be without its capabilities while its report is made.
_file = open(os.environ["VM_REPORT"], "a", buffering=1) if os.environ.get("VM_REPORT") else None  # noqa: SIM115


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome == "passed":
        return
    if _file is not None:
        _file.write(json.dumps(line_of(report)) + "\n")


def line_of(report: pytest.TestReport) -> dict[str, object]:
    """What the report says of a test: its outcome, the reason where it was skipped or failed, and what it
    has seen (tests/support/observing.py)."""
    reason = ""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    elif report.failed:
        lines = [line[2:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
        reason = lines[0] if lines else ""
    seen = [value for name, value in report.user_properties if name == "observed"]
    outcome = {"test": report.nodeid, "outcome": report.outcome, "reason": reason}
    return {**outcome, "seconds": report.duration, "observed": seen}
