"""The archive of the initial file system, read by another program."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tinybpf.vm import cpio

ENTRIES = [
    cpio.folder("bin"),
    cpio.file("bin/tool", b"#!/bin/sh\n", executable=True),
    cpio.file("empty", b""),
    cpio.file("odd", b"12345"),
]


def test_members_begin_at_multiples_of_four() -> None:
    data = cpio.archive(ENTRIES)
    assert len(data) % 4 == 0
    places = [i for i in range(len(data)) if data.startswith(b"070701", i)]
    assert len(places) == len(ENTRIES) + 1 and all(place % 4 == 0 for place in places)


def test_another_program_unpacks_it(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox on this machine")
    subprocess.run([busybox, "cpio", "-i"], input=cpio.archive(ENTRIES), cwd=tmp_path, check=True)
    assert (tmp_path / "odd").read_bytes() == b"12345"
    assert (tmp_path / "empty").read_bytes() == b""
    assert stat.S_IMODE((tmp_path / "bin" / "tool").stat().st_mode) & 0o111
    assert not stat.S_IMODE((tmp_path / "odd").stat().st_mode) & 0o111
