"""QEMU's command line, and the guest's scripts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinybpf.vm import Kernel, guest, qemu
from tinybpf.vm.qemu import Files, Hardware

FILES = Files(Path("/t/initrd"), Path("/t/share"), Path("/t/a,b"), 5, 7)


def test_the_whole_machine(made: Kernel) -> None:
    words = qemu.command("qemu", made, Hardware(3, "512M"), FILES, [Path("/home/me/out")])
    line = " ".join(words)
    assert f"-kernel {made.image} -initrd /t/initrd" in line
    assert "-smp 3 -m 512M" in line and "-no-reboot" in words
    assert "-accel tcg,thread=single" in line and "-cpu max,la57=off" in line
    assert "local,id=root,path=/,security_model=none,multidevs=remap,readonly=on" in words
    assert "local,id=share0,path=/home/me/out,security_model=none,multidevs=remap" in words
    assert "file,id=vm.out,path=/dev/fd/5" in words and "file,id=vm.err,path=/dev/fd/7" in words
    assert "file:/t/a,,b" in words


def test_with_kvm(made: Kernel) -> None:
    words = qemu.command("qemu", made, Hardware(kvm=True), FILES, [])
    assert words[words.index("-accel") + 1] == "kvm" and words[words.index("-cpu") + 1] == "host"


def test_qemu_ends_with_this_process(made: Kernel) -> None:
    words = qemu.command("qemu", made, Hardware(), FILES, [])
    assert words[1:5] == ["--pdeathsig", "KILL", "--", "qemu"]


@pytest.fixture
def script() -> str:
    task = guest.Task(["echo", "a b", "$HOME"], Path("/my dir"), {"A": "it's"}, [Path("/out dir")])
    return guest.second(task, "/bin/busybox", Path("/c/lib/modules/6.1"), "6.1")


def test_the_scripts_are_shell(script: str) -> None:
    for text in (guest.FIRST, script, guest.command(["a", "b c"])):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_words_stay_words(script: str) -> None:
    assert "cd '/my dir'" in script
    assert "share0 '/out dir'" in script
    assert """'A=it'"'"'s'""" in script
    done = subprocess.run(
        ["sh"], input=guest.command(["printf", "%s;", "a b", "$HOME", "'"]), text=True, stdout=subprocess.PIPE
    )
    assert done.stdout == "a b;$HOME;';"
