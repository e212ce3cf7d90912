"""A loaded program: what it is, where it can be attached, and how to run it without that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.info import ProgramInfo, TestRunResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.attach.iter import IterLink
    from tinybpf.libbpf.disassembly import Disassembly
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
        return self._type

    @property
    def info(self) -> ProgramInfo:
        """What the program is, as the kernel tells it now. Kernel 4.13 or later."""
        from tinybpf.libbpf import _program_info

        return _program_info.facts(self.fd, f"program '{self._name}'", self._name, self._section)

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
        self._owner.pointer  # noqa: B018 - raises after close
        return self._pointer

    @property
    def owner(self) -> ObjectHandle:
        """Who holds the links. For the attach modules."""
        return self._owner

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Pin the program in a BPF file system: it stays loaded beyond the process. Kernel 4.4 or later.

        `open_pinned_program` opens it again. `BpfError` with EINVAL where the path is in another
        file system, EEXIST where something is there already.
        """
        from tinybpf.libbpf._pins import pin_program

        pin_program(self.fd, self._name, os.fspath(path))

    def unpin(self, path: str | os.PathLike[str]) -> None:
        """Take a pin away; the program lives on in this process. `NotFoundError` where there is none."""
        from tinybpf.libbpf._pins import unpin_program

        unpin_program(self.fd, self._name, os.fspath(path))

    def disassembly(self) -> Disassembly:
        """The instructions as the verifier left them, with the lines of the source that they come from.

        ``print(program.disassembly())`` shows them in the kernel's notation; iterating gives each. Kernel
        4.13 or later (5.0 for lines). Names of helpers need CAP_SYSLOG.
        """
        from tinybpf.libbpf.disassembly import of_program

        return of_program(self.fd, self._name)

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

    def attach_tcx(self, interface: str | int, direction: str | None = None) -> BpfLink:
        """Attach to the packets that enter (``"ingress"``) or leave (``"egress"``) an interface.

        The direction may come from the section (``tcx/ingress``, ``tc/egress``); sections ``tc``
        and ``classifier`` leave it open. Several programs of an interface run one after the other,
        as long as each returns ``TCX_NEXT`` (-1). Kernel 6.6 or later; before, the program becomes
        a clsact filter, as by `attach_clsact`, and the link's target says so.

        ``ValueError`` where the direction is not known, `NotFoundError` where there is no such
        interface, `BpfError` where the program is of another type or attached there already.
        """
        from tinybpf.libbpf.attach import tcx

        return tcx.attach(self, interface, direction)

    def attach_clsact(self, interface: str | int, direction: str | None = None) -> BpfLink:
        """Attach like `attach_tcx`, but as a filter of a clsact queueing discipline.

        The discipline is made where there is none. A filter belongs to the interface, not to this
        process: the link removes it when it is destroyed, with its object, or when the interpreter
        ends (a process that is killed leaves it), and the discipline with it where the link made it
        and nobody else uses it. It has no descriptor and cannot be pinned. Kernel 4.5 or later.
        """
        from tinybpf.libbpf.attach import clsact, tcx

        return clsact.attach(self, interface, tcx.direction_of(self, direction))

    def attach_netkit(self, interface: str | int, peer: bool | None = None) -> BpfLink:
        """Attach to a netkit device, given by its primary side.

        ``peer`` says whose packets: those that the peer's side sends, or the primary's; the section
        (``netkit/primary``, ``netkit/peer``) says it, too. Kernel 6.7 or later. `BpfError` with
        EINVAL where it is no netkit device.
        """
        from tinybpf.libbpf.attach import netkit

        return netkit.attach(self, interface, peer)

    def attach_perf_event(
        self,
        event: str | tuple[int, int] = "cpu-clock",
        *,
        frequency: int | None = None,
        period: int | None = None,
        pid: int | None = None,
        cpus: int | Iterable[int] | None = None,
    ) -> BpfLink:
        """Run the program each time that a counter overflows: sampling.

        ``event`` is a software event (``cpu-clock``, ``task-clock``, ``page-faults``,
        ``context-switches``, ``cpu-migrations``, …), a hardware one (``cpu-cycles``,
        ``instructions``, ``cache-misses``, …), or ``(type, config)`` of ``perf_event_open``.
        ``frequency`` is samples a second (by default 99), ``period`` events between two samples (by
        default 1 where each is worth one, as ``page-faults``); a clock's period is in nanoseconds.
        ``pid`` is one process, by default all; ``cpus`` a CPU or several, by default all that are
        online. Kernel 4.9 or later (5.15 for a link that can be pinned, of one CPU only).

        `BpfError` with ENOENT where the machine has no such counter, ESRCH where there is no such
        process, EACCES where CAP_PERFMON is missing.
        """
        from tinybpf.libbpf.attach import perf_event

        return perf_event.attach(self, event, frequency, period, pid, cpus)

    def attach_kprobe(self, func_name: str | int, retprobe: bool = False, *, offset: int = 0) -> BpfLink:
        """Attach to a function of the kernel: its start, ``offset`` bytes into it, or its return.

        ``func_name`` may also be an address in the kernel. Kernel 4.1 or later (5.15 for a link that
        can be pinned). `BpfError` with ENOENT where the kernel has no such function, or no kprobes;
        the message says which, and near names. With EINVAL where it cannot be probed there, or where the
        program declares parameters that the function has not.
        """
        from tinybpf.libbpf.attach import kprobe

        return kprobe.attach(self, func_name, retprobe, offset)

    def attach_kretprobe(self, func_name: str | int) -> BpfLink:
        """Attach to the return of a function of the kernel. As `attach_kprobe` in all else."""
        from tinybpf.libbpf.attach import kprobe

        return kprobe.attach(self, func_name, True)

    def attach_kprobe_multi(self, functions: str | Sequence[str], *, retprobe: bool = False) -> BpfLink:
        """Attach to many functions of the kernel at once, by one link that can be pinned.

        ``functions`` is a pattern (``"tcp_*"``, with ``*``, ``?`` and ``[…]``) or a list of names;
        ``retprobe`` means their returns. The program is in a section ``kprobe.multi``,
        ``kretprobe.multi`` or ``kprobe.session`` (which runs at both). Kernel 5.18 or later, 6.10 for
        sessions.

        `UnsupportedError` where the kernel has no such links, `BpfError` with ENOENT where no function
        matches or one of the names cannot be traced.
        """
        from tinybpf.libbpf.attach import kprobe_multi

        return kprobe_multi.attach(self, functions, retprobe)

    def attach_ksyscall(self, name: str, *, retprobe: bool = False) -> BpfLink:
        """Attach to a system call by its name, such as ``"openat"``: its begin, or its return.

        A kprobe at the kernel's own function for the call, whose name differs from machine to
        machine; calls of 32-bit programs go elsewhere. Kernel 4.17 or later (5.15 for a link that can be
        pinned). `BpfError` with ENOENT where the kernel has no such call, or no kprobes.
        """
        from tinybpf.libbpf.attach import ksyscall

        return ksyscall.attach(self, name, retprobe)

    def attach_trace(self) -> BpfLink:
        """Attach a program of section ``fentry/…``, ``fexit/…``, ``fmod_ret/…`` or ``tp_btf/…``.

        To what is in the section's name, and was settled when the program was loaded. The link can be
        pinned. Kernel 5.5 or later, 5.7 for ``fmod_ret``. `BpfError` with EBUSY where the function is
        in use, E2BIG where it has 38 programs already.
        """
        from tinybpf.libbpf.attach import trace

        return trace.attach(self)

    def attach_lsm(self) -> BpfLink:
        """Attach a program of section ``lsm/HOOK``: from now on it allows or denies what the hook is about.

        The link can be pinned. Kernel 5.7 or later. `UnsupportedError` where the security module bpf is
        not active (``lsm=…,bpf`` on the kernel's command line): the kernel would attach the program and
        never call it.
        """
        from tinybpf.libbpf.attach import lsm

        return lsm.attach(self)

    def attach_uprobe(
        self,
        binary_path: str | os.PathLike[str],
        offset: int = 0,
        pid: int = -1,
        retprobe: bool = False,
        *,
        symbol: str | None = None,
    ) -> BpfLink:
        """Attach to a function or an instruction of a program or library.

        ``binary_path`` is a path, or a name that is looked up like a library's or a command's
        (``libc.so.6``). ``symbol`` names the function, ``offset`` is in bytes from there, without a
        symbol from the file's start. ``pid`` is one process, 0 this one, -1 all, those that start
        later, too. Kernel 4.17 or later (5.15 for a link that can be pinned).

        `NotFoundError` where there is no such file, `BpfError` with ENOENT where it has no such
        symbol, ESRCH where there is no such process.
        """
        from tinybpf.libbpf.attach import uprobe

        return uprobe.attach(self, binary_path, offset, pid, retprobe, symbol)

    def attach_uretprobe(
        self,
        binary_path: str | os.PathLike[str],
        offset: int = 0,
        pid: int = -1,
        *,
        symbol: str | None = None,
    ) -> BpfLink:
        """Attach to the return of a function of a program or library. As `attach_uprobe` in all else."""
        from tinybpf.libbpf.attach import uprobe

        return uprobe.attach(self, binary_path, offset, pid, True, symbol)

    def attach_iter(self) -> IterLink:
        """Make the iterator that the section names (``iter/task``, ``iter/tcp``, …).

        The link's `read` gives what the program writes in a walk over all objects as bytes; iterating
        over the link gives lines. Kernel 5.8 or later.
        """
        from tinybpf.libbpf.attach import iter

        return iter.attach(self)

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
