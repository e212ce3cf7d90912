"""Programs that decide over what the processes of a cgroup do."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import error_from, not_found
from tinybpf.libbpf._hints import lacks, program_needs
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach import lsm
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

CGROUP2_MAGIC = "cgroup2"

_OPEN_HINTS = {
    errno.EACCES: "this user may not open the cgroup's directory: let root make it readable (chmod o+rx, or "
    "chown), or give this process CAP_DAC_READ_SEARCH",
}


def attach(program: BpfProgram, cgroup: str | os.PathLike[str] | int) -> BpfLink:
    """See `BpfProgram.attach_cgroup`. Kernel 5.7 or later."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    if isinstance(cgroup, int):
        return _attach_fd(program, cgroup, f"descriptor {cgroup}", f"fd {cgroup}")
    path = os.fspath(cgroup)
    what = f"attach cgroup program to '{path}'"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise not_found(f"{what} failed: there is no such cgroup{_mounts()}", error.errno or 0) from None
    except OSError as error:
        raise error_from(what, error.errno or 0, None, _OPEN_HINTS) from None
    try:
        return _attach_fd(program, fd, path, path)
    finally:
        os.close(fd)


def _attach_fd(program: BpfProgram, fd: int, where: str, target: str) -> BpfLink:
    if program.type is BpfProgType.LSM:
        lsm.require_active(f"attach cgroup program to '{where}'")
    return link(
        program,
        f"attach cgroup program to '{where}'",
        f"cgroup:{target}",
        lib.bpf_program__attach_cgroup,
        fd,
        hints={
            errno.EBADF: lambda: f"this is no cgroup of version 2{_mounts()}",
            errno.EINVAL: f"'{program.name}' is a {program.type.name} program in section "
            f"'{program.section}'; that must be one of cgroup/…, cgroup_skb/…, lsm_cgroup/… or sockops",
            errno.EPERM: lambda: (
                lacks(program_needs(program.type))
                or "a cgroup above this one has a program that forbids others below it"
            ),
        },
    )


def _mounts() -> str:
    """Where cgroups of version 2 are mounted, for a message."""
    try:
        with open("/proc/self/mounts") as file:
            lines = [line.split() for line in file]
    except OSError:
        return ""
    found = [fields[1] for fields in lines if len(fields) > 2 and fields[2] == CGROUP2_MAGIC]
    if not found:
        return "; no cgroup2 file system is mounted"
    return f"; those are below {' or '.join(found)}"
