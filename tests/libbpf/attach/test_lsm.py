"""LSM: a program that denies what a process does."""

from __future__ import annotations

import errno
import os
import socket

import pytest
from lacking import skip_without
from observing import observed, observed_errno

import tinybpf
from tinybpf import system
from tinybpf.libbpf.attach import lsm

OPENED, DENIED = 7, 10


@pytest.mark.kernel
@pytest.mark.parametrize("by_section", [True, False])
def test_an_operation_is_denied(watch, tmp_path, by_section: bool):
    skip_without("lsm")
    path = tmp_path / "file"
    path.write_text("text")
    seen = watch("onHook")
    link = seen.program.attach() if by_section else seen.program.attach_lsm()
    assert link.target == "lsm:file_open"
    assert path.read_text() == "text"
    with pytest.raises(PermissionError) as caught:
        os.open(path, os.O_WRONLY)
    assert observed_errno("what an open failed with", caught.value.errno) == errno.EACCES
    calls, (flags, before, *_) = seen[OPENED]
    assert calls >= 2 and (flags & os.O_ACCMODE, before) == (os.O_WRONLY, 0)
    link.destroy()
    os.close(os.open(path, os.O_WRONLY))


@pytest.mark.kernel
def test_an_operation_in_a_cgroup(watch, cgroup):
    skip_without("lsm_cgroup")
    seen = watch("onBind")
    with pytest.raises(tinybpf.BpfError, match=r"it needs a cgroup\n  hint: attach_cgroup\(path\) does it"):
        seen.program.attach()
    with pytest.raises(tinybpf.BpfError, match=r"hint: attach_cgroup\(path\) attaches it to a cgroup"):
        seen.program.attach_lsm()
    (cgroup / "cgroup.procs").write_text(str(os.getpid()))
    try:
        with seen.program.attach_cgroup(cgroup), socket.socket() as one, pytest.raises(PermissionError):
            one.bind(("127.0.0.1", 0))
        assert observed("binds denied, and the size of the address", seen[DENIED]) == (1, [16, 0, 0, 0])
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
    finally:
        (cgroup.parent / "cgroup.procs").write_text(str(os.getpid()))


def test_a_kernel_without_the_security_module(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(system, "security_modules", lambda: ("lockdown", "yama"))
    monkeypatch.setattr(system, "kernel_release", lambda: "6.12.0")
    monkeypatch.setattr(system, "config_item", lambda name: "y")
    with pytest.raises(tinybpf.UnsupportedError) as caught:
        lsm.require_active("attach lsm to 'file_open'")
    assert str(caught.value) == (
        "attach lsm to 'file_open' failed: the security module bpf is not active, so that no program would "
        "be called; active: lockdown, yama\n"
        "  hint: start the kernel with lsm=lockdown,yama,bpf on its command line"
    )
    monkeypatch.setattr(system, "config_item", lambda name: "n" if name == "CONFIG_BPF_LSM" else "y")
    with pytest.raises(tinybpf.UnsupportedError, match="this kernel was built without CONFIG_BPF_LSM"):
        lsm.require_active("attach lsm to 'file_open'")


@pytest.mark.parametrize("modules", [None, ("yama", "bpf")])
def test_a_kernel_with_it_or_that_does_not_say(monkeypatch: pytest.MonkeyPatch, modules):
    monkeypatch.setattr(system, "security_modules", lambda: modules)
    lsm.require_active("attach lsm to 'file_open'")
