"""Whether KVM works: by booting a kernel with it.

``/dev/kvm`` may be there and writable, and a guest hang all the same (machines in the cloud that
are guests themselves), or QEMU may end at once. So nothing less than a kernel that runs counts.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from tinybpf.vm import qemu
from tinybpf.vm.kernels import Kernel, default_cache

SECONDS = 10.0
"""A kernel without a root file system ends after one."""

OVERRIDE = "TINYBPF_VM_ACCEL"
_SIGN = "Kernel panic"


def works(program: str, kernel: Kernel) -> bool:
    """Whether to use KVM; what was found is remembered until this machine is booted again.

    ``TINYBPF_VM_ACCEL=tcg`` or ``kvm`` decides it.
    """
    wanted = os.environ.get(OVERRIDE, "")
    if wanted:
        return wanted == "kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    return _remembered(program, kernel)


@cache
def _remembered(program: str, kernel: Kernel) -> bool:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            this = f"{file.read().strip()} {os.stat(program).st_mtime_ns} {os.geteuid()}"
    except OSError:
        return probe(program, kernel)
    memory = default_cache() / "kvm"
    try:
        known, _, answer = memory.read_text().rpartition(" ")
    except OSError:
        known = answer = ""
    if known == this:
        return answer == "works"
    found = probe(program, kernel)
    _remember(memory, f"{this} {'works' if found else 'fails'}")
    return found


def _remember(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{place.name}.{os.getpid()}")
        new.write_text(text)
        new.rename(place)
    except OSError:
        pass  # it is found out again next time


def probe(program: str, kernel: Kernel, seconds: float = SECONDS) -> bool:
    """Boot a kernel with nothing to do under KVM; it panics for want of a root file system, and ends."""
    arguments = qemu.base(program, qemu.Hardware(1, "256M", kvm=True))
    arguments += ["-kernel", str(kernel.image), "-append", "console=ttyS0 panic=-1", "-serial", "stdio"]
    try:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=seconds, text=True, errors="replace", check=False,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return False
    return done.returncode == 0 and _SIGN in done.stdout
