"""The hooks of the pytest in a guest: run the tests of a job, send what comes of them to the host.

Messages are lines of JSON in a file of a folder that is the host's: ``start`` and ``done`` of a test,
its ``report`` of each phase, a ``warning``, and ``words`` about what keeps all of it from running.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Generator
from typing import Any

import pytest

from tinybpf.testing import kernels

# What the pytest on the host does with the tests of all kernels, and this one must not.
HOSTS_OWN = {
    "xmlpath": None,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "stepwise": False,
    "stepwise_skip": False,
    "cacheclear": False,
    "pyargs": False,
    "pastebin": None,
    "basetemp": None,
}

SLOWER = 20
"""Times that the limits of pytest-timeout are wider, where a processor may be emulated."""


class Sender:
    """The plugin; a job is what `fleet.Guest` wrote."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._channel = open(os.path.join(job["folder"], "channel"), "w")  # noqa: SIM115 - until the end
        self._config: pytest.Config | None = None

    def _send(self, kind: str, value: Any) -> None:
        self._channel.write(json.dumps({"kind": kind, "value": value}, default=repr) + "\n")
        self._channel.flush()

    # ---- what is run ----

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config
        for name, value in HOSTS_OWN.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        config.option.bpf_kernels = self._job["kernel"]
        config.stash[kernels.IN_GUEST] = True
        limit = _limit(config)
        if limit:
            config.option.timeout = limit * SLOWER
        files = dict.fromkeys(nodeid.partition("::")[0] for nodeid in self._job["items"])
        config.args = [os.path.join(self._job["root"], file) for file in files]

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """What pytest writes is for who looks for a fault; standard output is for the tests alone."""
        log = open(os.path.join(self._job["folder"], "terminal"), "w")  # noqa: SIM115 - until the end
        session.config.get_terminal_writer()._file = log

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        by_name = {item.nodeid: item for item in items}
        items[:] = [by_name[nodeid] for nodeid in self._job["items"] if nodeid in by_name]
        for item in items:
            item.user_properties.append(("kernel", os.uname().release))
            mark = item.get_closest_marker("timeout")
            if mark is not None and mark.args:
                item.add_marker(
                    pytest.mark.timeout(mark.args[0] * SLOWER, *mark.args[1:], **mark.kwargs), False
                )

    # ---- what comes of it ----

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._send(
                "words", f"{report.nodeid} could not be collected in the guest:\n{report.longreprtext}"
            )

    def pytest_internalerror(self, excrepr: object) -> None:
        self._send("words", f"pytest ended with an error of its own in the guest:\n{excrepr}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Around all of a test: plugins that repeat it say several times that it has started and ended."""
        self._send("start", item.nodeid)
        result = yield
        self._send("done", item.nodeid)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._config
        assert config is not None
        self._send("report", config.hook.pytest_report_to_serializable(config=config, report=report))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str
    ) -> None:
        if warning_message.category is pytest.PytestAssertRewriteWarning:
            return  # of this plugin, which is imported before pytest asks for it
        value = {
            "category": warning_message.category.__name__,
            "message": str(warning_message.message),
            "filename": warning_message.filename,
            "lineno": warning_message.lineno,
            "when": when,
            "nodeid": nodeid,
        }
        self._send("warning", value)


def _limit(config: pytest.Config) -> float | None:
    """The seconds that pytest-timeout gives a test; None without it."""
    if not hasattr(config.option, "timeout"):
        return None
    given = config.option.timeout
    return (
        float(config.getini("timeout") or os.environ.get("PYTEST_TIMEOUT") or 0) if given is None else given
    )
