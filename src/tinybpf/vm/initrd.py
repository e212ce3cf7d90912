"""The initial file system: busybox, a few modules and the first script."""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tinybpf.vm import cpio, guest, tools
from tinybpf.vm.errors import VmError
from tinybpf.vm.kernels import Kernel

FOLDERS = ("bin", "dev", "proc", "sys", "modules", "lower", "upper", "root")


def build(kernel: Kernel) -> bytes:
    """The archive for a kernel."""
    entries = [cpio.folder(name) for name in FOLDERS]
    entries.append(cpio.file("bin/busybox", Path(tools.busybox()).read_bytes(), executable=True))
    entries.append(cpio.file("init", guest.FIRST.encode(), executable=True))
    order = []
    for path in needed(kernel, guest.MODULES):
        name, data = plain(path)
        entries.append(cpio.file(f"modules/{name}", data))
        order.append(name)
    return cpio.archive([*entries, cpio.file("modules/order", "\n".join(order).encode())])


def needed(kernel: Kernel, names: Sequence[str]) -> list[Path]:
    """The files of modules and of those that they need, in the order to load them."""
    modprobe = tools.find(("modprobe",))["modprobe"]
    found: list[Path] = []
    for name in names:
        done = subprocess.run(
            [modprobe, "-d", str(kernel.folder), "-S", kernel.release, "-C", "/dev/null",
             "--show-depends", name],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise VmError(f"kernel {kernel.release} has no module {name}")
        for line in done.stdout.splitlines():
            words = line.split()
            if words[0] == "insmod" and Path(words[1]) not in found:
                found.append(Path(words[1]))
    return found


def plain(path: Path) -> tuple[str, bytes]:
    """A module's name and content, decompressed."""
    data = path.read_bytes()
    unpackers: dict[str, Callable[[bytes], bytes]] = {".xz": lzma.decompress, ".zst": _unzstd}
    unpack = unpackers.get(path.suffix)
    return (path.stem, unpack(data)) if unpack else (os.path.basename(path), data)


def _unzstd(data: bytes) -> bytes:
    zstd = shutil.which("zstd")
    if zstd is None:
        raise VmError("this kernel's modules are compressed with zstd: apt-get install zstd")
    return subprocess.run([zstd, "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
