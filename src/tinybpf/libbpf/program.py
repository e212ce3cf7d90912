"""A loaded program: what it is, where it can be attached, and how to run it without that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.info import ProgramInfo, TestRunResult

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Sequence

    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.attach.iter import IterLink
    from tinybpf.libbpf.disassembly import Disassembly
    from tinybpf.libbpf.link import BpfLink
    from tinybpf.libbpf.map import BpfMap


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

    def attach_tracepoint(self, category: str, name: str, *, cookie: int = 0) -> BpfLink:
        """Attach to the tracepoint ``category/name``, such as ``syscalls/sys_enter_connect``.

        The program finds the ``cookie``, a number of 64 bits, with ``bpf_get_attach_cookie``: one
        program attached several times can tell them apart. Kernel 4.7 or later (5.15 for a cookie,
        and for a link that can be pinned). `BpfError` with ENOENT where tracefs is not mounted or the
        kernel has no such tracepoint; the message says which.
        """
        from tinybpf.libbpf.attach import tracepoint

        return tracepoint.attach(self, category, name, cookie)

    def attach_raw_tracepoint(self, name: str, *, cookie: int = 0) -> BpfLink:
        """Attach to the tracepoint ``name`` with its raw arguments, such as ``sys_enter``.

        Kernel 4.17 or later (6.10 and libbpf 1.4 for a ``cookie``). `BpfError` with ENOENT where the
        kernel has no such tracepoint.
        """
        from tinybpf.libbpf.attach import raw_tracepoint

        return raw_tracepoint.attach(self, name, cookie)

    def attach_xdp(self, interface: str | int, *, mode: str | None = None, replace: bool = False) -> BpfLink:
        """Attach to a network interface, given by name or index.

        ``mode`` is ``"native"`` (in the driver), ``"generic"`` (behind it, with any driver) or
        ``"offload"`` (in the card); by default native where the driver can, else generic.
        ``replace`` takes the place of a program that was attached without a link, as ``ip link set …
        xdp`` does it, in one step; the link then is none of the kernel's either: it cannot be
        pinned, and a process that is killed leaves the program behind. To change the program of a
        link there is `BpfLink.update`. `query_xdp` says what an interface has.

        Kernel 5.9 or later; before, and since 4.8, without a link of the kernel's. `NotFoundError`
        where there is no such interface, `BpfError` with EBUSY where it has an XDP program already,
        EOPNOTSUPP where the driver has not the mode.
        """
        from tinybpf.libbpf.attach import xdp

        return xdp.attach(self, interface, mode, replace)

    def attach_cgroup(
        self,
        cgroup: str | os.PathLike[str] | int,
        *,
        direction: str | None = None,
        before: BpfLink | BpfProgram | None = None,
        after: BpfLink | BpfProgram | None = None,
        first: bool = False,
        mode: str | None = None,
    ) -> BpfLink:
        """Attach to a cgroup (version 2), given by path or as a descriptor of its directory.

        What is attached follows from the section (``cgroup/connect4``, ``sockops`` and the like);
        ``direction``, ``"ingress"`` or ``"egress"``, is for ``cgroup/skb``, which leaves it open.
        Several programs run in the order in which they were attached, unless ``before`` or
        ``after`` (a link or a program that is attached there) or ``first`` says otherwise: kernel
        6.17 and libbpf 1.6 or later.

        ``mode`` attaches without a link, as kernels do since 4.10: ``"multi"`` beside others,
        ``"override"`` alone, but cgroups below may have their own instead, ``"exclusive"`` alone,
        also for the cgroups below. Such a link cannot be pinned, and a process that is killed leaves
        the program behind.

        Kernel 5.7 or later; before, it is done as by ``mode="multi"``. `NotFoundError` where there
        is no such directory, `BpfError` with EBADF where it is no cgroup of version 2, EPERM where
        a cgroup above forbids it. A descriptor can be closed afterwards.
        """
        from tinybpf.libbpf.attach import cgroup as kind

        return kind.attach(self, cgroup, direction, before, after, first, mode)

    def attach_sk_lookup(self, netns: str | os.PathLike[str] | int | None = None) -> BpfLink:
        """Attach a program that chooses the socket for what arrives in a network namespace.

        ``netns`` is a path (``/proc/PID/ns/net``), a name of ``ip netns``, or a descriptor; by
        default the namespace of this thread. Kernel 5.9 or later. `NotFoundError` where there is no
        such namespace.
        """
        from tinybpf.libbpf.attach import netns as kind

        return kind.attach(self, BpfProgType.SK_LOOKUP, netns)

    def attach_flow_dissector(self, netns: str | os.PathLike[str] | int | None = None) -> BpfLink:
        """Attach a program that takes packets of a network namespace apart, for hashes and filters.

        There can be one in a namespace; one in the initial namespace goes for all others, which then
        cannot have their own. ``netns`` as in `attach_sk_lookup`. Kernel 5.8 or later. `BpfError` with
        EEXIST, E2BIG or EBUSY where there is one.
        """
        from tinybpf.libbpf.attach import netns as kind

        return kind.attach(self, BpfProgType.FLOW_DISSECTOR, netns)

    def attach_sockmap(self, map: BpfMap[Any, Any]) -> BpfLink:
        """Attach a ``sk_skb`` or ``sk_msg`` program to the data of the sockets in a sockmap or sockhash.

        What the program does follows from its section: ``sk_skb/stream_parser`` finds where messages
        end, ``sk_skb/stream_verdict`` and ``sk_skb/verdict`` decide over what is received, ``sk_msg``
        over what is sent. Kernel 6.10 or later; before, and since 4.14 (4.17 for ``sk_msg``), without a
        link of the kernel's: then it takes the place of a program that is there. `BpfError` with
        EBUSY where the map has such a program.
        """
        from tinybpf.libbpf.attach import sockmap

        return sockmap.attach(self, map)

    def attach_reuseport(self, socket: socket.socket | int) -> BpfLink:
        """Attach a ``sk_reuseport`` program, which chooses among the sockets that share a port.

        ``socket`` is any of them (with ``SO_REUSEPORT``), or its descriptor; it goes for all. A
        ``socket`` program chooses by the number that it returns. There is no link of the kernel's:
        it lasts at most as long as the sockets. Kernel 4.19 or later, 5.3 to detach it before.
        `BpfError` with EINVAL where the socket does not share its port.
        """
        from tinybpf.libbpf.attach import reuseport

        return reuseport.attach(self, socket, False)

    def attach_socket(self, socket: socket.socket | int) -> BpfLink:
        """Attach a ``socket`` program as the filter of a socket, given also by its descriptor.

        The program returns how many bytes of a packet the socket gets, 0 for none. There is no link
        of the kernel's: it lasts at most as long as the socket. Kernel 3.19 or later.
        """
        from tinybpf.libbpf.attach import reuseport

        return reuseport.attach(self, socket, True)

    def attach_netfilter(
        self, hook: str, *, family: str = "ipv4", priority: int = 0, defragment: bool = False
    ) -> BpfLink:
        """Attach to a hook of the firewall in the network namespace of this thread.

        ``hook`` is ``"prerouting"``, ``"input"``, ``"forward"``, ``"output"`` or ``"postrouting"``,
        ``family`` ``"ipv4"`` or ``"ipv6"``. What has a lower ``priority`` comes first; rules of
        iptables and nftables are mostly at 0, connection tracking is at -200. The program returns 1
        to accept a packet, 0 to drop it. ``defragment`` puts fragments together before: kernel
        6.6. Kernel 6.4 or later. `BpfError` with EBUSY where there is a program of that priority.
        """
        from tinybpf.libbpf.attach import netfilter

        return netfilter.attach(self, hook, family, priority, defragment)

    def attach_freplace(self, target: BpfProgram | None = None, function: str | None = None) -> BpfLink:
        """Put a program of section ``freplace/FUNCTION`` into the place of another program's function.

        By default of the program that it was loaded for; ``target`` and ``function`` name another,
        with the same parameters: kernel 5.10. Kernel 5.6 or later. `BpfError` with EBUSY where the
        function is replaced already.
        """
        from tinybpf.libbpf.attach import freplace

        return freplace.attach(self, target, function)

    def attach_lirc(self, device: str | os.PathLike[str]) -> BpfLink:
        """Attach a ``lirc_mode2`` program to an infrared receiver, such as ``"/dev/lirc0"``.

        There is no link of the kernel's: it is detached by `BpfLink.destroy`, with the object, or at the
        interpreter's end. Kernel 4.18 or later. Not tried by tinybpf's own tests beyond its errors.
        """
        from tinybpf.libbpf.attach import lirc

        return lirc.attach(self, device)

    def attach_tcx(
        self,
        interface: str | int,
        direction: str | None = None,
        *,
        before: BpfLink | BpfProgram | None = None,
        after: BpfLink | BpfProgram | None = None,
        first: bool = False,
    ) -> BpfLink:
        """Attach to the packets that enter (``"ingress"``) or leave (``"egress"``) an interface.

        The direction may come from the section (``tcx/ingress``, ``tc/egress``); sections ``tc``
        and ``classifier`` leave it open. Several programs of an interface run one after the other,
        as long as each returns ``TCX_NEXT`` (-1): in the order in which they were attached, unless
        ``before`` or ``after`` (a link or a program that is attached there) or ``first`` says otherwise.
        Kernel 6.6 or later; before, without a wish for the order, the program becomes a clsact filter,
        as by `attach_clsact`, and the link's target says so.

        ``ValueError`` where the direction is not known, `NotFoundError` where there is no such
        interface, `BpfError` where the program is of another type or attached there already.
        """
        from tinybpf.libbpf.attach import tcx

        return tcx.attach(self, interface, direction, before, after, first)

    def attach_clsact(self, interface: str | int, direction: str | None = None) -> BpfLink:
        """Attach like `attach_tcx`, but as a filter of a clsact queueing discipline.

        The discipline is made where there is none. A filter belongs to the interface, not to this
        process: the link removes it when it is destroyed, with its object, or when the interpreter
        ends (a process that is killed leaves it), and the discipline with it where the link made it
        and nobody else uses it. It has no descriptor and cannot be pinned. Kernel 4.5 or later.
        """
        from tinybpf.libbpf.attach import clsact, tcx

        return clsact.attach(self, interface, tcx.direction_of(self, direction))

    def attach_netkit(
        self,
        interface: str | int,
        peer: bool | None = None,
        *,
        before: BpfLink | BpfProgram | None = None,
        after: BpfLink | BpfProgram | None = None,
        first: bool = False,
    ) -> BpfLink:
        """Attach to a netkit device, given by its primary side.

        ``peer`` says whose packets: those that the peer's side sends, or the primary's; the section
        (``netkit/primary``, ``netkit/peer``) says it, too. The order as in `attach_tcx`. Kernel 6.7 or
        later. `BpfError` with EINVAL where it is no netkit device.
        """
        from tinybpf.libbpf.attach import netkit

        return netkit.attach(self, interface, peer, before, after, first)

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

        return perf_event.attach(self, event, frequency, period, pid, cpus, cookie)

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

        return kprobe.attach(self, func_name, retprobe, offset, cookie)

    def attach_kretprobe(self, func_name: str | int, *, cookie: int = 0) -> BpfLink:
        """Attach to the return of a function of the kernel. As `attach_kprobe` in all else."""
        from tinybpf.libbpf.attach import kprobe

        return kprobe.attach(self, func_name, True, cookie=cookie)

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

        return kprobe_multi.attach(self, functions, retprobe, cookies)

    def attach_ksyscall(self, name: str, *, retprobe: bool = False, cookie: int = 0) -> BpfLink:
        """Attach to a system call by its name, such as ``"openat"``: its begin, or its return.

        A kprobe at the kernel's own function for the call, whose name differs from machine to
        machine; calls of 32-bit programs go elsewhere. Kernel 4.17 or later (5.15 for a ``cookie``, and
        for a link that can be pinned). `BpfError` with ENOENT where the kernel has no such call, or no
        kprobes.
        """
        from tinybpf.libbpf.attach import ksyscall

        return ksyscall.attach(self, name, retprobe, cookie)

    def attach_trace(self, *, cookie: int = 0) -> BpfLink:
        """Attach a program of section ``fentry/…``, ``fexit/…``, ``fmod_ret/…`` or ``tp_btf/…``.

        To what is in the section's name, and was settled when the program was loaded. The link can be
        pinned. Kernel 5.5 or later, 5.7 for ``fmod_ret``, 5.19 for a ``cookie`` (6.10 of ``tp_btf``).
        `BpfError` with EBUSY where the function is in use, E2BIG where it has 38 programs already.
        """
        from tinybpf.libbpf.attach import trace

        return trace.attach(self, cookie)

    def attach_lsm(self, *, cookie: int = 0) -> BpfLink:
        """Attach a program of section ``lsm/HOOK``: from now on it allows or denies what the hook is about.

        The link can be pinned. Kernel 5.7 or later, 5.19 for a ``cookie``. `UnsupportedError` where the
        security module bpf is not active (``lsm=…,bpf`` on the kernel's command line): the kernel would
        attach the program and never call it.
        """
        from tinybpf.libbpf.attach import lsm

        return lsm.attach(self, cookie)

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

        return uprobe.attach(self, binary_path, offset, pid, retprobe, symbol, cookie, ref_ctr_offset)

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

        return uprobe.attach(self, binary_path, offset, pid, True, symbol, cookie)

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

        return uprobe_multi.attach(self, binary_path, functions, offsets, pid, retprobe, cookies)

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

        return usdt.attach(self, binary_path, provider, name, pid, cookie)

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

        The link's `read` gives what the program writes in a walk over all objects as bytes; iterating
        over the link gives lines; `open` gives a descriptor to read from.

        ``map`` is the map whose entries to walk over (``bpf_map_elem``, ``sockmap``,
        ``bpf_sk_storage_map``), ``cgroup`` the one to begin at, by path or as a descriptor, and
        ``order`` how to go on from there (``"self"``, ``"descendants"``, ``"descendants last"``,
        ``"ancestors"``, since Linux 6.18 ``"children"``). ``pid`` walks over one process's threads, files
        or memory areas, ``tid`` over one thread's: kernel 6.1. Kernel 5.8 or later.
        """
        from tinybpf.libbpf.attach import iter

        return iter.attach(self, map, cgroup, order, pid, tid)

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
