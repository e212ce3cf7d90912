"""What is attached without a link of the kernel's: it stays until somebody takes it away.

Nothing in the kernel ties it to the process that made it. The link here takes it away when it is
destroyed, with its object, or when the interpreter ends; a process that is killed leaves it behind.
"""

from __future__ import annotations

import atexit
import errno
import os
from collections.abc import Callable
from typing import Any, Protocol

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import perform
from tinybpf.libbpf.link import BpfLink, make_link
from tinybpf.libbpf.program import BpfProgram

GONE = (errno.ENOENT, errno.ENODEV, errno.EINVAL)  # somebody else took it, or what it was attached to, away

_links: set[UntiedLink] = set()


class Attachment(Protocol):
    """What an `UntiedLink` has in place of a link."""

    def remove(self) -> None:
        """Take it away. Idempotent."""


class UntiedLink(BpfLink):
    """It has no descriptor and cannot be pinned."""

    kind = "what was attached without a link"
    _lacking = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if not _links:
            atexit.register(_at_exit)
        _links.add(self)

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return -1

    @staticmethod
    def _discard(pointer: Any) -> None:
        pointer.remove()

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        raise BpfError(f"{what} failed: {self.kind} is no link of the kernel's", errno.EOPNOTSUPP)

    def _unpin(self, what: str, pointer: Any) -> None:
        raise BpfError(f"{what} failed: it is not pinned", errno.ENOENT)

    def _free(self, pointer: Any) -> None:
        _links.discard(self)
        if self._process == os.getpid():
            pointer.remove()


class PlacedProgram:
    """A program at a cgroup, a map or a device, by ``BPF_PROG_ATTACH``."""

    def __init__(self, place: int, program: int, attach_type: int) -> None:
        self._place: int | None = os.dup(place)
        try:
            self._program = os.dup(program)
        except OSError:
            os.close(self._place)
            raise
        self._attach_type = attach_type

    def remove(self) -> None:
        if self._place is None:
            return
        try:
            attempt("detach a program", lib.bpf_prog_detach2, self._program, self._place, self._attach_type)
        except BpfError as error:
            if error.errno not in GONE:
                raise
        finally:
            self.release()

    def release(self) -> None:
        """Give up the descriptors, and leave what is attached."""
        place, self._place = self._place, None
        if place is not None:
            os.close(place)
            os.close(self._program)


class SocketProgram:
    """A program at a socket, by an option of the socket."""

    def __init__(self, descriptor: int, removal: Callable[[int], None]) -> None:
        self._descriptor: int | None = os.dup(descriptor)
        self._removal = removal

    def remove(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            self._removal(descriptor)
        except OSError as error:
            if error.errno not in GONE:
                raise
        finally:
            os.close(descriptor)


def place(
    program: BpfProgram, what: str, target: str, place: int, attach_type: int, flags: int, hints: Hints
) -> BpfLink:
    """Attach without a link to what ``place`` is a descriptor of."""
    opts = ffi.new("struct bpf_prog_attach_opts *")
    opts.sz, opts.flags = ffi.sizeof("struct bpf_prog_attach_opts"), flags
    _held, fd = program._held(), program.fd
    made = PlacedProgram(place, fd, attach_type)
    try:
        perform(program, what, lib.bpf_prog_attach_opts, fd, place, attach_type, opts, hints=hints)
    except BaseException:
        made.release()
        raise
    return make_link(made, target, program.name, program.owner, UntiedLink)


def _at_exit() -> None:
    for link in list(_links):
        try:
            link.destroy()
        except BpfError as error:
            print(f"tinybpf: {error}")
