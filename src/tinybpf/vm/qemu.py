"""QEMU's command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tinybpf.vm import guest
from tinybpf.vm.kernels import Kernel

APPEND = (
    "console=ttyS0 quiet panic=-1 oops=panic mitigations=off tsc=reliable no_timer_check "
    "cryptomgr.notests random.trust_cpu=on init_on_alloc=0 lsm=lockdown,yama,bpf"
)
"""Quick to boot; an end where the kernel fails; BPF programs are asked as a security module.

Before Linux 6.1 each request of the shared file systems takes two buffers of their greatest size, which
distributions' kernels fill with zeros first: without it, opening a file takes a fifth of the time.
"""

KVM = ("-accel", "kvm", "-cpu", "host")
# One thread: with several, the emulation is slower by far, and not stable.
TCG = ("-accel", "tcg,thread=single,tb-size=512", "-cpu", "max,la57=off")


class Hardware(NamedTuple):
    """The virtual machine's size."""

    cpus: int = 2
    memory: str = "2G"
    kvm: bool = False


class Files(NamedTuple):
    """What belongs to one run: the initial file system, the share, the console, and the ends of two pipes."""

    initrd: Path
    share: Path
    console: Path
    out: int
    err: int


def base(program: str, hardware: Hardware) -> list[str]:
    """A machine with a processor and memory, and nothing else."""
    return [
        program, "-machine", "pc", *(KVM if hardware.kvm else TCG), "-smp", str(hardware.cpus),
        "-m", hardware.memory, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
    ]  # fmt: skip


def command(
    program: str, kernel: Kernel, hardware: Hardware, files: Files, shares: Sequence[Path]
) -> list[str]:
    """The command line that boots a kernel with the guest's file systems and ports."""
    arguments = base(program, hardware)
    arguments += ["-kernel", str(kernel.image), "-initrd", str(files.initrd), "-append", APPEND]
    arguments += ["-serial", f"file:{_escaped(files.console)}", "-device", "virtio-serial-pci"]
    for name, fd in (("vm.out", files.out), ("vm.err", files.err)):
        arguments += ["-chardev", f"file,id={name},path=/dev/fd/{fd}"]
        arguments += ["-device", f"virtserialport,chardev={name},name={name}"]
    exports = [("root", Path("/"), True), ("vm", files.share, False)]
    exports += [(tag, path, False) for tag, path in guest.tagged(shares)]
    for tag, path, read_only in exports:
        arguments += _export(tag, path, read_only)
    return _ending_with_us(arguments)


def _export(tag: str, path: Path, read_only: bool) -> list[str]:
    options = ",readonly=on" if read_only else ""
    return [
        "-fsdev",
        f"local,id={tag},path={_escaped(path)},security_model=none,multidevs=remap{options}",
        "-device",
        f"virtio-9p-pci,fsdev={tag},mount_tag={tag}",
    ]


def _escaped(path: Path) -> str:
    """A path within an option: commas separate options."""
    return os.fspath(path).replace(",", ",,")


def _ending_with_us(arguments: list[str]) -> list[str]:
    """The kernel ends QEMU where this process is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *arguments] if setpriv else arguments
