"""lsm-file-open: files of the given names cannot be opened, by root neither; others can."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from lacking import skip_without

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def has_lsm() -> None:
    skip_without("lsm")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """One to guard, and one to leave alone."""
    guarded, other = tmp_path / f"guarded-{os.getpid()}", tmp_path / "other"
    guarded.write_text("secret")
    other.write_text("public")
    return guarded, other


def test_a_guarded_file(bpf, me: int, files):
    guarded, other = files
    key = guarded.name.encode().ljust(64, b"\0")
    with tinybpf.load_go(bpf) as obj:
        obj.map("guarded")[key] = 1
        obj.program("opening").attach()
        with pytest.raises(PermissionError) as caught:
            guarded.read_text()
        assert caught.value.errno == errno.EPERM
        assert subprocess.run(["cat", guarded], capture_output=True).returncode != 0
        assert other.read_text() == "public"
        seen = list(obj.ring_buffer("denied", count=2, timeout=20))
    assert guarded.read_text() == "secret"
    assert [e.Name.text for e in seen] == [guarded.name] * 2
    assert (seen[0].PID, seen[0].UID, seen[1].Comm.text) == (me, os.getuid(), "cat")


def test_main(run_main, files):
    guarded, other = files
    script = run_main(guarded.name, "another")
    script.until(r"^Guarding\.$")

    def attempt() -> None:
        with pytest.raises(PermissionError):
            guarded.read_text()

    found = script.until(rf"^denied: {guarded.name} to \S.*, process (\d+) of user 0$", poke=attempt)
    assert int(found[1]) > 0 and other.read_text() == "public"
    script.interrupt()
    assert guarded.read_text() == "secret"
