"""Programs that somebody loaded before: opened by their pin or their number."""

from __future__ import annotations

import errno
import os
from typing import Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _program_info
from tinybpf.libbpf._check import attempt, check, not_found, path_of
from tinybpf.libbpf._handle import Descriptor, closed_error
from tinybpf.libbpf._hints import SYS_ADMIN, permission_hint
from tinybpf.libbpf._lib import lib, mark_used
from tinybpf.libbpf._pin_hints import for_open
from tinybpf.libbpf.info import ProgramInfo
from tinybpf.libbpf.program import BpfProgram


class OpenedProgram(BpfProgram):
    """A program without its object: to look at, run, pin, and put into a map of programs.

    It stays loaded as long as this, or another holder, is there. `close`, the end of a ``with`` or of the
    variable lets it go. It cannot be attached: what it is for is in its object; attach it there
    and pin the link.
    """

    def __init__(self, own: Descriptor, info: ProgramInfo) -> None:
        self._own: Descriptor | None = own
        self._name = info.name
        self._section = ""
        self._type = info.type
        self._log = None

    @property
    def id(self) -> int:
        """The kernel's number of it."""
        return self.info.id

    @property
    def fd(self) -> int:
        """The program's file descriptor, open until `close`."""
        return self._held().number

    @property
    def pointer(self) -> Any:
        self._held()
        raise BpfError(
            f"program '{self._name}' was opened without its object, which says what to attach it to\n"
            "  hint: attach it where its object is loaded, and pin the link"
        )

    @property
    def owner(self) -> Any:
        return self.pointer

    def _held(self) -> Descriptor:
        own = self._own
        if own is None:
            raise closed_error("program", self._name)
        return own

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._own is None

    def close(self) -> None:
        """Let the program go; it ends where nobody else holds it. Idempotent."""
        self._own = None  # what other threads do with it comes to its end before

    def __enter__(self) -> OpenedProgram:
        self._held()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        own = self._own
        state = " closed" if own is None else f" fd={own.number}"
        return f"<OpenedProgram '{self._name}' {self._type.name}{state}>"


def open_pinned_program(path: str | os.PathLike[str]) -> OpenedProgram:
    """Open a program that is pinned at ``path``. Kernel 4.4 or later.

    `NotFoundError` where nothing is pinned there, `BpfError` where it is no program.
    """
    name = path_of("path", path)
    what = f"open pinned program '{name}'"
    if not os.path.lexists(name):
        raise not_found(f"{what} failed: there is no such pin", errno.ENOENT)
    return _opened(attempt(what, lib.bpf_obj_get, os.fsencode(name), hints=for_open(name)), what)


def open_program_by_id(id: int) -> OpenedProgram:
    """Open the program that the kernel has under this number (`ProgramInfo.id`). Kernel 4.13 or later.

    `NotFoundError` where there is no such program. It takes CAP_SYS_ADMIN.
    """
    what = f"open program {id}"
    fd = descriptor(lib.bpf_prog_get_fd_by_id, id, what)
    if fd is None:
        raise not_found(f"{what} failed: there is no program with this id", errno.ENOENT)
    return _opened(fd, what)


def descriptor(function: Any, id: int, what: str) -> int | None:
    """A descriptor of what has the number, None where nothing has."""
    if isinstance(id, bool) or not isinstance(id, int):
        raise TypeError(f"{what}: an id is an int, not {type(id).__name__}")
    if not 0 < id < 1 << 32:
        raise ValueError(f"{what}: ids are from 1 to {(1 << 32) - 1}")
    mark_used()
    fd: int = function(id)
    if fd in (-errno.ENOENT, -errno.EAGAIN):  # the second: a link that is being made
        return None
    return check(what, fd, {errno.EPERM: lambda: permission_hint((SYS_ADMIN,))})


def _opened(fd: int, what: str) -> OpenedProgram:
    own = Descriptor(fd)
    kind = os.readlink(f"/proc/self/fd/{fd}").removeprefix("anon_inode:").strip("[]")
    if kind != "bpf-prog":
        raise BpfError(f"{what} failed: this is no program, but a {kind.replace('bpf-', 'BPF ')}")
    return OpenedProgram(own, _program_info.facts(fd, what))
