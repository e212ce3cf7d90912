"""Running commands under other kernels than this machine's, in a virtual machine.

::

    status = vm.run(["pytest", "tests/"], kernel="6.12")

The guest's root file system is this machine's own, read-only below a memory file system: what is
installed here is there, what the guest writes is gone with it. Needs QEMU and an x86-64 Linux; no
root and no KVM, which is used where it works.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tinybpf.vm.errors import VmError, VmTimeout
    from tinybpf.vm.kernels import Kernel, cached, kernel
    from tinybpf.vm.machine import run, running

_HOME = {
    "Kernel": "kernels",
    "VmError": "errors",
    "VmTimeout": "errors",
    "cached": "kernels",
    "kernel": "kernels",
    "run": "machine",
    "running": "machine",
}

__all__ = ["Kernel", "VmError", "VmTimeout", "cached", "kernel", "run", "running"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
