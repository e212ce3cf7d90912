"""kprobe-openat: files that are opened are reported, and those that could not be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from lacking import skip_without

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def has_kprobes() -> None:
    skip_without("kprobe")


def test_what_a_process_opens(bpf, me: int, tmp_path: Path):
    there, nowhere = str(tmp_path / "there"), str(tmp_path / "nowhere")
    Path(there).touch()
    with tinybpf.load_go(bpf) as obj:
        obj.program("opening").attach()
        obj.program("opened").attach()
        fd = os.open(there, os.O_RDONLY)
        with pytest.raises(FileNotFoundError):
            os.open(nowhere, os.O_RDONLY)
        os.close(fd)
        seen = [e for e in obj.ring_buffer("opens", timeout=1) if me == e.PID]
        assert obj.lost("opens") == 0
    results = {e.Path.text: e.Result for e in seen}
    assert results[there] == fd
    assert results[nowhere] == -errno.ENOENT
    assert {e.Comm.text for e in seen} == {Path("/proc/self/comm").read_text().strip()}


def test_main(run_main, tmp_path: Path):
    script = run_main()
    path = tmp_path / "file"
    found = script.until(
        rf"^ +(\d+)  \S+ +No such file or directory +{path}$",
        poke=lambda: os.path.exists(path) or _open(path),
    )
    assert int(found[1]) > 0
    assert script.interrupt().startswith("     PID  COMM             RESULT                       PATH\n")


def _open(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        os.open(path, os.O_RDONLY)
