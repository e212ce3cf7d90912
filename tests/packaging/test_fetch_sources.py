"""tools/fetch_sources.py: which sources it takes, and from where."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def tool(project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(project / "tools"))
    return importlib.import_module("fetch_sources")


@pytest.fixture
def apt(tool: ModuleType) -> ModuleType:
    return importlib.import_module("apt_sources")


VERSION_FILES = {
    "libbpf": (
        "src/Makefile",
        "LIBBPF_MAJOR_VERSION := {}\nLIBBPF_MINOR_VERSION := {}\nLIBBPF_PATCH_VERSION := {}\n",
    ),
    "elfutils": ("configure.ac", "AC_INIT([elfutils],[{}.{}],[x])\n"),
    "zlib": ("zlib.h", '#define ZLIB_VERSION "{}.{}.{}"\n'),
}
FITTING = {"libbpf": "1.7.0", "elfutils": "0.192", "zlib": "1.3.1"}


def contents(name: str, version: str) -> dict[str, str]:
    place, text = VERSION_FILES[name]
    extra = {
        "libbpf": {"src/bpf.c": "libbpf\n", "fuzz/x.c": "no\n"},
        "elfutils": {"libelf/elf_begin.c": "elf\n", "tests/big.c": "no\n"},
        "zlib": {"inflate.c": "z\n", "contrib/zlib.h": "no\n"},
    }[name]
    return {**extra, place: text.format(*version.split("."))}


def make_tree(root: Path, name: str, version: str) -> Path:
    for path, text in contents(name, version).items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def make_tarball(place: Path, name: str, version: str, extra: dict[str, str] | None = None) -> Path:
    with tarfile.open(place, "w:gz") as archive:
        for path, text in {**contents(name, version), **(extra or {})}.items():
            member = tarfile.TarInfo(path if path.startswith(("/", "..")) else f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return place


@pytest.fixture
def named(tmp_path: Path) -> dict[str, str]:
    """An environment that names a fitting tree for each library."""
    return {
        f"TINYBPF_{name.upper()}_SOURCE": str(make_tree(tmp_path / "src" / name, name, version))
        for name, version in FITTING.items()
    }


def silent(text: str) -> None:
    pass


# ---- named sources ----


def test_named_trees_are_taken(tool: ModuleType, named: dict[str, str], tmp_path: Path) -> None:
    tool.fetch(tmp_path / "out", named, silent)
    out = tmp_path / "out"
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == {
        "libbpf/src/Makefile", "libbpf/src/bpf.c", "elfutils/configure.ac", "elfutils/libelf/elf_begin.c",
        "zlib/zlib.h", "zlib/inflate.c", "sources.json",
    }  # fmt: skip
    record = json.loads((tmp_path / "out" / "sources.json").read_text())
    assert {name: entry["version"] for name, entry in record.items()} == FITTING
    assert str(tmp_path) not in (tmp_path / "out" / "sources.json").read_text()


def test_named_tarball_is_taken(tool: ModuleType, named: dict[str, str], tmp_path: Path) -> None:
    named["TINYBPF_LIBBPF_SOURCE"] = str(make_tarball(tmp_path / "l.tar.gz", "libbpf", "1.8.2"))
    tool.fetch(tmp_path / "out", named, silent)
    assert json.loads((tmp_path / "out" / "sources.json").read_text())["libbpf"]["version"] == "1.8.2"
    assert (tmp_path / "out/libbpf/src/bpf.c").read_text() == "libbpf\n"


def test_named_source_replaces_what_is_there(tool: ModuleType, named: dict[str, str], tmp_path: Path) -> None:
    tool.fetch(tmp_path / "out", named, silent)
    newer = make_tree(tmp_path / "newer", "libbpf", "1.9.0")
    (newer / "src/bpf.c").write_text("newer\n")
    tool.fetch(tmp_path / "out", {"TINYBPF_LIBBPF_SOURCE": str(newer)}, silent)
    assert (tmp_path / "out/libbpf/src/bpf.c").read_text() == "newer\n"


def test_only_what_changed_looks_new_to_the_build(
    tool: ModuleType, named: dict[str, str], tmp_path: Path
) -> None:
    tool.fetch(tmp_path / "out", named, silent)
    places = [tmp_path / "out/libbpf" / name for name in ("src/bpf.c", "src/Makefile")]
    for place in places:
        os.utime(place, (1000, 1000))
    tree = Path(named["TINYBPF_LIBBPF_SOURCE"])
    (tree / "src/bpf.c").write_text("changed\n")
    os.utime(tree / "src/bpf.c", (500, 500))  # an older file may be the other version
    tool.fetch(tmp_path / "out", named, silent)
    assert [place.stat().st_mtime > 1000 for place in places] == [True, False]


def test_what_is_there_is_kept_without_apt(
    tool: ModuleType, named: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.fetch(tmp_path / "out", named, silent)
    stamp = (tmp_path / "out/sources.json").stat().st_mtime_ns
    monkeypatch.setenv("PATH", str(tmp_path))
    tool.fetch(tmp_path / "out", {}, silent)
    assert (tmp_path / "out/sources.json").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("version", ["1.6.9", "2.0.0", "0.8.1"])
def test_unfit_version_is_refused(
    tool: ModuleType, named: dict[str, str], tmp_path: Path, version: str
) -> None:
    named["TINYBPF_LIBBPF_SOURCE"] = str(make_tree(tmp_path / "unfit", "libbpf", version))
    with pytest.raises(tool.FetchError, match=rf"is libbpf {version}, but libbpf >= 1.7, < 2 is needed"):
        tool.fetch(tmp_path / "out", named, silent)
    assert not (tmp_path / "out/libbpf").exists()


def test_wrong_tree_missing_file_and_broken_tarball(
    tool: ModuleType, named: dict[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"\x1f\x8bnot a tarball")
    for place, words in (
        (named["TINYBPF_ZLIB_SOURCE"], "is not libbpf's source: it has no src/Makefile"),
        (str(tmp_path / "nowhere"), "no such file or folder"),
        (str(broken), "could not be unpacked"),
    ):
        with pytest.raises(tool.FetchError, match=words):
            tool.fetch(tmp_path / "out", {**named, "TINYBPF_LIBBPF_SOURCE": place}, silent)


def test_a_tarball_cannot_write_elsewhere(tool: ModuleType, named: dict[str, str], tmp_path: Path) -> None:
    evil = {"../../src/evil.c": "x", "/tmp/tinybpf-evil/src/evil.c": "x", "../src/evil.c": "x"}
    named["TINYBPF_LIBBPF_SOURCE"] = str(make_tarball(tmp_path / "evil.tar.gz", "libbpf", "1.7.0", evil))
    tool.fetch(tmp_path / "out", named, silent)
    assert not [path for path in tmp_path.rglob("evil.c")]
    assert not Path("/tmp/tinybpf-evil").exists()


def test_without_apt_the_error_says_what_to_name(project: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(project / "tools/fetch_sources.py"), "--into", str(tmp_path / "out")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TINYBPF_")}
    done = subprocess.run(command, env={**environment, "PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no apt on this machine" in done.stderr
    for name in ("LIBBPF", "ELFUTILS", "ZLIB"):
        assert f"TINYBPF_{name}_SOURCE" in done.stderr
    assert "libbpf >= 1.7, < 2" in done.stderr
    assert "Traceback" not in done.stderr


# ---- apt ----

BOOKWORM = """\
# a comment
Types: deb
URIs: http://archive.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcd
Trusted: yes

Types: deb deb-src
URIs: http://archive.invalid/security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.invalid/
Suites: off
"""
LINES = """\
deb [arch=amd64 signed-by=/key.gpg trusted=yes] http://archive.invalid/debian bookworm main contrib # words
deb-src http://archive.invalid/debian bookworm main
# deb http://off.invalid/ off main
deb cdrom:[Debian]/ bookworm main
"""
RELEASE = {"ID": "debian", "VERSION_CODENAME": "bookworm"}


def entries_of(apt: ModuleType, tmp_path: Path, **files: str) -> list[Any]:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    for name, text in files.items():
        (parts / name.replace("_", ".")).write_text(text)
    found: list[Any] = apt.machine_entries(tmp_path / "sources.list", parts)
    return found


def test_stanzas_keep_the_key_and_lose_trust(apt: ModuleType, tmp_path: Path) -> None:
    entries = entries_of(apt, tmp_path, debian_sources=BOOKWORM)
    assert [entry.suites for entry in entries] == [("bookworm", "bookworm-updates"), ("bookworm-security",)]
    text = entries[0].stanza()
    assert text.startswith(
        "Types: deb-src\nURIs: http://archive.invalid/debian\nSuites: bookworm bookworm-updates\n"
    )
    assert "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd" in text
    assert "rusted" not in text and "off.invalid" not in text


def test_one_line_entries(apt: ModuleType, tmp_path: Path) -> None:
    entries = entries_of(apt, tmp_path, x_list=LINES)
    assert [entry.stanza() for entry in entries] == [
        "Types: deb-src\nURIs: http://archive.invalid/debian\nSuites: bookworm\nComponents: main contrib\n"
        "signed-by: /key.gpg\n",
        "Types: deb-src\nURIs: http://archive.invalid/debian\nSuites: bookworm\nComponents: main\n",
    ]


def test_own_suites_come_first_then_later_releases(apt: ModuleType, tmp_path: Path) -> None:
    entries = entries_of(apt, tmp_path, debian_sources=BOOKWORM)
    tried = list(apt.suites_to_try(entries, RELEASE))
    assert [name for name, _ in tried] == ["bookworm", "stable", "testing", "unstable"]
    assert tried[0][1] == entries
    for name, moved in tried[1:]:
        assert [(entry.uris, entry.suites) for entry in moved] == [("http://archive.invalid/debian", (name,))]


def test_a_machine_on_testing_does_not_try_it_twice(apt: ModuleType) -> None:
    entry = apt.Entry("http://archive.invalid/debian", ("testing",), "main")
    names = [name for name, _ in apt.suites_to_try([entry], {"ID": "debian", "VERSION_CODENAME": "forky"})]
    assert names == ["forky", "stable", "unstable"]


def test_others_archives_are_not_asked_for_debian_suites(apt: ModuleType) -> None:
    debian = apt.Entry("http://archive.invalid/debian", ("trixie",), "main")
    other = apt.Entry("http://other.invalid/", ("nodistro",), "main")
    tried = dict(apt.suites_to_try([debian, other], {"ID": "debian", "VERSION_CODENAME": "trixie"}))
    assert [entry.uris for entry in tried["testing"]] == ["http://archive.invalid/debian"]


@pytest.mark.parametrize(
    ("package", "upstream"),
    [
        ("1.7.0-1", (1, 7, 0)),
        ("1:1.3.dfsg+really1.3.2-3", (1, 3, 2)),
        ("1:1.2.13.dfsg-1", (1, 2, 13)),
        ("0.188-2.1", (0, 188)),
        ("1.10.1-1~bpo12+1", (1, 10, 1)),
    ],
)
def test_upstream_version(apt: ModuleType, package: str, upstream: tuple[int, ...]) -> None:
    assert apt.upstream_version(package) == upstream


Suites = dict[str, dict[str, list[str]]]
Archive = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def archive(tool: ModuleType, apt: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Fetch from an archive that has what the test says; `gone` are versions listed but not to be had."""
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(BOOKWORM)
    monkeypatch.setattr(apt, "apt_folders", lambda: (tmp_path / "none", parts))
    monkeypatch.setattr(apt, "os_release", lambda: RELEASE)

    def run(suites: Suites, gone: set[str] = frozenset()) -> dict[str, dict[str, str]]:  # type: ignore[assignment]
        class FakeApt:
            def __init__(self, folder: Path, entries: list[Any]) -> None:
                self.folder, self.suite = folder, entries[0].suites[0]

            def update(self) -> list[str]:
                return [] if self.suite in suites else [f"E: {self.suite} does not have a Release file"]

            def versions(self, package: str) -> list[str]:
                listed = suites.get(self.suite, {}).get(package, [])
                return sorted(listed, key=apt.upstream_version, reverse=True)

            def download(self, package: str, version: str) -> Path:
                if version in gone:
                    raise apt.AptError(f"E: {package}={version} 404")
                upstream = ".".join(map(str, apt.upstream_version(version)))
                return make_tarball(self.folder / f"{package}_{version}.orig.tar.gz", package, upstream)

        monkeypatch.setattr(apt, "Apt", FakeApt)
        into = tmp_path / "out"
        into.mkdir(exist_ok=True)
        found: dict[str, dict[str, str]] = tool.fetch_by_apt(list(tool.LIBRARIES), into, silent)
        return found

    return run


OLD = {"libbpf": ["1.1.2-0+deb12u1"], "elfutils": ["0.188-2.1"], "zlib": ["1:1.2.13.dfsg-1"]}
NEW = {"libbpf": ["1.7.0-1"], "elfutils": ["0.196-1"], "zlib": ["1:1.3.dfsg+really1.3.2-3"]}


def versions(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: entry["version"] for name, entry in found.items()}


def test_each_library_from_the_first_suite_that_has_it(archive: Archive) -> None:
    found = archive({"bookworm": OLD, "stable": {"libbpf": ["1.5.0-3"]}, "testing": NEW})
    assert versions(found) == {"libbpf": "1.7.0", "elfutils": "0.188", "zlib": "1.2.13"}
    assert found["libbpf"]["from"] == "source package libbpf 1.7.0-1"


def test_after_the_next_release_stable_serves(archive: Archive) -> None:
    found = archive({"bookworm": OLD, "stable": NEW, "testing": {"libbpf": ["2.0.0-1"]}})
    assert versions(found)["libbpf"] == "1.7.0"


def test_libbpf_2_is_passed_over(archive: Archive) -> None:
    mixed = {"libbpf": ["2.1-1", "1.9.0-1"]}
    suites = {"bookworm": OLD, "testing": {"libbpf": ["2.0.0-1"]}, "unstable": mixed}
    assert versions(archive(suites))["libbpf"] == "1.9.0"


def test_an_unreachable_suite_or_file_does_not_stop_it(archive: Archive) -> None:
    testing, unstable = {"libbpf": ["1.8.0-1", "1.7.0-1"]}, {"libbpf": ["1.8.1-1"]}
    suites = {"bookworm": OLD, "testing": testing, "unstable": unstable}
    assert versions(archive(suites, {"1.8.0-1"}))["libbpf"] == "1.7.0"
    assert versions(archive(suites, {"1.8.0-1", "1.7.0-1"}))["libbpf"] == "1.8.1"


def test_nothing_found_says_what_was_seen(tool: ModuleType, archive: Archive) -> None:
    with pytest.raises(tool.FetchError) as caught:
        archive({"bookworm": OLD, "testing": {"libbpf": ["2.0.0-1"]}})
    words = str(caught.value)
    assert "libbpf >= 1.7, < 2" in words
    assert "bookworm: libbpf 1.1.2-0+deb12u1 does not fit" in words
    assert "testing: libbpf 2.0.0-1 does not fit" in words
    assert "unstable does not have a Release file" in words
