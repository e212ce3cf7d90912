"""What a failed test shows: what tinybpf has to say, and not how it came to say it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

_PACKAGE = str(Path(__file__).parents[1]) + "/"


def shorten(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave tinybpf's own frames out of the traceback of its errors: the test's line is the last."""
    options = item.config.option
    if not _is_ours(excinfo.value) or options.fulltrace or getattr(options, "usepdb", False):
        return
    entry, last = excinfo.tb, None
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            last = entry
        entry = entry.tb_next  # type: ignore[assignment]  # None at the end
    if last is not None:
        last.tb_next = None


def explain(
    item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], report: pytest.TestReport
) -> None:
    """A source that is refused has its own places: its message alone, below the test's line."""
    if report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[0].startswith(_PACKAGE):
        path, line, _ = item.reportinfo()  # of the test, not of what found out that it can't run
        report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
    if not report.failed or item.config.getoption("fulltrace") or not _is_ours(excinfo.value):
        return
    from tinybpf.errors import CompileError, VerifierError

    error = excinfo.value
    if not isinstance(error, (CompileError, VerifierError)):
        return
    shown: Any = excinfo.getrepr(style="value")  # pytest's classes for it are its own
    shown.reprcrash.message = str(error)
    shown.reprtraceback.reprentries[-1].lines.insert(0, _place(item, excinfo))
    report.longrepr = shown
    if isinstance(error, VerifierError) and error.log and item.config.get_verbosity() > 0:
        report.sections.append(("The verifier's log", error.log))


def _is_ours(error: BaseException) -> bool:
    errors = sys.modules.get("tinybpf.errors")
    return errors is not None and isinstance(error, errors.BpfError)


def _place(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The line of the test, or of the fixture, which is to blame."""
    last = excinfo.traceback[-1]
    path = Path(last.path)
    if path.is_relative_to(item.config.invocation_params.dir):
        path = path.relative_to(item.config.invocation_params.dir)
    return f"{path}:{last.lineno + 1}: in {last.name}"
