"""Facts about this machine and this process that decide what eBPF may do here.

Each function reads what the kernel tells about itself and says None where it does not tell: no
``/proc``, another system, a container that hides it. Nothing here raises, and nothing needs root.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import NamedTuple

# By number, from the kernel's linux/capability.h.
CAPABILITIES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip

_INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # the kernel's PROC_PID_INIT_INO: the same everywhere
_INITIAL_USER_NAMESPACE = 0xEFFFFFFD


class Mount(NamedTuple):
    """A mounted file system: its kind, where, and its options."""

    kind: str
    path: str
    options: str


def read(path: str) -> str | None:
    """A file's text without white space around it, or None where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read().strip()
    except OSError:
        return None


# ---- the kernel ----


def kernel_release() -> str | None:
    """The kernel's release, such as ``"6.1.0-18-amd64"``; None on another system than Linux."""
    import sys

    return os.uname().release if sys.platform == "linux" else None


def kernel_version() -> tuple[int, int] | None:
    """Major and minor number of the release."""
    found = re.match(r"(\d+)\.(\d+)", kernel_release() or "")
    return (int(found[1]), int(found[2])) if found else None


def older_than(version: str) -> bool:
    """Whether the running kernel is known to be older than ``"5.8"`` and the like."""
    mine = kernel_version()
    major, _, minor = version.partition(".")
    return mine is not None and mine < (int(major), int(minor))


@lru_cache(maxsize=1)
def kernel_config() -> tuple[str, dict[str, str]] | None:
    """Where the kernel's configuration was found, and its items: ``{"CONFIG_BPF": "y", …}``.

    What is not set has no entry. A configuration under ``/boot`` is that of the running release.
    """
    release = kernel_release()
    places = ["/proc/config.gz", f"/boot/config-{release}", f"/lib/modules/{release}/config"]
    for place in places if release else []:
        text = _config_text(place)
        if text:
            items = re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.M)
            return place, {name: value.strip('"') for name, value in items}
    return None


def _config_text(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return None
    if path.endswith(".gz"):
        import zlib

        try:
            content = zlib.decompress(content, 31)
        except zlib.error:
            return None
    return content.decode("utf-8", "replace")


def config_item(name: str) -> str | None:
    """``"y"``, ``"m"`` or a value; ``"n"`` where it is not set; None where no configuration is known."""
    found = kernel_config()
    return None if found is None else found[1].get(name, "n")


def lockdown() -> str | None:
    """The kernel's lockdown mode: "none", "integrity", "confidentiality", or None if unknown."""
    content = read("/sys/kernel/security/lockdown")
    if content is None or "[" not in content:
        return None
    return content.partition("[")[2].partition("]")[0]


def security_modules() -> tuple[str, ...] | None:
    """The active security modules in order, or None if unknown.

    ``/sys/kernel/security/lsm`` says it; without securityfs it follows from the command line and
    the configuration.
    """
    content = read("/sys/kernel/security/lsm")
    if content:
        return tuple(content.split(","))
    given = re.search(r"(?:^|\s)lsm=(\S*)", read("/proc/cmdline") or "")
    listed = given[1] if given else config_item("CONFIG_LSM")
    return None if listed is None or listed == "n" else tuple(listed.split(","))


def sysctl(name: str) -> int | None:
    """A number below ``/proc/sys``, given as ``"kernel.unprivileged_bpf_disabled"``."""
    content = read("/proc/sys/" + name.replace(".", "/"))
    try:
        return None if content is None else int(content)
    except ValueError:
        return None


# ---- file systems ----


def mounts() -> list[Mount]:
    """All mounts that this process sees, in the order of mounting; empty if unknown."""
    found = []
    for line in (read("/proc/self/mounts") or "").splitlines():
        fields = line.split()
        if len(fields) >= 4:
            found.append(Mount(fields[2], _unescape(fields[1]), fields[3]))
    return found


def mounted(kind: str) -> list[str]:
    """Where file systems of a kind are mounted: ``mounted("cgroup2")``; not what another mount hides."""
    return list(dict.fromkeys(mount.path for mount in mounts() if mount.kind == kind and _there(mount.path)))


def _there(path: str) -> bool:
    try:
        os.stat(path)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _unescape(path: str) -> str:
    """A path of /proc/self/mounts: blanks and the like are octal there."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


# ---- this process ----


def process_status() -> dict[str, str]:
    """``/proc/thread-self/status``, by name; empty if unknown."""
    content = read("/proc/thread-self/status") or read("/proc/self/status") or ""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in content.splitlines())}


def effective_capabilities() -> frozenset[str] | None:
    """The names of the capabilities that this thread has in effect, or None if unknown."""
    return capability_set("CapEff")


def capability_set(which: str) -> frozenset[str] | None:
    """One of ``CapEff``, ``CapPrm``, ``CapBnd``, ``CapAmb``, ``CapInh`` by names, or None if unknown."""
    try:
        bits = int(process_status()[which], 16)
    except (KeyError, ValueError):
        return None
    return frozenset(
        CAPABILITIES[number] if number < len(CAPABILITIES) else f"CAP_{number}"
        for number in range(bits.bit_length())
        if bits >> number & 1
    )


def in_initial_user_namespace() -> bool | None:
    """Whether capabilities of this process count for the whole machine."""
    return _is_namespace("user", _INITIAL_USER_NAMESPACE)


def in_initial_pid_namespace() -> bool | None:
    """Whether process ids of this process are those that BPF programs see."""
    return _is_namespace("pid", _INITIAL_PID_NAMESPACE)


def _is_namespace(kind: str, inode: int) -> bool | None:
    try:
        return os.stat(f"/proc/self/ns/{kind}").st_ino == inode
    except OSError:
        return None


def seccomp() -> str | None:
    """Whether system calls of this process are filtered: "off", "strict", "filter", or None."""
    return {"0": "off", "1": "strict", "2": "filter"}.get(process_status().get("Seccomp", ""))


def memlock_limit() -> int | None:
    """The soft limit of locked memory in bytes, -1 for none; None if unknown."""
    try:
        import resource
    except ImportError:
        return None
    return int(resource.getrlimit(resource.RLIMIT_MEMLOCK)[0])
