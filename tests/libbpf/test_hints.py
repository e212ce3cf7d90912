"""What a message says about EPERM: what this thread lacks, or what else forbids it."""

from __future__ import annotations

import errno
import resource

import pytest

from tinybpf import system
from tinybpf.libbpf import _forbidden, _hints

ALL = "000001ffffffffff"


class Machine:
    """A machine of files; what it has none of is not there."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.release = "6.1.0"
        self.user_namespace: bool | None = True
        self.memlock = resource.RLIM_INFINITY

    def capabilities(self, bits: int | str) -> None:
        text = bits if isinstance(bits, str) else f"{bits:016x}"
        self.files["/proc/thread-self/status"] = f"Name:\tx\nCapEff:\t{text}\nSeccomp:\t0"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(system, "read", lambda path: made.files.get(path))
    monkeypatch.setattr(system, "kernel_release", lambda: made.release)
    monkeypatch.setattr(system, "in_initial_user_namespace", lambda: made.user_namespace)
    monkeypatch.setattr(system, "memlock_limit", lambda: made.memlock)
    return made


def test_names_exactly_what_is_missing(machine: Machine):
    machine.capabilities(0)
    assert _hints.missing_capabilities() == ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"]
    assert "lacks CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; run it as root" in (
        _hints.general_hint(errno.EPERM) or ""
    )
    machine.capabilities(1 << 39 | 1 << 12)
    assert _hints.missing_capabilities() == ["CAP_PERFMON"]
    assert "lacks CAP_PERFMON to load 'x' (TRACEPOINT); run it as root, or give it the capability" in (
        _hints.permission_hint(("CAP_BPF", "CAP_PERFMON"), "to load 'x' (TRACEPOINT)") or ""
    )
    assert _hints.lacks(("CAP_BPF", "CAP_NET_ADMIN")) is None


def test_cap_sys_admin_stands_for_all_and_before_5_8_for_nothing_else(machine: Machine):
    machine.capabilities(1 << 21)
    assert _hints.missing_capabilities() == []
    machine.release = "5.7.3"
    assert _hints.missing_capabilities() == []
    machine.capabilities(1 << 39 | 1 << 38 | 1 << 12)
    assert _hints.missing_capabilities() == ["CAP_SYS_ADMIN"]
    machine.release = "5.8.0"
    assert _hints.missing_capabilities() == []


def test_what_else_may_forbid_it(machine: Machine):
    machine.capabilities(ALL)
    assert _hints.permission_hint() is None
    machine.files["/sys/kernel/security/lockdown"] = "none integrity [confidentiality]"
    assert "lockdown mode 'confidentiality'" in (_hints.permission_hint() or "")
    machine.user_namespace = False
    assert "only within its user namespace" in (_hints.permission_hint() or "")
    machine.user_namespace = True
    machine.files["/sys/kernel/security/lockdown"] = "[none] integrity confidentiality"
    machine.files["/proc/thread-self/status"] = f"CapEff:\t{ALL}\nSeccomp:\t2"
    assert "filtered (seccomp)" in (_hints.permission_hint() or "")
    machine.capabilities(ALL)
    machine.memlock = 64 << 10
    assert _hints.permission_hint() is None
    machine.release = "5.10.0-8-amd64"
    assert "64 KiB, which maps count as: ulimit -l" in (_hints.permission_hint() or "")


def test_where_nothing_is_known_nothing_is_said(machine: Machine):
    assert _hints.missing_capabilities() is None
    assert _hints.permission_hint() is None and _hints.general_hint(errno.EACCES) is None
    machine.capabilities(0)
    assert _hints.general_hint(errno.EINVAL) is None


def test_what_holds_for_all_operations():
    assert "CONFIG_BPF_SYSCALL" in (_hints.general_hint(errno.ENOSYS) or "")
    assert "fs.file-max" in (_hints.general_hint(errno.ENFILE) or "")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert f"may have {limit} open files" in (_hints.general_hint(errno.EMFILE) or "")


@pytest.mark.parametrize(
    ("mode", "helper", "does"),
    [
        ("confidentiality", "bpf_probe_read_kernel", "read the kernel's memory"),
        ("confidentiality", "bpf_probe_write_user", "write memory of processes"),
        ("integrity", "bpf_probe_write_user", "write memory of processes"),
        ("integrity", "bpf_probe_read_kernel", None),
        ("none", "bpf_probe_read_kernel", None),
        ("confidentiality", "bpf_redirect", None),
    ],
)
@pytest.mark.parametrize(
    "words", ["unknown func {}#113", "program of this type cannot use helper {}#113"], ids=["old", "new"]
)
def test_helpers_that_lockdown_takes(machine: Machine, mode: str, helper: str, does: str | None, words: str):
    machine.capabilities(ALL)
    modes = " ".join(f"[{m}]" if m == mode else m for m in ("none", "integrity", "confidentiality"))
    machine.files["/sys/kernel/security/lockdown"] = modes
    hint = _forbidden.verifier_hint(words.format(helper))
    if does is None:
        assert hint is None
    else:
        assert hint is not None and f"lockdown mode '{mode}'" in hint and f"{does} ({helper})" in hint
