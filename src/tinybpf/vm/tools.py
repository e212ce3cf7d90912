"""The programs that a virtual machine takes, and this machine's fitness for one."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import sys
from functools import cache

from tinybpf.vm.errors import VmError

# By program: the Debian package that has it.
PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "modprobe": "kmod",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
PLACES = ("/usr/sbin", "/sbin")
"""Not on the PATH of an ordinary user."""

TO_RUN = ("qemu-system-x86_64", "busybox", "modprobe")
TO_FETCH = ("apt-get", "dpkg-deb", "depmod")

PT_INTERP = 3


def check_machine() -> None:
    """``VmError`` where no guest can run at all: another system or processor."""
    if sys.platform != "linux":
        raise VmError(f"virtual machines for tests run on Linux only, this is {sys.platform}")
    machine = platform.machine()
    if machine != "x86_64":
        raise VmError(
            f"virtual machines for tests are made for x86-64, and this machine is {machine}: "
            "run this on an x86-64 Linux"
        )


def find(names: tuple[str, ...]) -> dict[str, str]:
    """The paths of programs by name; ``VmError`` that says how to install all that are missing."""
    found = {name: _which(name) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = sorted({PACKAGES[name] for name in missing})
        raise VmError(
            f"missing on this machine: {', '.join(missing)}; "
            f"on Debian and Ubuntu: apt-get install {' '.join(packages)}"
        )
    return {name: path for name, path in found.items() if path is not None}


@cache
def _which(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(PLACES))


def busybox() -> str:
    """The path of a busybox that needs no libraries: there are none in the initial file system."""
    path = find(("busybox",))["busybox"]
    if not is_static(path):
        raise VmError(f"{path} needs libraries; on Debian and Ubuntu: apt-get install busybox-static")
    return path


def is_static(path: str) -> bool:
    """Whether an ELF program names no interpreter."""
    with open(path, "rb") as file:
        data = file.read(4096)
    if data[:5] != b"\x7fELF\2":
        return False
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    kinds = [struct.unpack_from("<I", data, start + n * size)[0] for n in range(count)]
    return PT_INTERP not in kinds
