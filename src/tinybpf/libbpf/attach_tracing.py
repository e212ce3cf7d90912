"""What programs that watch, or decide within the kernel, are attached to: a method for each kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tinybpf.libbpf.attach.iter import IterLink
    from tinybpf.libbpf.link import BpfLink
    from tinybpf.libbpf.map import BpfMap
    from tinybpf.libbpf.program import BpfProgram


class TracingAttachments:
    """Methods of `BpfProgram`."""

    @property
    def _program(self) -> BpfProgram:
        return cast("BpfProgram", self)

    def attach_kprobe(
        self, func_name: str | int, retprobe: bool = False, *, offset: int = 0, cookie: int = 0
    ) -> BpfLink:
        """Attach to a function of the kernel: its start, ``offset`` bytes into it, or its return.

        ``func_name`` may also be an address in the kernel. Kernel 4.1 or later (5.15 for a ``cookie``,
        and for a link that can be pinned). `BpfError` with ENOENT where the kernel has no such function, or
        no kprobes; the message says which, and near names. With EINVAL where it cannot be probed there, or
        where the program declares parameters that the function has not.
        """
        from tinybpf.libbpf.attach import kprobe

        return kprobe.attach(self._program, func_name, retprobe, offset, cookie)

    def attach_kretprobe(self, func_name: str | int, *, cookie: int = 0) -> BpfLink:
        """Attach to the return of a function of the kernel. As `attach_kprobe` in all else."""
        from tinybpf.libbpf.attach import kprobe

        return kprobe.attach(self._program, func_name, True, cookie=cookie)

    def attach_kprobe_multi(
        self,
        functions: str | Sequence[str],
        *,
        retprobe: bool = False,
        cookies: Sequence[int] | None = None,
    ) -> BpfLink:
        """Attach to many functions of the kernel at once, by one link that can be pinned.

        ``functions`` is a pattern (``"tcp_*"``, with ``*``, ``?`` and ``[…]``) or a list of names;
        ``retprobe`` means their returns, ``cookies`` are one for each name of a list. The program is in a
        section ``kprobe.multi``, ``kretprobe.multi`` or ``kprobe.session`` (which runs at both). Kernel
        5.18 or later, 6.10 for sessions.

        `UnsupportedError` where the kernel has no such links, `BpfError` with ENOENT where no function
        matches or one of the names cannot be traced.
        """
        from tinybpf.libbpf.attach import kprobe_multi

        return kprobe_multi.attach(self._program, functions, retprobe, cookies)

    def attach_ksyscall(self, name: str, *, retprobe: bool = False, cookie: int = 0) -> BpfLink:
        """Attach to a system call by its name, such as ``"openat"``: its begin, or its return.

        A kprobe at the kernel's own function for the call, whose name differs from machine to
        machine; calls of 32-bit programs go elsewhere. Kernel 4.17 or later (5.15 for a ``cookie``, and
        for a link that can be pinned). `BpfError` with ENOENT where the kernel has no such call, or no
        kprobes.
        """
        from tinybpf.libbpf.attach import ksyscall

        return ksyscall.attach(self._program, name, retprobe, cookie)

    def attach_uprobe(
        self,
        binary_path: str | os.PathLike[str],
        offset: int = 0,
        pid: int = -1,
        retprobe: bool = False,
        *,
        symbol: str | None = None,
        cookie: int = 0,
        ref_ctr_offset: int = 0,
    ) -> BpfLink:
        """Attach to a function or an instruction of a program or library.

        ``binary_path`` is a path, or a name that is looked up like a library's or a command's
        (``libc.so.6``). ``symbol`` names the function, ``offset`` is in bytes from there, without a
        symbol from the file's start. ``symbol`` may be a pattern (``"str*"``): then there is a probe at
        each function, and one link for all; `attach_uprobe_multi` does it in one step. ``pid`` is one
        process, 0 this one, -1 all, those that start later, too. ``ref_ctr_offset`` is that of a
        counter in the file that is raised as long as the probe is there: kernel 4.20. Kernel 4.17 or
        later (5.15 for a ``cookie``, and for a link that can be pinned).

        `NotFoundError` where there is no such file, `BpfError` with ENOENT where it has no such
        symbol, ESRCH where there is no such process.
        """
        from tinybpf.libbpf.attach import uprobe

        return uprobe.attach(
            self._program, binary_path, offset, pid, retprobe, symbol, cookie, ref_ctr_offset
        )

    def attach_uretprobe(
        self,
        binary_path: str | os.PathLike[str],
        offset: int = 0,
        pid: int = -1,
        *,
        symbol: str | None = None,
        cookie: int = 0,
    ) -> BpfLink:
        """Attach to the return of a function of a program or library. As `attach_uprobe` in all else."""
        from tinybpf.libbpf.attach import uprobe

        return uprobe.attach(self._program, binary_path, offset, pid, True, symbol, cookie)

    def attach_uprobe_multi(
        self,
        binary_path: str | os.PathLike[str],
        functions: str | Sequence[str] | None = None,
        *,
        offsets: Sequence[int] | None = None,
        pid: int = -1,
        retprobe: bool = False,
        cookies: Sequence[int] | None = None,
    ) -> BpfLink:
        """Attach to many functions of a program or library at once, by one link that can be pinned.

        ``functions`` is a pattern (``"str*"``, with ``*``, ``?`` and ``[…]``) or a list of names,
        ``offsets`` are places in the file in bytes; ``cookies`` one for each of a list. The file and
        ``pid`` as in `attach_uprobe`. The program is in a section ``uprobe.multi``, ``uretprobe.multi``
        or ``uprobe.session`` (which runs at both). Kernel 6.6 and libbpf 1.3 or later, 6.13 for sessions.

        `UnsupportedError` where the kernel has no such links, `BpfError` with ENOENT where no function
        matches or one of the names is not there.
        """
        from tinybpf.libbpf.attach import uprobe_multi

        return uprobe_multi.attach(self._program, binary_path, functions, offsets, pid, retprobe, cookies)

    def attach_usdt(
        self,
        binary_path: str | os.PathLike[str],
        provider: str,
        name: str,
        *,
        pid: int = -1,
        cookie: int = 0,
    ) -> BpfLink:
        """Attach to a USDT probe: places that a program's or library's authors marked.

        The file and ``pid`` as in `attach_uprobe`; programs are told to collect what the probe takes as
        long as it is attached. A program with the maps of libbpf's ``usdt.bpf.h`` finds the
        probe's arguments and the cookie in these, and its link can be neither pinned nor kept; any
        other gets the registers, and the cookie as of a uprobe. Kernel 4.20 or later (5.15 for a
        ``cookie``). `BpfError` with ENOENT where the file has no such probe: it names near ones.
        """
        from tinybpf.libbpf.attach import usdt

        return usdt.attach(self._program, binary_path, provider, name, pid, cookie)

    def attach_tracepoint(self, category: str, name: str, *, cookie: int = 0) -> BpfLink:
        """Attach to the tracepoint ``category/name``, such as ``syscalls/sys_enter_connect``.

        The program finds the ``cookie``, a number of 64 bits, with ``bpf_get_attach_cookie``: one
        program attached several times can tell them apart. Kernel 4.7 or later (5.15 for a cookie,
        and for a link that can be pinned). `BpfError` with ENOENT where tracefs is not mounted or the
        kernel has no such tracepoint; the message says which.
        """
        from tinybpf.libbpf.attach import tracepoint

        return tracepoint.attach(self._program, category, name, cookie)

    def attach_raw_tracepoint(self, name: str, *, cookie: int = 0) -> BpfLink:
        """Attach to the tracepoint ``name`` with its raw arguments, such as ``sys_enter``.

        Kernel 4.17 or later (6.10 and libbpf 1.4 for a ``cookie``). `BpfError` with ENOENT where the
        kernel has no such tracepoint.
        """
        from tinybpf.libbpf.attach import raw_tracepoint

        return raw_tracepoint.attach(self._program, name, cookie)

    def attach_trace(self, *, cookie: int = 0) -> BpfLink:
        """Attach a program of section ``fentry/…``, ``fexit/…``, ``fmod_ret/…`` or ``tp_btf/…``.

        To what is in the section's name, and was settled when the program was loaded. The link can be
        pinned. Kernel 5.5 or later, 5.7 for ``fmod_ret``, 5.19 for a ``cookie`` (6.10 of ``tp_btf``).
        `BpfError` with EBUSY where the function is in use, E2BIG where it has 38 programs already.
        """
        from tinybpf.libbpf.attach import trace

        return trace.attach(self._program, cookie)

    def attach_lsm(self, *, cookie: int = 0) -> BpfLink:
        """Attach a program of section ``lsm/HOOK``: from now on it allows or denies what the hook is about.

        The link can be pinned. Kernel 5.7 or later, 5.19 for a ``cookie``. `UnsupportedError` where the
        security module bpf is not active (``lsm=…,bpf`` on the kernel's command line): the kernel would
        attach the program and never call it.
        """
        from tinybpf.libbpf.attach import lsm

        return lsm.attach(self._program, cookie)

    def attach_freplace(self, target: BpfProgram | None = None, function: str | None = None) -> BpfLink:
        """Put a program of section ``freplace/FUNCTION`` into the place of another program's function.

        By default of the program that it was loaded for; ``target`` and ``function`` name another,
        with the same parameters: kernel 5.10. Kernel 5.6 or later. `BpfError` with EBUSY where the
        function is replaced already.
        """
        from tinybpf.libbpf.attach import freplace

        return freplace.attach(self._program, target, function)

    def attach_perf_event(
        self,
        event: str | tuple[int, int] = "cpu-clock",
        *,
        frequency: int | None = None,
        period: int | None = None,
        pid: int | None = None,
        cpus: int | Iterable[int] | None = None,
        cookie: int = 0,
    ) -> BpfLink:
        """Run the program each time that a counter overflows: sampling.

        ``event`` is a software event (``cpu-clock``, ``task-clock``, ``page-faults``,
        ``context-switches``, ``cpu-migrations``, …), a hardware one (``cpu-cycles``,
        ``instructions``, ``cache-misses``, …), or ``(type, config)`` of ``perf_event_open``.
        ``frequency`` is samples a second (by default 99), ``period`` events between two samples (by
        default 1 where each is worth one, as ``page-faults``); a clock's period is in nanoseconds.
        ``pid`` is one process, by default all; ``cpus`` a CPU or several, by default all that are
        online. Kernel 4.9 or later (5.15 for a ``cookie``, and for a link that can be pinned, of one CPU
        only).

        `BpfError` with ENOENT where the machine has no such counter, ESRCH where there is no such
        process, EACCES where CAP_PERFMON is missing.
        """
        from tinybpf.libbpf.attach import perf_event

        return perf_event.attach(self._program, event, frequency, period, pid, cpus, cookie)

    def attach_iter(
        self,
        *,
        map: BpfMap[Any, Any] | None = None,
        cgroup: str | os.PathLike[str] | int | None = None,
        order: str = "descendants",
        pid: int | None = None,
        tid: int | None = None,
    ) -> IterLink:
        """Make the iterator that the section names (``iter/task``, ``iter/tcp``, …).

        The link's ``read`` gives what the program writes in a walk over all objects as bytes; iterating
        over the link gives lines; ``open`` gives a descriptor to read from.

        ``map`` is the map whose entries to walk over (``bpf_map_elem``, ``sockmap``,
        ``bpf_sk_storage_map``), ``cgroup`` the one to begin at, by path or as a descriptor, and
        ``order`` how to go on from there (``"self"``, ``"descendants"``, ``"descendants last"``,
        ``"ancestors"``, since Linux 6.18 ``"children"``). ``pid`` walks over one process's threads, files
        or memory areas, ``tid`` over one thread's: kernel 6.1. Kernel 5.8 or later.
        """
        from tinybpf.libbpf.attach import iter

        return iter.attach(self._program, map, cgroup, order, pid, tid)

    def attach_lirc(self, device: str | os.PathLike[str]) -> BpfLink:
        """Attach a ``lirc_mode2`` program to an infrared receiver, such as ``"/dev/lirc0"``.

        There is no link of the kernel's: it is detached by `BpfLink.destroy`, with the object, or at the
        interpreter's end. Kernel 4.18 or later. Not tried by tinybpf's own tests beyond its errors.
        """
        from tinybpf.libbpf.attach import lirc

        return lirc.attach(self._program, device)
