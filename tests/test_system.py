"""Facts about the machine, from files that are made here."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tinybpf import system

STATUS = "Name:\tpython\nNSpid:\t4711\t7\nCapEff:\t000000c000001000\nCapBnd:\t0000000000000000\nSeccomp:\t2"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files that exist; all others can't be read."""
    made: dict[str, str] = {}
    monkeypatch.setattr(system, "read", made.get)
    return made


def test_capabilities_by_name(files: dict[str, str]):
    assert system.effective_capabilities() is None
    files["/proc/thread-self/status"] = STATUS
    assert system.effective_capabilities() == {"CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"}
    assert system.capability_set("CapBnd") == frozenset()
    assert system.capability_set("CapAmb") is None
    files["/proc/thread-self/status"] = "CapEff:\tno number"
    assert system.effective_capabilities() is None
    files["/proc/thread-self/status"] = f"CapEff:\t{1 << 50:016x}"
    assert system.effective_capabilities() == {"CAP_50"}
    assert len(system.CAPABILITIES) == 41 and system.CAPABILITIES[21] == "CAP_SYS_ADMIN"


def test_seccomp_and_process_ids(files: dict[str, str]):
    assert system.seccomp() is None and system.process_status() == {}
    files["/proc/thread-self/status"] = STATUS
    assert system.seccomp() == "filter"
    assert system.process_status()["NSpid"].split() == ["4711", "7"]


@pytest.mark.parametrize(
    ("release", "version", "older"),
    [
        ("6.1.0-18-amd64", (6, 1), False),
        ("5.10.0", (5, 10), False),
        ("5.8-rc1", (5, 8), False),
        ("5.4.0-150-generic", (5, 4), True),
        ("4.19.0", (4, 19), True),
        ("strange", None, False),
        (None, None, False),
    ],
)
def test_the_kernels_version(monkeypatch: pytest.MonkeyPatch, release: str, version: object, older: bool):
    monkeypatch.setattr(system, "kernel_release", lambda: release)
    assert system.kernel_version() == version
    assert system.older_than("5.8") is older


def test_lockdown(files: dict[str, str]):
    assert system.lockdown() is None
    files["/sys/kernel/security/lockdown"] = "none [integrity] confidentiality"
    assert system.lockdown() == "integrity"
    files["/sys/kernel/security/lockdown"] = "odd"
    assert system.lockdown() is None


def test_security_modules_by_file_command_line_and_configuration(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(system, "kernel_config", lambda: None)
    assert system.security_modules() is None
    monkeypatch.setattr(system, "kernel_config", lambda: ("x", {"CONFIG_LSM": "yama,bpf"}))
    assert system.security_modules() == ("yama", "bpf")
    files["/proc/cmdline"] = "quiet lsm=landlock,yama ro"
    assert system.security_modules() == ("landlock", "yama")
    files["/sys/kernel/security/lsm"] = "capability,bpf"
    assert system.security_modules() == ("capability", "bpf")


def test_sysctls(files: dict[str, str]):
    assert system.sysctl("kernel.unprivileged_bpf_disabled") is None
    files["/proc/sys/kernel/unprivileged_bpf_disabled"] = "2"
    assert system.sysctl("kernel.unprivileged_bpf_disabled") == 2
    files["/proc/sys/kernel/unprivileged_bpf_disabled"] = "off"
    assert system.sysctl("kernel.unprivileged_bpf_disabled") is None


def test_mounts_with_blanks_and_those_that_are_hidden(files: dict[str, str], tmp_path: Path):
    place = tmp_path / "a b"
    place.mkdir()
    files["/proc/self/mounts"] = (
        f"none {str(place).replace(' ', chr(92) + '040')} cgroup2 rw,relatime 0 0\n"
        f"none {tmp_path}/gone cgroup2 rw 0 0\nshort line\n"
    )
    assert [mount.path for mount in system.mounts()] == [str(place), f"{tmp_path}/gone"]
    assert system.mounts()[0].options == "rw,relatime"
    assert system.mounted("cgroup2") == [str(place)] and system.mounted("bpf") == []


class TestConfiguration:
    @pytest.fixture(autouse=True)
    def forget(self) -> None:
        system.kernel_config.cache_clear()

    def read(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> object:
        real = system._config_text
        monkeypatch.setattr(
            system, "_config_text", lambda place: real(str(path)) if place == "/proc/config.gz" else None
        )
        return system.kernel_config()

    def test_items(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        path = tmp_path / "config.gz"
        path.write_bytes(gzip.compress(b'CONFIG_BPF=y\n# CONFIG_KPROBES is not set\nCONFIG_LSM="a,bpf"\n'))
        monkeypatch.setattr(system, "kernel_release", lambda: "6.1.0")
        assert self.read(monkeypatch, path) == ("/proc/config.gz", {"CONFIG_BPF": "y", "CONFIG_LSM": "a,bpf"})
        assert (system.config_item("CONFIG_BPF"), system.config_item("CONFIG_KPROBES")) == ("y", "n")

    @pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"CONFIG_BPF=y\n" * 99)[:30]])
    def test_what_is_no_configuration(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes):
        path = tmp_path / "config.gz"
        path.write_bytes(content)
        assert self.read(monkeypatch, path) is None
        assert system.config_item("CONFIG_BPF") is None

    def teardown_method(self) -> None:
        system.kernel_config.cache_clear()


def test_this_machine_answers_without_raising():
    assert system.kernel_release() == os.uname().release
    assert isinstance(system.effective_capabilities(), frozenset)
    assert system.in_initial_pid_namespace() in (True, False, None)
    assert system.memlock_limit() is not None
    assert system.read("/nowhere") is None
