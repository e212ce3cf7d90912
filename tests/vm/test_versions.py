"""Kernels by the names and versions of their packages."""

from __future__ import annotations

import pytest

from tinybpf.vm import VmError, versions
from tinybpf.vm.versions import Package


def package(release: str, version: str) -> Package:
    return Package(f"linux-image-{release}", version, "suite")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("linux-image-6.12.117+deb13-amd64", "6.12"),
        ("linux-image-5.10.0-46-amd64", "5.10"),
        ("linux-image-6.1.0-0.deb11.52-amd64", "6.1"),
        ("linux-image-7.3-rc4-amd64", None),
        ("linux-image-6.12-amd64", None),
        ("linux-image-amd64", None),
        ("linux-image-6.12.117+deb13-cloud-amd64", None),
        ("linux-image-6.12.117+deb13-rt-amd64", None),
        ("linux-image-6.12.117+deb13-arm64", None),
        ("linux-image-6.12.117+deb13-amd64-dbg", None),
    ],
)
def test_which_packages_are_generic_kernels(name: str, line: str | None) -> None:
    assert versions.is_kernel(name) is (line is not None)
    if line:
        assert Package(name, "1", "").line == line


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("6.12.9-1", "6.12.10-1"),
        ("6.12.90-1", "6.12.90-2"),
        ("7.3~rc4-1~exp1", "7.3~rc10-1~exp1"),
        ("7.3~rc4-1~exp1", "7.3.0-1"),
        ("6.12.117-1~deb12u1", "6.12.117-1"),
        ("7.2.12-1~bpo13+1", "7.2.13-1~bpo13+1"),
    ],
)
def test_the_newer_version(older: str, newer: str) -> None:
    both = [package("6.12.0-amd64", newer), package("6.12.0-amd64", older)]
    assert max(both, key=versions.key).version == newer
    assert max(reversed(both), key=versions.key).version == newer


def test_the_newest_of_a_line_and_all_lines() -> None:
    packages = [
        package("6.12.9+deb13-amd64", "6.12.9-1"),
        package("6.12.117+deb13-amd64", "6.12.117-1"),
        package("6.1.0-56-amd64", "6.1.192-2"),
        package("6.1.0-9-amd64", "6.1.27-1"),
    ]
    found = versions.newest(packages, "6.1")
    assert found is not None and found.release == "6.1.0-56-amd64"
    assert versions.newest(packages, "6.2") is None
    assert versions.lines(packages) == ["6.1", "6.12"]


@pytest.mark.parametrize(
    ("given", "message"), [("6.12.4", "give 6.12, and"), ("six", "such as 6.12"), ("6", "such as 6.12")]
)
def test_what_is_no_line(given: str, message: str) -> None:
    with pytest.raises(VmError, match=message):
        versions.check_line(given)
