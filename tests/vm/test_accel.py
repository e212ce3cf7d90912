"""Whether KVM works is found out by booting with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.vm import Kernel, accel

PANIC = "echo '[ 0.9] Kernel panic - not syncing: VFS: Unable to mount root fs'"


@pytest.fixture
def qemu(tmp_path: Path) -> Path:
    return tmp_path / "qemu"


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        (PANIC, True),
        ("exec sleep 60", False),
        (f"{PANIC}; exec sleep 60", False),
        ("exit 0", False),
        (f"{PANIC}; kill -ABRT $$", False),
    ],
)
def test_a_kernel_runs_and_ends(qemu: Path, made: Kernel, text: str, works: bool) -> None:
    assert accel.probe(program(qemu, text), made, seconds=1) is works


def test_no_such_program(qemu: Path, made: Kernel) -> None:
    assert accel.probe(str(qemu), made) is False


def test_the_user_decides(qemu: Path, made: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYBPF_VM_ACCEL", "kvm")
    assert accel.works(str(qemu), made) is True
    monkeypatch.setenv("TINYBPF_VM_ACCEL", "tcg")
    assert accel.works(str(qemu), made) is False


def test_the_answer_is_remembered(
    qemu: Path, made: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    known = program(qemu, f"echo x >> {tmp_path}/runs; {PANIC}")
    for _ in range(2):
        accel._remembered.cache_clear()
        assert accel._remembered(known, made) is True
    assert (tmp_path / "runs").read_text() == "x\n"
    accel._remembered.cache_clear()
