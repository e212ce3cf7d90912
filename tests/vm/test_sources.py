"""The archive's address from this machine's own package sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.vm import VmError, apt, sources
from tinybpf.vm.sources import Archives, Source

LINES = """
# deb http://commented.example/debian bookworm main
deb-src http://one.example/debian bookworm main
deb [arch=amd64 signed-by=/keys/one.gpg] http://one.example/mirror/ bookworm main contrib
deb https://other.example/apt stable-things main
"""
PARAGRAPHS = """Types: deb deb-src
# a remark
URIs: http://two.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /keys/two.gpg

Types: deb
URIs: http://two.example/secure
Suites: trixie-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main
"""


@pytest.fixture(autouse=True)
def no_keyrings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where apt's own keys are all."""
    monkeypatch.setattr(sources, "KEYRINGS", ())


def test_lines() -> None:
    assert sources.parse_lines(LINES) == [
        Source("http://one.example/mirror", ("bookworm",), "/keys/one.gpg"),
        Source("https://other.example/apt", ("stable-things",), ""),
    ]


def test_paragraphs() -> None:
    assert sources.parse_paragraphs(PARAGRAPHS) == [
        Source("http://two.example/debian", ("trixie", "trixie-updates"), "/keys/two.gpg"),
        Source("http://two.example/secure", ("trixie-security",), ""),
    ]


def test_a_machine_has_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://third.example/x mystable main\n")
    (tmp_path / "sources.list.d" / "debian.sources").write_text(PARAGRAPHS)
    (tmp_path / "sources.list.d" / "broken").mkdir()
    found = sources.archives(sources.read_all(tmp_path), {})
    assert found.main.uri == "http://two.example/debian"
    assert found.security is not None and found.security.uri == "http://two.example/secure"


def test_security_is_beside_the_releases_where_no_entry_says() -> None:
    found = sources.archives([Source("http://one.example/debian", ("sid",), "k")], {})
    assert found.security == Source("http://one.example/debian-security", (), "k")


def test_an_address_of_the_users_own() -> None:
    found = sources.archives([], {"TINYBPF_DEBIAN_MIRROR": "http://mine.example/debian/"})
    assert found.main.uri == "http://mine.example/debian"


def test_another_distribution_is_told_what_to_set() -> None:
    with pytest.raises(VmError, match="set TINYBPF_DEBIAN_MIRROR"):
        sources.archives([Source("http://archive.example/ubuntu", ("noble",), "")], {})


def test_other_suites_of_the_same_archive() -> None:
    archives = Archives(Source("http://a.example/d", (), "/k"), Source("http://a.example/s", (), ""))
    text = apt.source_lines(archives, [("main", "sid"), ("security", "trixie-security")])
    assert text.splitlines() == [
        "deb [arch=amd64 signed-by=/k] http://a.example/d sid main",
        "deb [arch=amd64] http://a.example/s trixie-security main",
    ]


def test_packages_of_all_suites() -> None:
    text = (
        " linux-image-6.12.9+deb13-amd64 | 6.12.9-1 | http://a.example/d trixie/main amd64 Packages\n"
        "linux-image-6.12.9+deb13-cloud-amd64 | 6.12.9-1 | http://a.example/d trixie/main amd64 Packages\n"
        "N: something else\n"
    )
    (only,) = apt.parse_madison(text)
    assert (only.release, only.version, only.suite) == ("6.12.9+deb13-amd64", "6.12.9-1", "trixie")


def test_newer_kernels_are_in_several_packages() -> None:
    release = "7.2.12+deb13-amd64"
    of = apt.versions.Package(f"linux-image-{release}", "7.2.12-1", "")
    shown = (
        f"Package: linux-image-{release}\n"
        f"Depends: dracut | initramfs-tools, linux-base-{release} (= 7.2.12-1), linux-binary-{release}, "
        f"linux-modules-{release} (= 7.2.12-1), linux-modules-{release}-extra\n"
    )
    assert apt.parts(shown, of) == [
        f"linux-{kind}-{release}=7.2.12-1" for kind in ("base", "binary", "modules")
    ]
    assert apt.parts("Depends: kmod, linux-base (>= 4.3~)\n", of) == []
