"""fentry-open: each file that is opened is reported with its whole path, its size and the result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lacking import skip_without

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def has_fentry() -> None:
    skip_without("fentry")


def test_what_a_process_opens(bpf, me: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(bytes(1234))
    monkeypatch.chdir(tmp_path)
    with tinybpf.load_go(bpf) as obj:
        obj.program("opening").attach()
        obj.program("opened").attach()
        os.close(os.open("file", os.O_RDWR))
        seen = [e for e in obj.ring_buffer("opens", timeout=1) if me == e.PID and e.Size == 1234]
        assert obj.lost("opens") == 0
    # A file system that lies over another one opens the file there, too; a container sees less of the path.
    assert [e for e in seen if e.Path.text.endswith(f"{tmp_path}/file")]
    for e in seen:
        assert (e.Flags & os.O_ACCMODE, e.Result) == (os.O_RDWR, 0)
        assert 0 < e.Took < 10e9


def test_main(run_main, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(bytes(77))
    script = run_main()
    found = script.until(
        rf"^ +(\d+)  \S+ +[\d.]+ µs +77  read +allowed +\S*{path}$", poke=lambda: path.read_bytes()
    )
    assert int(found[1]) > 0
    assert script.interrupt().startswith("     PID  COMM")
