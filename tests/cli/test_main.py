from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tinybpf._version import __version__

OBJECT = Path(__file__).parents[1] / "libbpf" / "data" / "commands.elf"


def test_version(run):
    outcome = run("version")
    assert (outcome.status, outcome.out, outcome.err) == (0, f"tinybpf {__version__}\n", "")


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("build", "--help")])
def test_help(run, arguments):
    outcome = run(*arguments)
    assert outcome.status == 0
    assert "Usage: tinybpf" in outcome.out


def test_as_a_module(command, project_dir):
    done = command("version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tinybpf {__version__}\n", "")
    assert command("build", "bpf", "-o", "x.o").returncode == 0
    assert command("build", "nothing").returncode == 1
    assert command("build").returncode == 2


def test_a_reader_that_has_gone_is_no_traceback(command):
    reader, writer = os.pipe()
    os.close(reader)
    done = command("version", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("arguments", [("version",), ("inspect", str(OBJECT))])
def test_standard_output_may_be_closed(arguments):
    line = '"$@" >&-'
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "tinybpf", *arguments], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_color_on_a_terminal(command, bad_source, no_color, colored):
    terminal, other_end = pty.openpty()
    done = command("build", "bpf", stderr=other_end, env={"NO_COLOR": no_color, "TERM": "xterm"})
    os.close(other_end)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert done.returncode == 1
    assert "undefined: nothing" in shown
    assert ("\x1b[31m^" in shown) is colored


def test_no_color_in_a_pipe(command, bad_source):
    assert "\x1b" not in command("build", "bpf").stderr
    assert "\x1b[31m^" in command("build", "bpf", env={"FORCE_COLOR": "1"}).stderr
    assert "\x1b" not in command("build", "bpf", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stderr


def test_standard_output_can_be_the_object(command, project_dir):
    done = subprocess.run(
        [*command("version").args[:3], "build", "bpf", "-o", "/dev/stdout"],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.startswith(b"\x7fELF")


def test_ctrl_c_while_it_starts():
    code = """
import sys

class Interrupts:
    def find_spec(self, name, *rest):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
import tinybpf.__main__
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
