"""A loaded program: what it is, where it can be attached, and how to run it without that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.info import ProgramInfo, TestRunResult

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.link import BpfLink


class BpfProgram:
    """A program of an object, loaded and verified.

    Each ``attach`` method returns a `BpfLink`, which lasts until it is destroyed or the object is
    closed, whether or not it is kept in a variable.
    """

    def __init__(self, pointer: Any, owner: ObjectHandle) -> None:
        self._pointer = pointer
        self._owner = owner
        self._name = text(lib.bpf_program__name(pointer))
        self._section = text(lib.bpf_program__section_name(pointer))
        self._type = BpfProgType(lib.bpf_program__type(pointer))

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
        return self._type

    @property
    def info(self) -> ProgramInfo:
        return ProgramInfo(self._name, self._section, self._type)

    @property
    def fd(self) -> int:
        """The program's file descriptor; it belongs to the object."""
        fd: int = lib.bpf_program__fd(self.pointer)
        if fd < 0:
            raise BpfError(f"program '{self._name}' is not loaded", -fd)
        return fd

    @property
    def pointer(self) -> Any:
        """libbpf's program; `BpfError` once the object is closed. For the attach modules."""
        self._owner.pointer  # noqa: B018 - raises after close
        return self._pointer

    @property
    def owner(self) -> ObjectHandle:
        """Who holds the links. For the attach modules."""
        return self._owner

    def attach(self) -> BpfLink:
        """Attach to what the section names.

        Works for sections that say it all (``tracepoint/…``, ``raw_tp/…``, ``kprobe/…``,
        ``fentry/…``, ``lsm/…`` and the like). `BpfError` names the method to use for the others:
        an interface or a cgroup is not in the section's name. Minimum kernel: that of the kind.
        """
        from tinybpf.libbpf.attach import section

        return section.attach(self)

    def attach_tracepoint(self, category: str, name: str) -> BpfLink:
        """Attach to the tracepoint ``category/name``, such as ``syscalls/sys_enter_connect``.

        Kernel 4.7 or later (5.15 for a link that can be pinned). `BpfError` with ENOENT where
        tracefs is not mounted or the kernel has no such tracepoint; the message says which.
        """
        from tinybpf.libbpf.attach import tracepoint

        return tracepoint.attach(self, category, name)

    def attach_raw_tracepoint(self, name: str) -> BpfLink:
        """Attach to the tracepoint ``name`` with its raw arguments, such as ``sys_enter``.

        Kernel 4.17 or later. `BpfError` with ENOENT where the kernel has no such tracepoint.
        """
        from tinybpf.libbpf.attach import raw_tracepoint

        return raw_tracepoint.attach(self, name)

    def attach_xdp(self, interface: str | int) -> BpfLink:
        """Attach to a network interface, given by name or index.

        Kernel 5.9 or later. `NotFoundError` where there is no such interface, `BpfError` with
        EBUSY where it has an XDP program already.
        """
        from tinybpf.libbpf.attach import xdp

        return xdp.attach(self, interface)

    def attach_cgroup(self, cgroup: str | os.PathLike[str] | int) -> BpfLink:
        """Attach to a cgroup (version 2), given by path or as a descriptor of its directory.

        What is attached follows from the section (``cgroup/connect4`` and the like). Kernel 5.7
        or later. `NotFoundError` where there is no such directory, `BpfError` with EBADF where it
        is no cgroup of version 2. A descriptor can be closed afterwards.
        """
        from tinybpf.libbpf.attach import cgroup as kind

        return kind.attach(self, cgroup)

    def test_run(
        self, data: Any = None, ctx: Any = None, repeat: int = 1, *, data_out_size: int | None = None
    ) -> TestRunResult:
        """Run the program once (or ``repeat`` times) on a packet and a context that are given.

        ``data`` and ``ctx`` are anything with bytes in it. Kernel 4.12 or later for packets, 5.10
        for raw tracepoints, 5.14 for ``syscall`` programs (which take ``ctx`` alone).
        ``data_out_size`` makes room for a packet that grows by more than 512 bytes.
        """
        from tinybpf.libbpf import _test_run

        return _test_run.run(self, data, ctx, repeat, data_out_size)

    def __repr__(self) -> str:
        state = " closed" if self._owner.closed else ""
        return f"<BpfProgram '{self._name}' {self._type.name} section '{self._section}'{state}>"
