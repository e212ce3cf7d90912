"""Several processes at once, and what comes of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tinybpf.vm import several
from tinybpf.vm.several import Result


def shell(text: str) -> list[str]:
    return ["/bin/sh", "-c", text]


def test_lines_and_results_in_order() -> None:
    lines: list[tuple[str, str]] = []
    results = several.run_all(
        {
            "5.10": shell("sleep 0.2; echo late; printf end; exit 3"),
            "6.1": shell("echo é; echo err >&2"),
            "6.12": shell("exit 124"),
        },
        lambda kernel, line: lines.append((kernel, line)),
    )
    assert [(r.kernel, r.status) for r in results] == [("5.10", 3), ("6.1", 0), ("6.12", 124)]
    assert sorted(lines) == [("5.10", "end"), ("5.10", "late"), ("6.1", "err"), ("6.1", "é")]


def test_no_more_than_so_many_at_once(tmp_path: Path) -> None:
    text = f"echo + >> {tmp_path}/log; sleep 0.3; echo - >> {tmp_path}/log"
    several.run_all({str(n): shell(text) for n in range(4)}, lambda kernel, line: None, at_once=2)
    running = most = 0
    for mark in (tmp_path / "log").read_text().split():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert most == 2


def test_an_interrupt_ends_all(tmp_path: Path) -> None:
    code = (
        "from tinybpf.vm import several\n"
        f"slow = ['/bin/sh', '-c', 'echo $$ >> {tmp_path}/pids; exec sleep 60']\n"
        "several.run_all({'a': slow, 'b': slow}, print)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    pids: list[int] = []
    while len(pids) < 2:
        time.sleep(0.02)
        if (tmp_path / "pids").exists():
            pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_table() -> None:
    text = several.table([Result("6.1", 0, 61.7), Result("7.2", 5, 2), Result("5.10", 124, 3)])
    assert text.splitlines()[1:] == ["6.1     ok      62 s", "7.2     exit 5  2 s", "5.10    timed out  3 s"]
