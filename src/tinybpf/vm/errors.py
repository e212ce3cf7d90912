"""What can go wrong with a virtual machine."""

from __future__ import annotations

from tinybpf.errors import BpfError


class VmError(BpfError):
    """A guest that could not start, died or hung; ``console`` is the end of what its kernel said."""

    def __init__(self, message: str, console: str = "") -> None:
        self.console = console.strip()
        shown = f"{message}\nThe end of the kernel's console:\n{self.console}" if self.console else message
        super().__init__(shown)


class VmTimeout(VmError):
    """The command had not ended when its time was up."""
