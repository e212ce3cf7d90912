"""What a machine must have, and what is said where it has not."""

from __future__ import annotations

import platform
import struct
import sys
from pathlib import Path

import pytest

from tinybpf.vm import VmError, tools


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any of the programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "PLACES", (str(tmp_path),))
    tools._which.cache_clear()
    monkeypatch.setattr(tools, "_which", tools._which.__wrapped__)
    return tmp_path


def test_all_that_is_missing_is_said_at_once(empty: Path) -> None:
    with pytest.raises(VmError) as caught:
        tools.find(tools.TO_RUN)
    assert "missing on this machine: qemu-system-x86_64, busybox, modprobe;" in str(caught.value)
    assert "apt-get install busybox-static kmod qemu-system-x86" in str(caught.value)


def test_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(VmError, match="made for x86-64, and this machine is aarch64"):
        tools.check_machine()


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(VmError, match="on Linux only, this is darwin"):
        tools.check_machine()


def elf(kind: int) -> bytes:
    head = bytearray(64)
    head[:5] = b"\x7fELF\2"
    struct.pack_into("<Q", head, 32, 64)
    struct.pack_into("<HH", head, 54, 56, 1)
    return bytes(head) + struct.pack("<I", kind) + bytes(52)


def test_a_busybox_with_libraries_does_not_do(empty: Path) -> None:
    program = empty / "busybox"
    program.write_bytes(elf(tools.PT_INTERP))
    program.chmod(0o755)
    with pytest.raises(VmError, match=r"needs libraries; .*install busybox-static"):
        tools.busybox()
    program.write_bytes(elf(1))
    assert tools.busybox() == str(program)
