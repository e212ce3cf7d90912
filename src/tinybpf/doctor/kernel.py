"""The kernel: its release, how it was built, and what it allows."""

from __future__ import annotations

import errno
import os
import platform
import sys

from tinybpf import system
from tinybpf.doctor.report import Check, Level

BTF = "/sys/kernel/btf/vmlinux"
EVENT_SOURCES = "/sys/bus/event_source/devices"
SECURITYFS = "mount -t securityfs securityfs /sys/kernel/security"
OLDEST = "5.8"

# The number of the system call by machine.
PERF_EVENT_OPEN = {
    "x86_64": 298,
    "aarch64": 241,
    "riscv64": 241,
    "loongarch64": 241,
    "s390x": 331,
    "ppc64le": 319,
}

# What of the configuration decides over eBPF, and what is lost without it.
CONFIG = {
    "CONFIG_BPF_SYSCALL": "all of eBPF",
    "CONFIG_BPF_JIT": "machine code for programs; fentry, struct_ops and arenas",
    "CONFIG_DEBUG_INFO_BTF": "kernel types: fentry, tp_btf, lsm, iter and CO-RE",
    "CONFIG_BPF_EVENTS": "tracing programs",
    "CONFIG_KPROBES": "kprobes",
    "CONFIG_UPROBES": "uprobes",
    "CONFIG_FTRACE_SYSCALLS": "the tracepoints of system calls",
    "CONFIG_FPROBE": "kprobe.multi",
    "CONFIG_BPF_LSM": "lsm programs",
    "CONFIG_CGROUP_BPF": "cgroup programs",
    "CONFIG_NET_CLS_BPF": "tc filters (tcx does without)",
    "CONFIG_XDP_SOCKETS": "AF_XDP sockets",
}


def release() -> Check:
    found = system.kernel_release()
    if found is None:
        return Check(
            "release",
            Level.BAD,
            f"{platform.system() or sys.platform}, no Linux",
            "eBPF programs can be compiled here, but only a Linux kernel runs them: use a virtual machine "
            "(WSL 2 on Windows, Lima or Docker's machine on macOS)",
            {"system": sys.platform},
        )
    facts = {"release": found, "machine": os.uname().machine}
    text = f"Linux {found}, {os.uname().machine}"
    if system.older_than(OLDEST):
        advice = f"ring buffers, CAP_BPF and much else came with Linux {OLDEST}: use a newer kernel"
        return Check("release", Level.WARN, text, advice, facts)
    return Check("release", Level.OK, text, None, facts)


def btf() -> Check:
    if not os.path.exists(BTF):
        advice = (
            "fentry, tp_btf, lsm, iter and CO-RE need it: a kernel built with CONFIG_DEBUG_INFO_BTF "
            "(those of the distributions have it), and /sys mounted"
        )
        return Check("btf", Level.WARN, f"no {BTF}", advice, {"path": None})
    size = os.stat(BTF).st_size
    return Check("btf", Level.OK, f"{BTF}, {size / 1e6:.1f} MB", None, {"path": BTF, "size": size})


def config() -> Check:
    found = system.kernel_config()
    if found is None:
        where = f"/proc/config.gz, /boot/config-{system.kernel_release()}"
        return Check("config", Level.INFO, f"unknown: no {where}", None, {"path": None})
    path, items = found
    facts = {"path": path, "items": {name: items.get(name, "n") for name in CONFIG}}
    unset = [name for name in CONFIG if name not in items]
    if not unset:
        return Check("config", Level.OK, path, None, facts)
    lost = ", ".join(f"{name} ({CONFIG[name]})" for name in unset)
    level = Level.BAD if "CONFIG_BPF_SYSCALL" in unset else Level.INFO
    return Check("config", level, f"{path}; not set: {lost}", None, facts)


def jit() -> Check:
    value = system.sysctl("net.core.bpf_jit_enable")
    if value is None:
        always = system.config_item("CONFIG_BPF_JIT_ALWAYS_ON") == "y"
        return Check("jit", Level.INFO, "on" if always else "unknown", None, {"bpf_jit_enable": None})
    facts = {"bpf_jit_enable": value}
    if value == 0:
        return Check(
            "jit", Level.WARN, "off", "programs are interpreted: sysctl net.core.bpf_jit_enable=1", facts
        )
    return Check("jit", Level.OK, "on", None, facts)


def lockdown() -> Check:
    mode = system.lockdown()
    facts = {"mode": mode}
    if mode is None:
        modules = system.security_modules()
        if modules is not None and "lockdown" not in modules:
            return Check("lockdown", Level.OK, "not in this kernel", None, facts)
        if system.mounted("securityfs"):
            return Check("lockdown", Level.INFO, "unknown", None, facts)
        return Check(
            "lockdown", Level.INFO, "unknown: securityfs is not mounted", f"to see it: {SECURITYFS}", facts
        )
    if mode == "none":
        return Check("lockdown", Level.OK, "none", None, facts)
    lost = "writing to user memory"
    if mode == "confidentiality":
        lost += ", reading kernel memory, kprobes, tracefs and perf events"
    advice = (
        f"even root may not do all: it forbids {lost}. It comes from Secure Boot or lockdown= on the "
        "kernel's command line"
    )
    return Check("lockdown", Level.WARN, mode, advice, facts)


def unprivileged() -> Check:
    value = system.sysctl("kernel.unprivileged_bpf_disabled")
    facts = {"unprivileged_bpf_disabled": value}
    words = {
        None: "unknown",
        0: "allowed: socket filters and cgroup_skb without any capability (unprivileged_bpf_disabled = 0)",
        1: "off until the next boot (unprivileged_bpf_disabled = 1)",
        2: "off (unprivileged_bpf_disabled = 2)",
    }
    return Check("unprivileged", Level.INFO, words.get(value, str(value)), None, facts)


def perf_events() -> Check:
    level = system.sysctl("kernel.perf_event_paranoid")
    refused = perf_refused()
    facts = {"perf_event_paranoid": level, "errno": refused}
    if level is None:
        there = os.path.isdir("/proc/sys/kernel")
        advice = "tracepoints, kprobes and uprobes need CONFIG_PERF_EVENTS" if there else None
        text = "not in this kernel" if there else "unknown"
        return Check("perf events", Level.WARN if there else Level.INFO, text, advice, facts)
    text = f"for CAP_PERFMON (perf_event_paranoid = {level})" if level >= 0 else "for all"
    if refused in (errno.EACCES, errno.EPERM):
        advice = "tracepoints, kprobes and uprobes need them: "
        if refused == errno.EACCES and level > 2:
            text = f"for CAP_SYS_ADMIN alone (perf_event_paranoid = {level})"
            advice += "sysctl -w kernel.perf_event_paranoid=2; raw tracepoints do without"
        else:
            text, advice = "refused", f"{advice}perf_event_open() is filtered, as containers do it by default"
        return Check("perf events", Level.WARN, text, advice, facts)
    return Check("perf events", Level.OK, text, None, facts)


def perf_refused() -> int | None:
    """The errno with which this process is refused even the least of perf events; 0 if it is not.

    That takes no capability, unless the kernel is one of Debian or Ubuntu with a level above 2. None
    on a machine whose number for the system call is not known here.
    """
    # A software event (1) that counts nothing (9), of user space alone (bits 5 and 6).
    return _open_perf_event(1, 9, 1 << 5 | 1 << 6)


def uprobe_refused() -> bool | None:
    """Whether this process may not make uprobes, whatever else works; None if unknown.

    Since Linux 6.16, and in stable kernels since July 2025, that takes CAP_SYS_ADMIN. It is asked
    before the kernel looks for the file, which is one that does not exist.
    """
    kind = system.read(f"{EVENT_SOURCES}/uprobe/type")
    if kind is None or not kind.isdigit():
        return None
    code = _open_perf_event(int(kind), 0, 0, b"/nowhere")
    return None if code is None else code in (errno.EACCES, errno.EPERM)


def _open_perf_event(kind: int, config: int, flags: int, path: bytes = b"") -> int | None:
    """Open an event of this thread and close it: 0 or the errno; None if that is not known how."""
    import ctypes
    import struct

    number = PERF_EVENT_OPEN.get(os.uname().machine)
    if number is None or struct.calcsize("P") != 8:
        return None
    name = ctypes.create_string_buffer(path)
    where = ctypes.addressof(name) if path else 0
    attributes = struct.pack("=IIQQQQQIIQQ", kind, 72, config, 0, 0, 0, flags, 0, 0, where, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(number, attributes, 0, -1, -1, 8)  # any CPU, no group, close on exec
    if fd < 0:
        return ctypes.get_errno()
    os.close(fd)
    return 0


def kprobes() -> Check:
    items = ("CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS")
    return _probes("kprobes", "kprobe", items, "tracepoints and raw tracepoints do without them")


def uprobes() -> Check:
    items = ("CONFIG_UPROBES", "CONFIG_UPROBE_EVENTS")
    return _probes("uprobes", "uprobe", items, "functions of user space can't be traced")


def _probes(name: str, source: str, items: tuple[str, ...], otherwise: str) -> Check:
    """Whether the kernel offers this kind of probe, as an event source or through tracefs."""
    unset = [item for item in items if system.config_item(item) == "n"]
    available = False if unset else probes_available(source)
    facts = {"available": available, "unset": unset}
    if available:
        return Check(name, Level.OK, "available", None, facts)
    if available is None:
        return Check(name, Level.INFO, "unknown: /sys does not tell", None, facts)
    why = f"this kernel was built without {unset[0]}" if unset else f"built without {items[-1]}?"
    return Check(name, Level.WARN, f"not available: {why}", f"{otherwise}; or use another kernel", facts)


def probes_available(source: str) -> bool | None:
    """Whether ``kprobe`` or ``uprobe`` events can be made; None where nothing tells."""
    if os.path.exists(f"{EVENT_SOURCES}/{source}"):
        return True
    if any(os.path.exists(f"{root}/{source}_events") for root in system.mounted("tracefs")):
        return True
    return False if os.path.isdir(EVENT_SOURCES) else None


def security_modules() -> Check:
    found = system.security_modules()
    facts = {"modules": found}
    if found is None:
        return Check("lsm", Level.INFO, "unknown", None, facts)
    built = system.config_item("CONFIG_BPF_LSM")
    if "bpf" in found and built != "n":
        return Check("lsm", Level.OK, "bpf is active", None, facts)
    if built == "n":
        return Check("lsm", Level.INFO, "this kernel was built without CONFIG_BPF_LSM", None, facts)
    advice = f"lsm programs would load and never run: boot with lsm={','.join((*found, 'bpf'))}"
    return Check("lsm", Level.WARN, f"bpf is not active (lsm={','.join(found)})", advice, facts)


ONLY_LINUX = {
    "btf": btf,
    "config": config,
    "jit": jit,
    "lockdown": lockdown,
    "unprivileged": unprivileged,
    "perf events": perf_events,
    "kprobes": kprobes,
    "uprobes": uprobes,
    "lsm": security_modules,
}
CHECKS = {"release": release, **(ONLY_LINUX if sys.platform == "linux" else {})}
