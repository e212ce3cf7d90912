"""docs/guide.md: its programs run as files, as a reader runs them; what they print is observed."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import old_kernels
import pytest
from patience import patient

from tinybpf.compiler import compile_go

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text()
NAMED = r"`([\w.]+\.(?:go|py))`(?:(?!`\w+\.(?:go|py)`).)*?\n```(?:go|python)\n(.*?)^```$"
FILES = re.findall(NAMED, PAGE, re.M | re.S)
"""Names and texts: a program stands below the first mention of its file."""
NOBODY = 65534


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with all files of the page."""
    for name, code in FILES:
        (tmp_path / name).write_text(code)
    (tmp_path / "opener").symlink_to("/bin/cat")
    return tmp_path


@pytest.fixture
def opening(here: Path) -> Iterator[None]:
    """Files are opened all the time: 500 by each process ``opener``, one by user nobody's ``cat``."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(0.02):
            subprocess.run([here / "opener", *["/etc/hostname"] * 500], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["cat", "/etc/hostname"], check=True, user=NOBODY, stdout=subprocess.DEVNULL)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    done.set()
    thread.join()


def run(here: Path, *arguments: str, alone: bool = False) -> str:
    """What a script of the page prints; ``alone`` in a network of its own."""
    network = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] if alone else []
    command = [*network, sys.executable, *arguments]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=patient(60))
    if done.returncode:
        old_kernels.skip_where_it_says_so(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def shown(name: str) -> str:
    """What the page says that a script prints."""
    found = re.search(rf"`{name}`.*?^```python\n.*?^```\n\n```text\n(.*?)^```$", PAGE, re.M | re.S)
    assert found
    return found[1]


def test_every_program_is_a_file(blocks_of):
    names = [name for name, _ in FILES]
    assert names == [
        "counter.go", "counter.py", "opens.go", "watch.py", "guard.go", "guard.py", "test_guard.py",
        "wrong.py", "dashboard.py", "typed.py",
    ]  # fmt: skip
    codes = [code for _, code in FILES]
    assert sorted(codes) == sorted(blocks_of(PAGE, "go") + blocks_of(PAGE, "python"))


def test_the_go_compiles(here):
    for path in here.glob("*.go"):
        assert compile_go(path).warnings == ()


@pytest.mark.kernel
def test_the_counter(here, opening):
    rows = [line.split() for line in run(here, "counter.py").splitlines()]
    assert 1 <= len(rows) <= 5
    counts = [int(row[-1]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    openers = [int(row[-1]) for row in rows if row[1] == "opener"]
    assert openers and 500 <= max(openers) < 600  # its own files, and the libraries'


@pytest.mark.kernel
def test_the_events_of_one_user(here, opening):
    *events, summary = run(here, "watch.py").splitlines()
    assert len(events) == 3
    assert all(event.startswith(f"{NOBODY} ") for event in events)
    assert any(event.startswith(f"{NOBODY} cat /") for event in events)
    found = re.fullmatch(r"of (\d+) calls; lost: 0", summary)
    assert found and int(found[1]) >= 3


@pytest.mark.kernel
def test_the_guard(here):
    assert run(here, "guard.py", alone=True) == shown("guard.py")


@pytest.mark.kernel
def test_the_tests(here):
    printed = run(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_guard.py")
    assert "2 passed" in printed


@pytest.mark.kernel
def test_the_mistake(here):
    assert run(here, "wrong.py") == shown("wrong.py")


@pytest.mark.kernel
def test_the_dashboard(here, opening):
    screens = re.split(r"(?m)^(?=\d+ calls, )", run(here, "dashboard.py", "--seconds", "3"))[1:]
    assert len(screens) >= 3
    heads = [re.match(r"(\d+) calls, (\d+) events, \d+ lost\n", screen) for screen in screens]
    calls = [(int(head[1]), int(head[2])) for head in heads if head]
    assert len(calls) == len(screens) and calls == sorted(calls)
    assert all(0 < events <= made for made, events in calls[1:])
    last = screens[-1]
    opened = re.search(r"^COMMAND\n(?:.*\n)*? +(\d+) opener$", last, re.M)
    assert opened and int(opened[1]) >= 500
    assert re.search(r"^FOLDER\n(?:.*\n)*? +\d+ /etc$", last, re.M)
    assert "█" in last.splitlines()[1]
    latest = last.partition("LATEST\n")[2].splitlines()
    assert len(latest) == 5 and all(re.fullmatch(r" *\d+ .{16} .*", line) for line in latest)


@pytest.mark.kernel
def test_the_dashboard_of_one_user(here, opening):
    last = run(here, "dashboard.py", "--seconds", "2", "--uid", str(NOBODY)).rpartition(" lost\n")[2]
    commands = last.partition("COMMAND\n")[2].partition("\n\n")[0].split("\n")
    names = [line.split()[1] for line in commands]
    assert "cat" in names and "opener" not in names


@pytest.mark.kernel
def test_the_typed_event(here, opening):
    assert int(run(here, "typed.py")) > 0
