"""A program's attachment to something in the kernel."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, TypeVar, overload

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import attempt, error_from
from tinybpf.libbpf._handle import closed_error, forget_link, keep_link
from tinybpf.libbpf._lib import lib

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle


class BpfLink:
    """What an ``attach`` method returns.

    It lasts until `destroy`, until the end of a ``with`` on it, or until its object is closed:
    it need not be kept in a variable. `keep` and `pin` let it outlive the object. A forked child
    that ends, or closes it, does not detach it.
    """

    def __init__(self, pointer: Any, target: str, program: str, owner: ObjectHandle) -> None:
        self._pointer = pointer
        self._target = target
        self._program = program
        self._owner: ObjectHandle | None = owner
        self._fd = self._descriptor(pointer)
        self._pinned: str | None = None
        self._process = os.getpid()
        owner.add_link(self)

    @property
    def fd(self) -> int:
        """The link's file descriptor, -1 once destroyed."""
        return self._fd

    @property
    def target(self) -> str:
        """What the program is attached to, such as ``"xdp:eth0"``."""
        return self._target

    @property
    def pin_path(self) -> str | None:
        """Where `pin` put it, or None."""
        return self._pinned

    def keep(self) -> BpfLink:
        """Stay attached when the object is closed, until `destroy` or the end of the process."""
        self._require()
        if self._owner is not None:
            keep_link(self)
            self._owner.drop_link(self)
            self._owner = None
        return self

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Pin the link in a BPF file system: it stays attached beyond the process.

        Kernel 5.7 or later (5.15 for tracepoints).
        """
        name = os.fspath(path)
        self._pin(f"pin link '{self._target}' to '{name}'", self._require(), name)
        self._pinned = name

    def unpin(self) -> None:
        """Take the pin away; the link lives on in this process."""
        self._unpin(f"unpin link '{self._target}'", self._require())
        self._pinned = None

    def destroy(self) -> None:
        """Detach. A pinned link only gives up its descriptor and stays attached. Idempotent."""
        pointer, self._pointer = self._pointer, None
        if pointer is None:
            return
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.drop_link(self)
        forget_link(self)
        self._free(pointer)

    # What differs where the link is no ``bpf_link`` of libbpf's

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return int(lib.bpf_link__fd(pointer))

    @staticmethod
    def _discard(pointer: Any) -> None:
        """Detach what never became a link."""
        lib.bpf_link__destroy(pointer)

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        attempt(what, lib.bpf_link__pin, pointer, os.fsencode(path), hints={errno.EINVAL: _cannot_be_pinned})

    def _unpin(self, what: str, pointer: Any) -> None:
        attempt(what, lib.bpf_link__unpin, pointer)

    def _free(self, pointer: Any) -> None:
        fd, self._fd = self._fd, -1
        if self._pinned is None and self._process == os.getpid():
            attempt(f"detach '{self._target}'", lib.bpf_link__destroy, pointer)
            return
        # libbpf would switch a perf event off that the pin, or the process that we were forked
        # from, is there to keep.
        lib.bpf_link__disconnect(pointer)
        lib.bpf_link__destroy(pointer)
        if fd >= 0:
            os.close(fd)

    def _detach_with_object(self) -> None:
        pointer, self._pointer = self._pointer, None
        self._owner = None
        if pointer is not None:
            self._free(pointer)

    def _require(self) -> Any:
        if self._pointer is None:
            raise closed_error("link", self._target)
        return self._pointer

    def __enter__(self) -> BpfLink:
        self._require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.destroy()

    def __repr__(self) -> str:
        state = "destroyed" if self._pointer is None else f"fd={self._fd}"
        pinned = f" pinned at {self._pinned}" if self._pinned else ""
        return f"<BpfLink {self._target} of '{self._program}' {state}{pinned}>"


def _cannot_be_pinned() -> str | None:
    return _since.absence("pins of kprobes, uprobes, tracepoints and perf events")


class FdLink(BpfLink):
    """A link that the kernel gave as a descriptor: it is attached as long as one is open, or a pin there."""

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return int(pointer)

    @staticmethod
    def _discard(pointer: Any) -> None:
        os.close(pointer)

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        attempt(what, lib.bpf_obj_pin, pointer, os.fsencode(path))

    def _unpin(self, what: str, pointer: Any) -> None:
        if self._pinned is None:
            raise BpfError(f"{what} failed: it is not pinned", errno.ENOENT)
        try:
            os.unlink(self._pinned)
        except OSError as error:
            raise error_from(what, error.errno or 0, None) from None

    def _free(self, pointer: Any) -> None:
        self._fd = -1
        os.close(pointer)


L = TypeVar("L", bound=BpfLink)


@overload
def make_link(pointer: Any, target: str, program: str, owner: ObjectHandle) -> BpfLink: ...
@overload
def make_link(pointer: Any, target: str, program: str, owner: ObjectHandle, kind: type[L]) -> L: ...
def make_link(
    pointer: Any, target: str, program: str, owner: ObjectHandle, kind: type[BpfLink] = BpfLink
) -> BpfLink:
    """The link for what was attached; detaches again where its object is closed meanwhile."""
    if owner.closed:
        kind._discard(pointer)
        raise closed_error("object", owner.name)
    return kind(pointer, target, program, owner)
