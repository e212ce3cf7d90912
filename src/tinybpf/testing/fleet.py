"""The guests of ``--bpf-kernels``: two at a time, each with a pytest whose reports are read as they come."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tinybpf.vm import Kernel

AT_ONCE = 2
LOOK = 0.03
"""Seconds between two looks for reports."""

PATIENCE = 5.0
"""Seconds that a guest has to end when it is told to."""

# What belongs to the session here, and misleads in a guest.
NOT_PASSED = ("HOME", "LOGNAME", "MAIL", "OLDPWD", "PWD", "SHLVL", "TMPDIR", "USER", "PYTEST_CURRENT_TEST",
              "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")  # fmt: skip


class Guest:
    """A kernel, its tests, and the pytest that runs them there."""

    def __init__(
        self, config: pytest.Config, kernel: Kernel, items: Sequence[pytest.Item], timeout: float
    ) -> None:
        self.kernel = kernel
        self.outcomes: Counter[str] = Counter()
        self._config = config
        self._items = [item.nodeid for item in items]
        self._timeout = timeout
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._read = self._shown = 0
        self._reports: dict[str, list[pytest.TestReport]] = {}
        self._done: set[str] = set()
        self._running = ""
        self._words: list[str] = []
        self._lost_first = ""
        self.started = False
        self.ended = False

    # ---- its life ----

    def start(self) -> None:
        self.started = True
        self._folder = Path(tempfile.mkdtemp(prefix="tinybpf-testing-"))
        env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED}
        job: dict[str, Any] = {
            "kernel": self.kernel.version,
            "folder": str(self._folder),
            "cwd": str(self._config.invocation_params.dir),
            "args": [str(argument) for argument in self._config.invocation_params.args],
            "root": str(self._config.rootpath),
            "path": [os.path.abspath(place) for place in sys.path],
            "items": self._items,
            "timeout": self._timeout,
            "env": env,
        }
        (self._folder / "job.json").write_text(json.dumps(job))
        with open(self._folder / "output", "wb") as output:
            self._process = subprocess.Popen(
                boot_command(self._folder / "job.json"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=job["cwd"],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(job["path"])},
                start_new_session=True,  # an interrupt from the terminal is for the pytest here
            )

    def look(self) -> None:
        """Read what has come since the last look."""
        if self._process is None or self.ended:
            return
        ended = self._process.poll() is not None  # asked first: what it wrote before is there then
        self._read_channel()
        self._show_output()
        if ended:
            self.ended = True

    def stop(self) -> None:
        """End it, whatever it does; its folder goes, too."""
        process = self._process
        if process is not None and process.poll() is None:
            for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, None)):
                os.killpg(process.pid, number)
                try:
                    process.wait(patience)
                    break
                except subprocess.TimeoutExpired:
                    continue
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # ---- what it says ----

    def _read_channel(self) -> None:
        assert self._folder is not None
        try:
            with open(self._folder / "channel", "rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _show_output(self) -> None:
        """With ``-s`` what the tests print is shown as it comes."""
        if self._config.option.capture != "no":
            return
        assert self._folder is not None
        with open(self._folder / "output", "rb") as file:
            file.seek(self._shown)
            content = file.read()
        self._shown += len(content)
        sys.stdout.write(content.decode(errors="replace"))
        sys.stdout.flush()

    def _take(self, message: dict[str, Any]) -> None:
        kind, value = message["kind"], message["value"]
        if kind == "start":
            self._running = value
        elif kind == "report":
            report = restored(self._config, value)
            self._reports.setdefault(report.nodeid, []).append(report)
        elif kind == "done":
            self._done.add(value)
            self._running = ""
        elif kind == "warning":
            _pass_on(self._config, value)
        elif kind == "words":
            self._words.append(value)

    def is_done(self, nodeid: str) -> bool:
        return self.ended or nodeid in self._done

    def reports_of(self, item: pytest.Item) -> list[pytest.TestReport]:
        """The reports of a test that is done; one of an error where the guest never finished it."""
        found = self._reports.get(item.nodeid, [])
        if item.nodeid not in self._done:
            # It fails as a whole: that a phase of it had passed says nothing.
            found = [*[report for report in found if not report.passed], self._lost(item)]
        self.outcomes[_outcome(found)] += 1
        return found

    def _lost(self, item: pytest.Item) -> pytest.TestReport:
        name = f"kernel {self.kernel.release}"
        if self._running == item.nodeid:
            words, when = f"{name}: the guest ended in this test\n{self._said()}", "call"
        elif self._running:
            words, when = f"{name}: not run, the guest ended in {self._running}", "setup"
        elif self._lost_first:
            words, when = f"{name}: not run in the guest; see {self._lost_first}", "setup"
        else:
            words, when = f"{name}: not run in the guest\n{self._said()}", "setup"
            self._lost_first = item.nodeid
        return pytest.TestReport(
            item.nodeid,
            item.location,
            dict.fromkeys(item.keywords, 1),
            "failed",
            words,
            when,  # type: ignore[arg-type]
        )

    def _said(self) -> str:
        """What the guest's pytest had to say, or the end of what was written there."""
        if self._words:
            return "\n".join(self._words)
        assert self._folder is not None
        said = (self._folder / "output").read_text(errors="replace").strip()
        log = self._folder / "terminal"
        return (
            said
            or (log.read_text(errors="replace").strip()[-4000:] if log.exists() else "")
            or "it said nothing"
        )


class Fleet:
    """All guests of a run."""

    def __init__(
        self, config: pytest.Config, kernels: Sequence[tuple[Kernel, Sequence[pytest.Item]]], timeout: float
    ) -> None:
        self._guests = [Guest(config, kernel, items, timeout) for kernel, items in kernels]
        pairs = zip(self._guests, kernels, strict=True)
        self._of = {item.nodeid: guest for guest, (_, items) in pairs for item in items}

    def start(self) -> None:
        """Start guests until two of them run; the others follow when these have ended."""
        for guest in self._guests:
            if not guest.started and sum(g.started and not g.ended for g in self._guests) < AT_ONCE:
                guest.start()

    def wait_for(self, item: pytest.Item) -> None:
        """Return when the guest is done with a test."""
        guest = self._of[item.nodeid]
        while True:
            for each in self._guests:
                each.look()
            self.start()
            if guest.is_done(item.nodeid):
                return
            time.sleep(LOOK)

    def reports_of(self, item: pytest.Item) -> list[pytest.TestReport]:
        return self._of[item.nodeid].reports_of(item)

    def stop(self) -> None:
        for guest in self._guests:
            guest.stop()

    def summary(self) -> Iterator[str]:
        """One line for each kernel: which it was, and how its tests came out."""
        for guest in self._guests:
            counted = (
                ", ".join(f"{guest.outcomes[name]} {name}" for name in sorted(guest.outcomes)) or "not run"
            )
            yield f"{guest.kernel.version:6} {guest.kernel.release:28} {counted}"


def boot_command(job: Path) -> list[str]:
    """What runs a guest's pytest, and ends when that ends."""
    return [sys.executable, "-m", "tinybpf.testing.boot", str(job)]


def restored(config: pytest.Config, data: dict[str, Any]) -> pytest.TestReport:
    """A report of a guest; JSON has no tuples, and pytest counts on some."""
    report: pytest.TestReport = config.hook.pytest_report_from_serializable(config=config, data=data)
    if isinstance(report.longrepr, list):
        report.longrepr = (report.longrepr[0], report.longrepr[1], report.longrepr[2])
    report.location = (report.location[0], report.location[1], report.location[2])
    report.sections = [(name, text) for name, text in report.sections]
    report.user_properties = [(name, value) for name, value in report.user_properties]
    return report


def _outcome(reports: list[pytest.TestReport]) -> str:
    """How a test came out, by pytest's own words for it."""
    if any(report.failed and report.when != "call" for report in reports):
        return "error"
    for report in reports:
        if report.failed:
            return "failed"
        if hasattr(report, "wasxfail") and report.when == "call":
            return "xfailed" if report.skipped else "xpassed"
        if report.skipped:
            return "skipped"
    return "passed"


def _pass_on(config: pytest.Config, value: dict[str, Any]) -> None:
    """A warning of the guest, as one of this session."""
    category = type(value["category"], (Warning,), {"__module__": "builtins"})
    message = warnings.WarningMessage(
        category(value["message"]), category, value["filename"], value["lineno"]
    )
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={
            "warning_message": message,
            "when": value["when"],
            "nodeid": value["nodeid"],
            "location": None,
        }
    )
