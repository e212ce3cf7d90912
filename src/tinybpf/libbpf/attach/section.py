"""Attaching by section: the ELF section's name says to what."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach import (
    iter,
    kprobe,
    kprobe_multi,
    ksyscall,
    lsm,
    raw_tracepoint,
    trace,
    tracepoint,
)
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

_CGROUP, _INTERFACE = ("a cgroup", "attach_cgroup(path)"), ("a network interface", "attach_tcx(interface)")
_ROUTE = ("a route", "`ip route … encap bpf` with a pin of the program")
_SOCKMAP = ("a sockmap or sockhash", "attach_sockmap(map)")

# What the section's name cannot say, by program type, and the method that takes it.
_NEEDS = {
    BpfProgType.XDP: ("a network interface", "attach_xdp(interface)"),
    BpfProgType.CGROUP_SKB: _CGROUP,
    BpfProgType.CGROUP_SOCK: _CGROUP,
    BpfProgType.CGROUP_SOCK_ADDR: _CGROUP,
    BpfProgType.CGROUP_SOCKOPT: _CGROUP,
    BpfProgType.CGROUP_SYSCTL: _CGROUP,
    BpfProgType.CGROUP_DEVICE: _CGROUP,
    BpfProgType.SOCK_OPS: _CGROUP,
    BpfProgType.SCHED_CLS: _INTERFACE,
    BpfProgType.SCHED_ACT: ("a filter of tc", "`tc filter … action bpf` with a pin of the program"),
    BpfProgType.PERF_EVENT: ("an event, and how often", "attach_perf_event('cpu-clock', frequency=99)"),
    BpfProgType.SYSCALL: ("no attachment at all: it runs when it is called", "test_run(ctx=…)"),
    BpfProgType.SK_SKB: _SOCKMAP,
    BpfProgType.SK_MSG: _SOCKMAP,
    BpfProgType.SK_REUSEPORT: ("one of the sockets of a port", "attach_reuseport(socket)"),
    BpfProgType.SOCKET_FILTER: ("a socket", "attach_socket(socket)"),
    BpfProgType.NETFILTER: ("a hook of the firewall", "attach_netfilter('input')"),
    BpfProgType.LIRC_MODE2: ("an infrared receiver", "attach_lirc('/dev/lirc0')"),
    BpfProgType.STRUCT_OPS: ("the map of its struct, of which it is a part", "obj.map(name).attach()"),
    BpfProgType.LWT_IN: _ROUTE,
    BpfProgType.LWT_OUT: _ROUTE,
    BpfProgType.LWT_XMIT: _ROUTE,
    BpfProgType.LWT_SEG6LOCAL: _ROUTE,
}
_CALLED_BY_MAPS = ("xdp/devmap", "xdp.frags/devmap", "xdp/cpumap", "xdp.frags/cpumap")

_PROBES = {
    **{kind: f"attach_{kind}(…)" for kind in ("kprobe", "kretprobe", "uprobe", "uretprobe", "ksyscall")},
    "kretsyscall": "attach_ksyscall(…, retprobe=True)",
    "kprobe.multi": "attach_kprobe_multi(…)",
    "kretprobe.multi": "attach_kprobe_multi(…, retprobe=True)",
    "kprobe.session": "attach_kprobe_multi(…)",
    "uprobe.multi": "attach_uprobe_multi(…)",
    "uretprobe.multi": "attach_uprobe_multi(…, retprobe=True)",
    "uprobe.session": "attach_uprobe_multi(…)",
    "usdt": "attach_usdt(…)",
}


def attach(program: BpfProgram) -> BpfLink:
    """See `BpfProgram.attach`."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    prefix, _, rest = program.section.lstrip("?").partition("/")
    _require_complete(program, prefix, rest)
    kind = prefix.removesuffix(".s")
    attach_kind = _BY_KIND.get(kind)
    if attach_kind is not None:
        return attach_kind(program, kind, rest)
    if program.type is BpfProgType.KPROBE and kind in _PROBES:
        return _probe(program, kind, rest)
    return _by_libbpf(program, prefix, rest)


def _require_complete(program: BpfProgram, prefix: str, rest: str) -> None:
    """An error that names the method to use where the section does not say all."""
    if program.section.lstrip("?") in _CALLED_BY_MAPS:
        raise _cannot(
            program, "it needs an entry of a devmap or cpumap", "the program's descriptor there does it"
        )
    if program.type is BpfProgType.SCHED_CLS and prefix == "netkit":
        raise _cannot(program, "it needs a netkit device", "attach_netkit(interface) does it")
    if prefix == "lsm_cgroup":
        raise _cannot(program, "it needs a cgroup", "attach_cgroup(path) does it")
    needs = _NEEDS.get(program.type)
    if needs is not None:
        raise _cannot(program, f"it needs {needs[0]}", f"{needs[1]} does it")
    if rest:
        return
    if program.type is BpfProgType.KPROBE:
        method = _PROBES.get(prefix.removesuffix(".s"), "attach_kprobe(…) or attach_uprobe(…)")
    elif program.type in (BpfProgType.TRACEPOINT, BpfProgType.RAW_TRACEPOINT):
        method = f"attach_{program.type.name.lower()}(…)"
    elif program.type is BpfProgType.RAW_TRACEPOINT_WRITABLE:
        method = "attach_raw_tracepoint(…)"
    else:
        return
    raise _cannot(program, "its section does not say to what", f"{method} does it, or name it in the section")


def _probe(program: BpfProgram, kind: str, rest: str) -> BpfLink:
    """kprobes and uprobes of all sorts."""
    returns = "ret" in kind
    if kind in ("ksyscall", "kretsyscall"):
        return ksyscall.attach(program, rest, returns)
    if kind in ("kprobe.multi", "kretprobe.multi", "kprobe.session"):
        return kprobe_multi.attach(program, rest, returns)
    if kind in ("kprobe", "kretprobe"):
        name, _, offset = rest.partition("+")
        return kprobe.attach(program, name, returns, _offset(program, offset))
    file, colon, place = rest.partition(":")
    if not colon or not place:
        form = "PATH:PROVIDER:NAME" if kind == "usdt" else "PATH:FUNCTION"
        raise _cannot(program, f"behind the slash there must be {form}", f"{_PROBES[kind]} does it, too")
    if kind == "usdt":
        from tinybpf.libbpf.attach import usdt

        provider, _, name = place.partition(":")
        return usdt.attach(program, file, provider, name, -1, 0)
    if kind in ("uprobe", "uretprobe"):
        from tinybpf.libbpf.attach import uprobe

        symbol, _, offset = place.partition("+")
        if symbol[:1].isdigit():
            return uprobe.attach(program, file, _offset(program, symbol), -1, returns, None)
        return uprobe.attach(program, file, _offset(program, offset), -1, returns, symbol)
    from tinybpf.libbpf.attach import uprobe_multi

    return uprobe_multi.attach(program, file, place, None, -1, returns, None)


def _offset(program: BpfProgram, text: str) -> int:
    try:
        return int(text, 0) if text else 0
    except ValueError:
        raise _cannot(program, f"'{text}' is no number of bytes", "0x10 or 16 is") from None


def _tracepoint(program: BpfProgram, kind: str, rest: str) -> BpfLink:
    category, slash, name = rest.partition("/")
    if not slash or not name or "/" in name:
        raise _cannot(program, "a tracepoint has a category and a name", f"{kind}/sched/sched_switch is one")
    return tracepoint.attach(program, category, name)


def _netns(program: BpfProgram, kind: str, rest: str) -> BpfLink:
    from tinybpf.libbpf.attach import netns

    return netns.attach(program, program.type, None)


def _freplace(program: BpfProgram, kind: str, rest: str) -> BpfLink:
    from tinybpf.libbpf.attach import freplace

    return freplace.attach(program, None, None)


_BY_KIND: dict[str, Callable[[BpfProgram, str, str], BpfLink]] = {
    "iter": lambda program, kind, rest: iter.attach(program),
    "lsm": lambda program, kind, rest: lsm.attach(program),
    **dict.fromkeys(("tracepoint", "tp"), _tracepoint),
    **dict.fromkeys(
        ("raw_tracepoint", "raw_tp", "raw_tracepoint.w", "raw_tp.w"),
        lambda program, kind, rest: raw_tracepoint.attach(program, rest),
    ),
    **dict.fromkeys(
        ("fentry", "fexit", "fmod_ret", "fsession", "tp_btf"),
        lambda program, kind, rest: trace.attach(program),
    ),
    **dict.fromkeys(("sk_lookup", "flow_dissector"), _netns),
    "freplace": _freplace,
}


def _by_libbpf(program: BpfProgram, prefix: str, rest: str) -> BpfLink:
    """A kind that is newer than this: as libbpf does it."""
    return link(
        program,
        f"attach '{program.name}' by its section '{program.section}'",
        program.section,
        lib.bpf_program__attach,
        hints={
            errno.EOPNOTSUPP: "libbpf does not attach programs of this section by itself",
            errno.ENOENT: "what the section names does not exist in this kernel",
            errno.ESRCH: "what the section names does not exist in this kernel",
        },
    )


def _cannot(program: BpfProgram, why: str, instead: str) -> BpfError:
    return BpfError(
        f"attach '{program.name}' by its section '{program.section}' failed: {why}\n  hint: {instead}",
        errno.EOPNOTSUPP,
    )
