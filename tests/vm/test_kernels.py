"""The cache of kernels, with a made-up archive."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tinybpf import vm
from tinybpf.vm import Kernel, VmError, apt, kernels, sources, tools
from tinybpf.vm.versions import Package

RELEASE = "6.12.117+deb13-amd64"


class Archive:
    """Stands in for apt: a few packages, and what was asked of it."""

    packages = (
        Package(f"linux-image-{RELEASE}", "6.12.117-1", "trixie-security"),
        Package("linux-image-6.1.0-56-amd64", "6.1.192-2", "bookworm-security"),
    )
    downloads = 0
    fails = False

    def __init__(self, folder: Path, archives: object, suites: object) -> None:
        self.small = suites == apt.SMALL

    def update(self) -> None:
        pass

    def kernels(self) -> list[Package]:
        return list(self.packages) if self.small else []

    def files_of(self, package: Package) -> list[str]:
        return [package.name]

    def download(self, wanted: list[str], folder: Path) -> None:
        type(self).downloads += 1
        (folder / "half.part").write_text("")
        if self.fails:
            raise VmError("the download failed")


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> type[Archive]:
    monkeypatch.setattr(Archive, "downloads", 0)
    monkeypatch.setattr(apt, "Apt", Archive)
    monkeypatch.setattr(sources, "archives", lambda entries: None)
    monkeypatch.setattr(tools, "find", lambda names: dict.fromkeys(names, "true"))
    monkeypatch.setattr(kernels, "_call", lambda command: None)

    def image(folder: Path, release: str) -> None:
        (folder / "vmlinux").write_bytes(b"kernel")

    monkeypatch.setattr(kernels, "_store_image", image)
    return Archive


def test_the_newest_is_downloaded_once(archive: type[Archive], tmp_path: Path) -> None:
    said: list[str] = []
    found = vm.kernel("6.12", cache=tmp_path, say=said.append)
    assert (found.version, found.release, found.package) == ("6.12", RELEASE, "6.12.117-1")
    assert found.image.read_bytes() == b"kernel"
    assert "6.12.117-1 from trixie-security" in said[-1]
    assert vm.kernel("6.12", cache=tmp_path) == found
    assert archive.downloads == 1
    assert vm.cached(tmp_path) == [found]


def test_a_download_that_fails_leaves_nothing(
    archive: type[Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "fails", True)
    with pytest.raises(VmError, match="the download failed"):
        vm.kernel("6.12", cache=tmp_path)
    assert [p.name for p in (tmp_path / "kernels").iterdir() if p.is_dir()] == []


def test_what_a_killed_process_left_goes_with_the_next(archive: type[Archive], tmp_path: Path) -> None:
    (tmp_path / "kernels" / ".new-abc" / "debs").mkdir(parents=True)
    vm.kernel("6.12", cache=tmp_path)
    assert [p.name for p in (tmp_path / "kernels").iterdir() if p.is_dir()] == [RELEASE]


def test_two_at_once_download_once(archive: type[Archive], tmp_path: Path) -> None:
    found: list[Kernel] = []
    threads = [
        threading.Thread(target=lambda: found.append(vm.kernel("6.1", cache=tmp_path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
    assert archive.downloads == 1


def test_an_unknown_line_is_told_which_there_are(archive: type[Archive], tmp_path: Path) -> None:
    with pytest.raises(
        VmError, match=r"no kernel 6\.2 in the distribution's archive, which has 6\.1, 6\.12$"
    ):
        vm.kernel("6.2", cache=tmp_path)


def test_the_newest_of_those_in_the_cache(made: Kernel, archive: type[Archive]) -> None:
    cache = made.folder.parent.parent
    assert vm.kernel("6.12", cache=cache) == made
    assert kernels.kernel("6.12", cache=cache, update=True).release == RELEASE
    assert vm.kernel("6.12", cache=cache).release == RELEASE
    assert [found.release for found in vm.cached(cache)] == [made.release, RELEASE]


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VmError, match="XDG_CACHE_HOME names another place"):
        vm.kernel("6.12", cache=tmp_path / "file")


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert kernels.default_cache() == Path("/somewhere/tinybpf")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/me")
    assert kernels.default_cache() == Path("/home/me/.cache/tinybpf")
