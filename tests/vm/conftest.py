"""A kernel in a cache, as far as it goes without booting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.vm import Kernel


@pytest.fixture
def made(tmp_path: Path) -> Kernel:
    """A folder that looks like a kernel of line 6.12."""
    return make(tmp_path / "cache" / "kernels", "6.12.9+deb13-amd64", "6.12", "6.12.9-1")


def make(where: Path, release: str, line: str, package: str) -> Kernel:
    folder = where / release
    (folder / "lib" / "modules" / release).mkdir(parents=True)
    (folder / "vmlinux").write_bytes(b"")
    (folder / "kernel").write_text(f"{line}\n{release}\n{package}\n")
    return Kernel(line, release, folder, folder / "vmlinux", package)
