"""What programs over packets, sockets and cgroups are attached to: a method for each kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from tinybpf.libbpf.enums import BpfProgType

if TYPE_CHECKING:
    import socket

    from tinybpf.libbpf.link import BpfLink
    from tinybpf.libbpf.map import BpfMap
    from tinybpf.libbpf.program import BpfProgram


class NetworkAttachments:
    """Methods of `BpfProgram`."""

    @property
    def _program(self) -> BpfProgram:
        return cast("BpfProgram", self)

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

        return xdp.attach(self._program, interface, mode, replace)

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

        return tcx.attach(self._program, interface, direction, before, after, first)

    def attach_clsact(self, interface: str | int, direction: str | None = None) -> BpfLink:
        """Attach like `attach_tcx`, but as a filter of a clsact queueing discipline.

        The discipline is made where there is none. A filter belongs to the interface, not to this
        process: the link removes it when it is destroyed, with its object, or when the interpreter
        ends (a process that is killed leaves it), and the discipline with it where the link made it
        and nobody else uses it. It has no descriptor and cannot be pinned. Kernel 4.5 or later.
        """
        from tinybpf.libbpf.attach import clsact, tcx

        return clsact.attach(self._program, interface, tcx.direction_of(self._program, direction))

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

        return netkit.attach(self._program, interface, peer, before, after, first)

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

        return kind.attach(self._program, cgroup, direction, before, after, first, mode)

    def attach_sk_lookup(self, netns: str | os.PathLike[str] | int | None = None) -> BpfLink:
        """Attach a program that chooses the socket for what arrives in a network namespace.

        ``netns`` is a path (``/proc/PID/ns/net``), a name of ``ip netns``, or a descriptor; by
        default the namespace of this thread. Kernel 5.9 or later. `NotFoundError` where there is no
        such namespace.
        """
        from tinybpf.libbpf.attach import netns as kind

        return kind.attach(self._program, BpfProgType.SK_LOOKUP, netns)

    def attach_flow_dissector(self, netns: str | os.PathLike[str] | int | None = None) -> BpfLink:
        """Attach a program that takes packets of a network namespace apart, for hashes and filters.

        There can be one in a namespace; one in the initial namespace goes for all others, which then
        cannot have their own. ``netns`` as in `attach_sk_lookup`. Kernel 5.8 or later. `BpfError` with
        EEXIST, E2BIG or EBUSY where there is one.
        """
        from tinybpf.libbpf.attach import netns as kind

        return kind.attach(self._program, BpfProgType.FLOW_DISSECTOR, netns)

    def attach_sockmap(self, map: BpfMap[Any, Any]) -> BpfLink:
        """Attach a ``sk_skb`` or ``sk_msg`` program to the data of the sockets in a sockmap or sockhash.

        What the program does follows from its section: ``sk_skb/stream_parser`` finds where messages
        end, ``sk_skb/stream_verdict`` and ``sk_skb/verdict`` decide over what is received, ``sk_msg``
        over what is sent. Kernel 6.10 or later; before, and since 4.14 (4.17 for ``sk_msg``), without a
        link of the kernel's: then it takes the place of a program that is there. `BpfError` with
        EBUSY where the map has such a program.
        """
        from tinybpf.libbpf.attach import sockmap

        return sockmap.attach(self._program, map)

    def attach_reuseport(self, socket: socket.socket | int) -> BpfLink:
        """Attach a ``sk_reuseport`` program, which chooses among the sockets that share a port.

        ``socket`` is any of them (with ``SO_REUSEPORT``), or its descriptor; it goes for all. A
        ``socket`` program chooses by the number that it returns. There is no link of the kernel's:
        it lasts at most as long as the sockets. Kernel 4.19 or later, 5.3 to detach it before.
        `BpfError` with EINVAL where the socket does not share its port.
        """
        from tinybpf.libbpf.attach import reuseport

        return reuseport.attach(self._program, socket, False)

    def attach_socket(self, socket: socket.socket | int) -> BpfLink:
        """Attach a ``socket`` program as the filter of a socket, given also by its descriptor.

        The program returns how many bytes of a packet the socket gets, 0 for none. There is no link
        of the kernel's: it lasts at most as long as the socket. Kernel 3.19 or later.
        """
        from tinybpf.libbpf.attach import reuseport

        return reuseport.attach(self._program, socket, True)

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

        return netfilter.attach(self._program, hook, family, priority, defragment)
