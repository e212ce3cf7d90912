"""A program's attachment to something in the kernel."""

from __future__ import annotations

import errno
import os
from _thread import RLock
from typing import TYPE_CHECKING, Any, TypeVar, overload

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import attempt, error_from, path_of
from tinybpf.libbpf._handle import closed_error, forget_link, keep_link
from tinybpf.libbpf._lib import ffi, lib

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.link_info import LinkInfo
    from tinybpf.libbpf.program import BpfProgram

REPLACE = 4  # BPF_F_REPLACE


class BpfLink:
    """What an ``attach`` method returns.

    It lasts until `destroy`, until the end of a ``with`` on it, or until its object is closed:
    it need not be kept in a variable. `keep` and `pin` let it outlive the object. A forked child
    that ends, or closes it, does not detach it.
    """

    _lacking = (
        "links of kprobes, uprobes, tracepoints and perf events"  # where this is no link of the kernel's
    )

    def __init__(self, pointer: Any, target: str, program: str, owner: ObjectHandle | None) -> None:
        self._pointer = pointer
        self._target = target
        self._program = program
        self._owner = owner
        self._fd = self._descriptor(pointer)
        self._pinned: str | None = None
        self._process = os.getpid()
        self._lock = RLock()  # held while C or the kernel uses the link: nobody frees it meanwhile
        if owner is not None:
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

    @property
    def info(self) -> LinkInfo:
        """What the kernel says of the link: a dataclass for its kind, such as `CgroupLinkInfo`.

        Kernel 5.8 or later. `BpfError` where it is no link of the kernel's: filters of clsact, perf
        events before Linux 5.15, what was attached without a link.
        """
        from tinybpf.libbpf import link_info

        what = f"ask about link '{self._target}'"
        with self._lock:
            return link_info.read(what, self._kernel_link(what))

    @property
    def id(self) -> int:
        """The kernel's number of the link, by which `open_link_by_id` finds it. Kernel 5.8 or later."""
        return self.info.id

    def update(self, program: BpfProgram, *, expected: BpfProgram | None = None) -> None:
        """Put another program into the place of the link's, in one step: nothing goes by unseen.

        For links of cgroups, interfaces (XDP, tcx, netkit), network namespaces, sockmaps and iterators.
        With ``expected`` only if that is the link's program now. The link still ends with the object
        that made it. Kernel 5.7 or later, the kind's own where that is later.

        `BpfError` with EINVAL where the new program is of another kind, or links of this kind keep
        theirs; EPERM where the program is not the one that was expected.
        """
        from tinybpf.libbpf.program import BpfProgram

        for given in (program,) if expected is None else (program, expected):
            if not isinstance(given, BpfProgram):
                raise TypeError(f"a link is updated to a BpfProgram, not to a {type(given).__name__}")
        what = f"update link '{self._target}' to '{program.name}'"
        opts = ffi.new("struct bpf_link_update_opts *")
        opts.sz = ffi.sizeof("struct bpf_link_update_opts")
        with self._lock:
            fd = self._kernel_link(what)
            _held = program._held(), None if expected is None else expected._held()
            if expected is not None:
                opts.flags, opts.old_prog_fd = REPLACE, expected.fd
            hints = _update_hints(expected is not None)
            attempt(what, lib.bpf_link_update, fd, program.fd, opts, hints=hints)
            self._program = program.name

    def detach(self) -> None:
        """Detach now, whoever else holds the link or has it pinned; the link stays as an empty one.

        For links of cgroups, interfaces (XDP, tcx, netkit), network namespaces and struct_ops. Kernel
        5.9 or later. `BpfError` with EOPNOTSUPP for other kinds: these are detached when the last
        descriptor and the last pin are gone.
        """
        what = f"detach link '{self._target}'"
        no = "links of this kind are detached when the last descriptor and pin are gone: destroy(), unpin()"
        with self._lock:
            attempt(what, lib.bpf_link_detach, self._kernel_link(what), hints={errno.EOPNOTSUPP: no})

    def keep(self) -> BpfLink:
        """Stay attached when the object is closed, until `destroy` or the end of the process."""
        with self._lock:
            self._require()
            owner, self._owner = self._owner, None
            if owner is not None:
                keep_link(self)
                owner.drop_link(self)
        return self

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Pin the link in a BPF file system: it stays attached beyond the process.

        Kernel 5.7 or later (5.15 for tracepoints).
        """
        name = path_of("path", path)
        with self._lock:
            self._pin(f"pin link '{self._target}' to '{name}'", self._require(), name)
            self._pinned = name

    def unpin(self) -> None:
        """Take the pin away; the link lives on in this process."""
        with self._lock:
            self._unpin(f"unpin link '{self._target}'", self._require())
            self._pinned = None

    def destroy(self) -> None:
        """Detach. A pinned link only gives up its descriptor and stays attached. Idempotent."""
        with self._lock:
            pointer, self._pointer = self._pointer, None
            owner, self._owner = self._owner, None
        if pointer is None:
            return
        if owner is not None:
            owner.drop_link(self)
        forget_link(self)
        self._free(pointer)

    def _kernel_link(self, what: str) -> int:
        """The descriptor; `BpfError` where it is none of a link of the kernel's."""
        self._require()
        if self._fd < 0 or not is_link(self._fd):
            reason = _since.absence(self._lacking) or "it is no link of the kernel's"
            raise BpfError(f"{what} failed: {reason}", errno.EOPNOTSUPP)
        return self._fd

    # What differs where the link is no ``bpf_link`` of libbpf's

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return int(lib.bpf_link__fd(pointer))

    @staticmethod
    def _discard(pointer: Any) -> None:
        """Detach what never became a link."""
        lib.bpf_link__destroy(pointer)

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        from tinybpf.libbpf._pin_hints import for_pin

        hints = {**for_pin(path), errno.EINVAL: _cannot_be_pinned}
        attempt(what, lib.bpf_link__pin, pointer, os.fsencode(path), hints=hints)

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
        with self._lock:
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


def is_link(fd: int) -> bool:
    """Whether a descriptor is one of a link; True where /proc does not say."""
    try:
        return "link" in os.readlink(f"/proc/self/fd/{fd}")  # anon_inode:bpf-link, once bpf_link
    except OSError:
        return True


def _update_hints(expected: bool) -> dict[int, str]:
    kind = (
        "the new program is of another kind than the link's, or links of this kind keep their program; those "
        "of cgroups, interfaces, network namespaces, sockmaps and iterators can change it"
    )
    hints = {
        errno.EINVAL: kind,
        errno.EOPNOTSUPP: kind,
        errno.ENOLINK: "it is detached: what it was attached to is gone",
        errno.ENOENT: "it is detached",
    }
    return (
        {**hints, errno.EPERM: "the link's program is not the one that was expected"} if expected else hints
    )


class FdLink(BpfLink):
    """A link that the kernel gave as a descriptor: attached as long as one is open, or a pin there."""

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return int(pointer)

    @staticmethod
    def _discard(pointer: Any) -> None:
        os.close(pointer)

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        from tinybpf.libbpf._pin_hints import for_pin

        attempt(what, lib.bpf_obj_pin, pointer, os.fsencode(path), hints=for_pin(path))

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
    try:
        return kind(pointer, target, program, owner)
    except BpfError:
        if owner.closed:
            kind._discard(pointer)
        raise
