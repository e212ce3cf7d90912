"""A loaded program: what it is, where it can be attached, and how to run it without that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import path_of
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf.attach_network import NetworkAttachments
from tinybpf.libbpf.attach_tracing import TracingAttachments
from tinybpf.libbpf.enums import BpfProgType

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.disassembly import Disassembly
    from tinybpf.libbpf.info import ProgramInfo, TestRunResult
    from tinybpf.libbpf.link import BpfLink


class BpfProgram(TracingAttachments, NetworkAttachments):
    """A program of an object, loaded and verified.

    Each ``attach`` method returns a `BpfLink`, which lasts until it is destroyed or the object is
    closed, whether or not it is kept in a variable.
    """

    def __init__(self, facts: Any, owner: ObjectHandle) -> None:
        """``facts`` is a ``struct tb_program_facts`` (`_handle.facts_of`)."""
        self._pointer = facts.program
        self._owner = owner
        self._name = text(facts.name)
        self._section = text(facts.section)
        self._type = BpfProgType(facts.type)
        self._log: str | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def section(self) -> str:
        """The ELF section, such as ``"tracepoint/syscalls/sys_enter_connect"``."""
        return self._section

    @property
    def type(self) -> BpfProgType:
        """What kind of program it is."""
        return self._type

    @property
    def info(self) -> ProgramInfo:
        """What the program is, as the kernel tells it now. Kernel 4.13 or later."""
        from tinybpf.libbpf import _program_info

        _held, fd = self._held(), self.fd
        return _program_info.facts(fd, f"program '{self._name}'", self._name, self._section)

    @property
    def fd(self) -> int:
        """The program's file descriptor; it belongs to the object."""
        fd: int = lib.bpf_program__fd(self.pointer)
        if fd < 0:
            raise BpfError(f"program '{self._name}' is not loaded", -fd)
        return fd

    @property
    def verifier_log(self) -> str | None:
        """What the verifier said when it accepted the program; None where it was not asked.

        Ask by a log level: ``tinybpf.load(…, log_level=1)``, or `OpenProgram.log_level`.
        """
        return self._log

    @property
    def pointer(self) -> Any:
        """libbpf's program; `BpfError` once the object is closed. For the attach modules."""
        return self._owner.within(self._pointer)

    @property
    def owner(self) -> ObjectHandle:
        """Who holds the links. For the attach modules."""
        return self._owner

    def _held(self) -> Any:
        """As long as somebody has this, the descriptor stays open, whoever closes the object."""
        return self.pointer

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Pin the program in a BPF file system: it stays loaded beyond the process. Kernel 4.4 or later.

        `open_pinned_program` opens it again. `BpfError` with EINVAL where the path is in another
        file system, EEXIST where something is there already.
        """
        from tinybpf.libbpf._pins import pin_program

        _held, fd = self._held(), self.fd
        pin_program(fd, self._name, path_of("path", path))

    def unpin(self, path: str | os.PathLike[str]) -> None:
        """Take a pin away; the program lives on in this process. `NotFoundError` where there is none."""
        from tinybpf.libbpf._pins import unpin_program

        _held, fd = self._held(), self.fd
        unpin_program(fd, self._name, path_of("path", path))

    def disassembly(self) -> Disassembly:
        """The instructions as the verifier left them, with the lines of the source that they come from.

        ``print(program.disassembly())`` shows them in the kernel's notation; iterating gives each. Kernel
        4.13 or later (5.0 for lines). Names of helpers need CAP_SYSLOG.
        """
        from tinybpf.libbpf.disassembly import of_program

        _held, fd = self._held(), self.fd
        return of_program(fd, self._name)

    def attach(self) -> BpfLink:
        """Attach to what the section names.

        Works for sections that say it all (``tracepoint/…``, ``raw_tp/…``, ``kprobe/…``,
        ``fentry/…``, ``lsm/…`` and the like). `BpfError` names the method to use for the others:
        an interface or a cgroup is not in the section's name. Minimum kernel: that of the kind.
        """
        from tinybpf.libbpf.attach import section

        return section.attach(self)

    def test_run(
        self,
        data: Any = None,
        ctx: Any = None,
        repeat: int = 1,
        *,
        data_out_size: int | None = None,
        cpu: int | None = None,
        live: bool = False,
        batch: int | None = None,
    ) -> TestRunResult:
        """Run the program once (or ``repeat`` times) on a packet and a context that are given.

        ``data`` and ``ctx`` are anything with bytes in it. Kernel 4.12 or later for packets, 5.10
        for raw tracepoints, 5.14 for ``syscall`` programs (which take ``ctx`` alone).
        ``data_out_size`` makes room for a packet that grows by more than 512 bytes. ``cpu`` is where a
        raw tracepoint's program runs (5.10). ``live`` lets an XDP program's verdicts happen: packets
        are passed on, sent back or redirected, ``batch`` of them at once (64 unless given, at most 256);
        nothing comes back but the time (5.18).
        """
        from tinybpf.libbpf import _test_run

        return _test_run.run(self, data, ctx, repeat, data_out_size, cpu, live, batch)

    def __repr__(self) -> str:
        state = " closed" if self._owner.closed else ""
        return f"<BpfProgram '{self._name}' {self._type.name} section '{self._section}'{state}>"
