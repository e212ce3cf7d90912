from __future__ import annotations

import os
import stat

import pytest

from tinybpf.compiler.output import write_atomically


def test_a_new_file_has_ordinary_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "x.o", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "x.o").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "x.o").stat().st_mode) == 0o640


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "x.o"
    path.write_bytes(b"old and longer")
    path.chmod(0o604)
    with path.open("rb") as reader:
        write_atomically(path, b"new")
        assert reader.read() == b"old and longer"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.o").write_bytes(b"old")
    (tmp_path / "link.o").symlink_to("real.o")
    write_atomically(tmp_path / "link.o", b"new")
    assert (tmp_path / "link.o").is_symlink()
    assert (tmp_path / "real.o").read_bytes() == b"new"


def test_what_is_no_file_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(tmp_path / "pipe", b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)


def test_nothing_is_left_behind_by_a_failure(tmp_path, monkeypatch):
    path = tmp_path / "x.o"
    path.write_bytes(b"old")

    def refuse(*_arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.o"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("none/x.o", FileNotFoundError), ("", IsADirectoryError), ("file/x.o", NotADirectoryError)],
)
def test_where_nothing_can_be_written(tmp_path, name, error):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(error):
        write_atomically(tmp_path / name, b"new")
