"""Iterators: a program that is run for each of the kernel's objects of a kind, and writes text or bytes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import attempt, error_from, path_of
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import create, link_options, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import FdLink

if TYPE_CHECKING:
    from tinybpf.libbpf.map import BpfMap
    from tinybpf.libbpf.program import BpfProgram

CHUNK = 64 * 1024
ITER = 28  # BPF_TRACE_ITER
ORDERS = {"self": 1, "descendants": 2, "descendants last": 3, "ancestors": 4, "children": 5}
"""How to walk from a cgroup on, the cgroup itself included: BPF_CGROUP_ITER_*."""
TASKS = ("task", "task_file", "task_vma")
MAPS = ("bpf_map_elem", "bpf_sk_storage_map", "sockmap")


class IterLink(FdLink):
    """An iterator: each `read`, `open` or loop runs the program over all of the kernel's objects again."""

    def read(self) -> bytes:
        """All that the program writes in one walk."""
        return b"".join(self._chunks())

    def open(self) -> int:
        """A descriptor to read one walk from, as from a file; it is the caller's to close."""
        with self._lock:
            self._require()
            fd: int = attempt(f"read '{self._target}'", lib.bpf_iter_create, self._fd)
        return fd

    def __iter__(self) -> Iterator[str]:
        """What the program writes in one walk, line by line."""
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "backslashreplace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "backslashreplace")

    def _chunks(self) -> Iterator[bytes]:
        fd = self.open()
        try:
            while chunk := os.read(fd, CHUNK):
                yield chunk
        except OSError as error:
            raise error_from(f"read '{self._target}'", error.errno or 0, None) from None
        finally:
            os.close(fd)


def attach(
    program: BpfProgram,
    map: BpfMap[Any, Any] | None = None,
    cgroup: str | os.PathLike[str] | int | None = None,
    order: str = "descendants",
    pid: int | None = None,
    tid: int | None = None,
) -> IterLink:
    """See `BpfProgram.attach_iter`. Kernel 5.8 or later."""
    kind = program.section.lstrip("?").partition("/")[2] or program.section
    what = f"attach iterator '{kind}'"
    require_type(program, what, BpfProgType.TRACING)
    _check_limits(kind, map, cgroup, pid, tid)
    limits, opened = ffi.new("union bpf_iter_link_info *"), -1
    opts = link_options()
    _held = None if map is None else map._core.held()
    if map is not None:
        limits.map.map_fd = map.fd
    if cgroup is not None:
        opened = limits.cgroup.cgroup_fd = _cgroup(what, cgroup)
        limits.cgroup.order = _order(order)
    if pid is not None or tid is not None:
        limits.task.pid, limits.task.tid = _task("pid", pid), _task("tid", tid)
    if map is not None or cgroup is not None or pid is not None or tid is not None:
        opts.iter_info, opts.iter_info_len = limits, ffi.sizeof("union bpf_iter_link_info")
    try:
        hints = _hints(program, kind, map)
        made = create(program, what, f"iter:{kind}", 0, ITER, opts, hints=hints, kind=IterLink)
    except BpfError as error:
        raise _explained(error, what, pid is not None or tid is not None) from None
    finally:
        if opened >= 0:
            os.close(opened)
    assert isinstance(made, IterLink)
    return made


def _check_limits(kind: str, map: Any, cgroup: Any, pid: int | None, tid: int | None) -> None:
    from tinybpf.libbpf.map import BpfMap

    if pid is not None and tid is not None:
        raise ValueError("give pid for a process, or tid for one thread, not both")
    given = {"map": (map, MAPS), "cgroup": (cgroup, ("cgroup",)), "pid": (pid, TASKS), "tid": (tid, TASKS)}
    for name, (value, kinds) in given.items():
        if value is not None and kind not in kinds:
            raise ValueError(f"{name} is for iterators over {', '.join(kinds)}, not for '{kind}'")
    if map is None and kind in MAPS:
        raise ValueError(f"map is missing: an iterator '{kind}' walks over the entries of one")
    if map is not None and not isinstance(map, BpfMap):
        raise TypeError(f"map must be a BpfMap, not {type(map).__name__}")


def _cgroup(what: str, cgroup: str | os.PathLike[str] | int) -> int:
    """A descriptor of the cgroup that is the caller's to close."""
    from tinybpf.libbpf.attach.cgroup import open_cgroup

    if isinstance(cgroup, int):
        try:
            return os.dup(cgroup)
        except OSError as error:
            raise error_from(what, error.errno or 0, None) from None
    return open_cgroup(what, path_of("cgroup", cgroup))


def _order(order: str) -> int:
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(map(repr, ORDERS))}, not {order!r}")
    return ORDERS[order]


def _task(name: str, value: int | None) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not 0 < value < 1 << 31:
        raise ValueError(f"{name} must be positive: {value}")
    return value


def _hints(program: BpfProgram, kind: str, map: Any) -> dict[int, str]:
    unsuitable = f"'{program.name}' is no iterator (a program in a section iter/…)"
    if map is not None:
        unsuitable += f", or one that map '{map.name}' of type {map.type.name} is not for"
    return {
        errno.EINVAL: unsuitable,
        errno.EBADF: "the cgroup is none of version 2",
        errno.EACCES: f"the program reads or writes more of the entries than map '{map.name}' has"
        if map is not None
        else "this process may not read that",
    }


def _explained(error: BpfError, what: str, of_tasks: bool) -> BpfError:
    """The same error, or that this kernel cannot limit the walk."""
    why = _since.absence("iterators over a part of the tasks") if of_tasks else None
    if why is None or error.errno not in (errno.EINVAL, errno.E2BIG):
        return error
    error.message = f"{what} failed: {why}"
    return error
