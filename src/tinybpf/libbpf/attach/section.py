"""Attaching by section: the ELF section's name says to what."""

from __future__ import annotations

import errno
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

# What the section's name cannot say, by program type, and the method that takes it.
_NEEDS = {
    BpfProgType.XDP: ("a network interface", "attach_xdp(interface)"),
    BpfProgType.CGROUP_SKB: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.CGROUP_SOCK: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.CGROUP_SOCK_ADDR: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.CGROUP_SOCKOPT: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.CGROUP_SYSCTL: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.CGROUP_DEVICE: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.SOCK_OPS: ("a cgroup", "attach_cgroup(path)"),
    BpfProgType.SCHED_CLS: ("a network interface", "attach_tcx(interface)"),
    BpfProgType.PERF_EVENT: ("an event, and how often", "attach_perf_event('cpu-clock', frequency=99)"),
    BpfProgType.SYSCALL: ("no attachment at all: it runs when it is called", "test_run(ctx=…)"),
}

_PROBES = {
    **{kind: f"attach_{kind}(…)" for kind in ("kprobe", "kretprobe", "uprobe", "uretprobe", "ksyscall")},
    "kretsyscall": "attach_ksyscall(…, retprobe=True)",
    "kprobe.multi": "attach_kprobe_multi(…)",
    "kretprobe.multi": "attach_kprobe_multi(…, retprobe=True)",
    "kprobe.session": "attach_kprobe_multi(…)",
}


def attach(program: BpfProgram) -> BpfLink:
    """See `BpfProgram.attach`."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    prefix, _, rest = program.section.lstrip("?").partition("/")
    if program.type is BpfProgType.SCHED_CLS and prefix == "netkit":
        raise _cannot(program, "it needs a netkit device", "attach_netkit(interface) does it")
    if prefix == "lsm_cgroup":
        raise _cannot(program, "it needs a cgroup", "attach_cgroup(path) does it")
    needs = _NEEDS.get(program.type)
    if needs is not None:
        raise _cannot(program, f"it needs {needs[0]}", f"{needs[1]} does it")
    if not rest and program.type is BpfProgType.KPROBE:
        method = _PROBES.get(prefix, "attach_kprobe(…) or attach_uprobe(…)")
        raise _cannot(
            program, "its section does not say to what", f"{method} does it, or name it in the section"
        )
    if prefix in ("iter", "iter.s"):
        return iter.attach(program)
    kind = prefix.removesuffix(".s")
    if kind in ("fentry", "fexit", "fmod_ret", "tp_btf"):
        return trace.attach(program)
    if kind == "lsm":
        return lsm.attach(program)
    if prefix in ("ksyscall", "kretsyscall"):
        return ksyscall.attach(program, rest, prefix == "kretsyscall")
    if prefix in ("kprobe.multi", "kretprobe.multi", "kprobe.session"):
        return kprobe_multi.attach(program, rest, prefix == "kretprobe.multi")
    if prefix in ("kprobe", "kretprobe") and rest.isidentifier():
        return kprobe.attach(program, rest, prefix == "kretprobe")
    if prefix in ("tracepoint", "tp") and rest.count("/") == 1:
        category, _, name = rest.partition("/")
        return tracepoint.attach(program, category, name)
    if prefix in ("raw_tracepoint", "raw_tp", "raw_tracepoint.w", "raw_tp.w") and rest:
        return raw_tracepoint.attach(program, rest)
    if not rest and program.type in (BpfProgType.TRACEPOINT, BpfProgType.RAW_TRACEPOINT):
        method = f"attach_{program.type.name.lower()}(…)"
        raise _cannot(
            program, "its section does not say to what", f"{method} does it, or name it in the section"
        )
    return link(
        program,
        f"attach '{program.name}' by its section '{program.section}'",
        program.section,
        lib.bpf_program__attach,
        hints={
            errno.EOPNOTSUPP: "libbpf does not attach programs of this section by itself",
            errno.ENOENT: lambda: _not_there(prefix, rest),
            errno.ESRCH: lambda: _not_there(prefix, rest),
        },
    )


def _not_there(prefix: str, rest: str) -> str:
    """What is missing, by the kind of thing that the section names."""
    kind = prefix.partition(".")[0]
    if kind in ("uprobe", "uretprobe", "usdt"):
        return f"'{rest}' names a file, or in it a function or probe, that is not there"
    if kind in ("kprobe", "kretprobe") and not kprobe.available():
        return kprobe.NO_KPROBES
    return "what the section names does not exist in this kernel"


def _cannot(program: BpfProgram, why: str, instead: str) -> BpfError:
    return BpfError(
        f"attach '{program.name}' by its section '{program.section}' failed: {why}\n  hint: {instead}",
        errno.EOPNOTSUPP,
    )
