"""Why something could not be pinned at a path, or opened from one."""

from __future__ import annotations

import errno
import os
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tinybpf.libbpf._check import Hints

NO_PIN = "this is no pin of a BPF object"
_FORBIDDEN = "this user may not write there: a directory that root makes for it (mkdir, chown) will do"


def for_pin(path: str) -> Hints:
    """What to do about the errno of a pin at ``path``."""
    known = (errno.EINVAL, errno.ENOENT, errno.EPERM, errno.EACCES, errno.ENOTDIR, errno.EROFS)
    return {
        **{code: partial(_why_not, path, code) for code in known},
        errno.EEXIST: "something is pinned there already",
        errno.ENAMETOOLONG: "a name has 255 bytes at most",
    }


def for_open(path: str) -> Hints:
    """What to do about the errno of ``path`` opened as a pin, where there is such a file."""
    return {code: partial(_why_no_pin, path) for code in (errno.EINVAL, errno.EACCES, errno.EPERM)}


def _why_not(path: str, code: int) -> str | None:
    directory = os.path.dirname(path) or "."
    if not os.path.isdir(directory):
        return _no_directory(directory)
    if _is_outside(directory):
        return f"the path is not in a BPF file system: {_where()}"
    if code == errno.EROFS:
        return "the file system is mounted read-only"
    if code == errno.EPERM and "." in os.path.basename(path):
        return "names in a BPF file system have no dots"
    return _FORBIDDEN if code == errno.EACCES else None


def _why_no_pin(path: str) -> str | None:
    if os.path.isdir(path):
        return f"{NO_PIN}, but a directory"
    if _is_outside(os.path.dirname(path) or "."):
        return f"{NO_PIN}: the path is not in a BPF file system"
    if not os.access(path, os.R_OK | os.W_OK):
        return "this user may not read and write it: let root give it away (chown)"
    return NO_PIN if os.path.isfile(path) else None


def _no_directory(directory: str) -> str:
    while True:
        parent = os.path.dirname(directory) or "."
        if os.path.lexists(parent) or parent == directory:
            break
        directory = parent
    if os.path.lexists(directory) or not os.path.isdir(parent):
        return f"'{directory if os.path.lexists(directory) else parent}' is no directory"
    outside = f", and is not in a BPF file system: {_where()}" if _is_outside(parent) else ""
    return f"the directory '{directory}' does not exist{outside}"


def _where() -> str:
    from tinybpf import system

    mounts = system.mounted("bpf")
    return f"there is one at '{mounts[0]}'" if mounts else "mount -t bpf bpf /sys/fs/bpf"


def _is_outside(directory: str) -> bool:
    """Whether a directory is known to be in a file system of another kind."""
    from tinybpf import system

    try:
        place = os.stat(directory).st_dev
        return place not in [os.stat(mount).st_dev for mount in system.mounted("bpf")]
    except OSError:
        return False
