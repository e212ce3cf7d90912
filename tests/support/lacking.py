"""Skipping where the running kernel lacks what a test is about."""

from __future__ import annotations

import os

import pytest

from tinybpf import system
from tinybpf.libbpf import features
from tinybpf.libbpf.attach import kprobe
from tinybpf.libbpf.features import State


def skip_without(kind: str) -> None:
    """Skip unless programs of sections ``kind/…`` can be loaded, and would be called."""
    if kind in ("kprobe", "kretprobe", "ksyscall") and not os.path.exists(kprobe.PERF_TYPE):
        pytest.skip("this kernel has no kprobes")
    found = features.program_type("kprobe" if kind in ("kretprobe", "ksyscall") else kind).probe()
    if found.state is not State.WORKS:
        pytest.skip(f"this kernel has no {kind}: {found.reason}")
    if kind.startswith("lsm") and "bpf" not in (system.security_modules() or ("bpf",)):
        pytest.skip("this kernel was started without the security module bpf")
