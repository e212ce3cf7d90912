"""``tinybpf doctor``: on this machine, and how it looks for others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from tinybpf import doctor
from tinybpf.doctor import Ability, Check, Kind, Level, Report

Command = Callable[..., subprocess.CompletedProcess[str]]


def made(*programs: Kind, **levels: Level) -> Report:
    checks = [Check(name, level, "a text " * 8, "an advice " * 6) for name, level in levels.items()]
    useful = any(kind.ability is Ability.WORKS for kind in programs)
    return Report(useful, {"kernel": checks, "process": [], "places": [], "tinybpf": []}, list(programs), [])


XDP = Kind("xdp", "XDP", Ability.WORKS, "4.8", ("CAP_BPF", "CAP_NET_ADMIN"))
LIRC = Kind(
    "lirc_mode2", "LIRC_MODE2", Ability.MISSING, "4.18", ("CAP_BPF",), 22, "no lirc", "another kernel"
)
KPROBE = Kind("kprobe", "KPROBE", Ability.MISSING, "4.1", ("CAP_BPF",), 22, "no lirc", "another kernel")


@pytest.fixture
def shown(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The output for a report, at a width."""

    def show(report: Report, columns: int | None, *arguments: str) -> Any:
        monkeypatch.setattr(doctor, "examine", lambda: report)
        if columns is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", str(columns))
        return run("doctor", *arguments)

    return show


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120])
def test_lines_fit_the_terminal(shown: Callable[..., Any], columns: int):
    found = shown(made(XDP, LIRC, release=Level.OK, thing=Level.WARN), columns)
    assert found.status == 0
    widest = max(len(line) for line in found.out.splitlines())
    assert widest <= max(columns, 31)  # a word that is longer than the room stays whole
    assert found.out.count("an advice") > 0 or "advice" in found.out


def test_in_a_pipe_lines_stay_whole(shown: Callable[..., Any]):
    lines = shown(made(XDP, LIRC, release=Level.OK, thing=Level.BAD), None).out.splitlines()
    assert f"✓ release    {('a text ' * 8).strip()}" in [line.rstrip() for line in lines]
    assert "\x1b" not in "".join(lines)


def test_kinds_of_one_reason_share_a_line_and_advice_is_given_once(shown: Callable[..., Any]):
    out = shown(made(XDP, LIRC, KPROBE), None).out
    assert "lirc_mode2, kprobe: no lirc" in out
    assert out.count("another kernel") == 1
    assert out.endswith("✓ 1 of 3 kinds of programs can be used here.\n")


def test_where_nothing_can_be_attached_the_status_is_1_and_the_reason_last(shown: Callable[..., Any]):
    found = shown(made(LIRC, capabilities=Level.BAD), None)
    assert found.status == 1 and found.err == ""
    last = found.out.splitlines()[-1]
    assert last.startswith("✗ No program can be loaded and attached here (capabilities: a text")
    assert shown(made(LIRC), None).out.endswith("✗ No program can be loaded and attached here.\n")


def test_json_has_all_of_it_and_the_same_status(shown: Callable[..., Any]):
    found = shown(made(LIRC, capabilities=Level.BAD), 20, "--json")
    document = json.loads(found.out)
    assert found.status == 1 and document["useful"] is False
    assert document["programs"]["lirc_mode2"] == {
        "type": "LIRC_MODE2",
        "ability": "missing",
        "since": "4.18",
        "needs": ["CAP_BPF"],
        "errno": 22,
        "reason": "no lirc",
        "advice": "another kernel",
    }
    assert document["sections"]["kernel"]["capabilities"]["level"] == "bad"


def test_an_encoding_without_signs(command: Command):
    done = command("doctor", env={"PYTHONIOENCODING": "ascii", "COLUMNS": "70"})
    assert done.returncode in (0, 1) and done.stderr == ""
    assert done.stdout.isascii() and "+ version" in done.stdout


def test_this_machine(command: Command):
    started = time.perf_counter()
    done = command("doctor", "--json")
    took = time.perf_counter() - started
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["useful"] else 1) and done.stderr == ""
    assert document["sections"]["kernel"]["release"]["facts"]["release"] == os.uname().release
    assert document["sections"]["tinybpf"]["python"]["facts"]["executable"] == sys.executable
    assert document["sections"]["process"]["user"]["facts"]["uid"] == os.geteuid()
    assert took < 3  # a quarter of a second on an idle machine


@pytest.mark.kernel
def test_this_kernel_can_be_used_and_nothing_is_left(command: Command):
    before = set(os.listdir("/tmp"))
    done = command("doctor")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("✓ ")
    document = json.loads(command("doctor", "--json").stdout)
    assert document["programs"]["raw_tracepoint"]["ability"] == "works"
    assert document["programs"]["xdp"]["ability"] == "works"
    assert document["maps"]["array"]["ability"] == "works"
    assert not {name for name in set(os.listdir("/tmp")) - before if "tinybpf" in name}


@pytest.mark.kernel
def test_in_a_pid_namespace_it_says_so(command: Command, tmp_path):
    done = subprocess.run(
        ["unshare", "-p", "-f", "--mount-proc", sys.executable, "-m", "tinybpf", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["sections"]["process"]["pid namespace"]
    assert found["level"] == "warn" and found["facts"]["initial"] is False
    assert found["text"] == "another than the machine's; this process is 1 here"


@pytest.mark.kernel
@pytest.mark.parametrize(
    "hide", ["mount -t tmpfs none /sys", "mount -t tmpfs none /sys; mount -t tmpfs none /proc"]
)
def test_without_sys_and_proc(hide: str):
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'{hide}; exec "$0" -m tinybpf doctor', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert "no /sys/kernel/btf/vmlinux" in done.stdout
    assert "cgroup2         not mounted" in done.stdout


def test_another_system():
    code = (
        "import sys, platform\n"
        "sys.platform = 'darwin'\n"
        "platform.system = lambda: 'Darwin'\n"
        "from tinybpf.cli import main\n"
        "sys.exit(main(['doctor']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == ""
    assert "Darwin, no Linux" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(
        "✗ No program can be loaded and attached here (release: Darwin"
    )


def test_a_libbpf_that_is_not_there(command: Command):
    done = command("doctor", env={"TINYBPF_LIBBPF": "/nowhere/libbpf.so"})
    assert done.returncode == 1 and done.stderr == ""
    assert "TINYBPF_LIBBPF names /nowhere/libbpf.so: correct it or unset it" in done.stdout
