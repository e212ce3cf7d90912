"""Storage that the kernel keeps with sockets, files, tasks and cgroups."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from tinybpf.libbpf._check import ENOTSUPP
from tinybpf.libbpf._mapcore import MapCore
from tinybpf.libbpf._objects import MapAccess
from tinybpf.libbpf.codec import Codec
from tinybpf.libbpf.kinds.references import MANY, descriptor_of, pairs_of
from tinybpf.libbpf.map import BpfMap

_ACCESS: Any = MapAccess
_UNLISTED = {ENOTSUPP: "the kernel does not list whose values are there; a program of section iter may"}


class Storage(BpfMap[Any, Any]):
    """One value for each owner, which goes with the owner. Keys are owners, or descriptors of them."""

    _slow = True
    thing: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init__(self, core: MapCore, key: Codec | None = None, value: Codec | None = None) -> None:
        super().__init__(core, key, value)
        bad = {errno.EBADF: self.hint, errno.EINVAL: self.hint, errno.ENOTSOCK: self.hint}
        core.hints = {"iterate over": _UNLISTED} | {
            verb: bad for verb in ("look up in", "update", "delete from")
        }

    def _default_key(self) -> Codec:
        return Codec(self.thing, self._core.key_size, int, self._key_of, _number)

    def _key_of(self, owner: Any) -> bytes:
        return descriptor_of(owner, self.thing).to_bytes(self._core.key_size, "little")

    @contextmanager
    def _opened(self, owner: Any) -> Iterator[Any]:
        """What stands for the owner during one call."""
        yield owner

    def lookup(self, key: Any, flags: int = 0) -> Any:
        with self._opened(key) as owner:
            return _ACCESS.lookup(self, owner, flags)

    def get(self, key: Any, default: Any = None) -> Any:
        found = self.lookup(key)
        return default if found is None else found

    def update(self, key: Any, value: Any = MANY, flags: int = 0) -> None:
        if value is MANY:
            self.update_many(key, flags)
            return
        with self._opened(key) as owner:
            _ACCESS.update(self, owner, value, flags)

    def delete(self, key: Any) -> bool:
        with self._opened(key) as owner:
            return bool(_ACCESS.delete(self, owner))

    def _take_one(self, key: Any) -> Any:
        with self._opened(key) as owner:
            return super()._take_one(owner)

    def lookup_many(self, keys: Iterable[Any]) -> list[Any]:
        return [self.lookup(key) for key in keys]

    def update_many(self, items: Any, flags: int = 0) -> int:
        pairs = pairs_of(items)
        for key, value in pairs:
            self.update(key, value, flags)
        return len(pairs)

    def delete_many(self, keys: Iterable[Any]) -> int:
        return sum(self.delete(key) for key in keys)

    def __getitem__(self, key: Any) -> Any:
        found = self.lookup(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        self.update(key, value)

    def __delitem__(self, key: Any) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self.lookup(key) is not None


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


class SocketStorage(Storage):
    """By socket, or its descriptor. Kernel 5.2 or later."""

    thing = "socket"
    hint = "the key is a socket, or the descriptor of one"


class InodeStorage(Storage):
    """By file: an open one, its descriptor, or its path. Kernel 5.10 or later."""

    thing = "file"
    hint = "the key is a file, the descriptor of one, or a path; the kernel needs CONFIG_BPF_LSM"

    @contextmanager
    def _opened(self, owner: Any) -> Iterator[Any]:
        if not isinstance(owner, (str, os.PathLike)):
            yield owner
            return
        with _descriptor(owner, os.O_PATH) as fd:
            yield fd


class CgroupStorage(Storage):
    """By cgroup: the descriptor of its folder, or the path. Kernel 6.2 or later."""

    thing = "cgroup"
    hint = "the key is the folder of a cgroup, or a descriptor of it"

    @contextmanager
    def _opened(self, owner: Any) -> Iterator[Any]:
        if not isinstance(owner, (str, os.PathLike)):
            yield owner
            return
        with _descriptor(owner, os.O_RDONLY | os.O_DIRECTORY) as fd:
            yield fd


class TaskStorage(Storage):
    """By task: a pidfd (``os.pidfd_open``), or a ``subprocess.Popen``. Kernel 5.11 or later."""

    thing = "pidfd"
    hint = "the key is a pidfd, as os.pidfd_open(pid) gives it"

    @contextmanager
    def _opened(self, owner: Any) -> Iterator[Any]:
        pid = getattr(owner, "pid", None)
        if not isinstance(pid, int):
            yield owner
            return
        fd = os.pidfd_open(pid)
        try:
            yield fd
        finally:
            os.close(fd)


@contextmanager
def _descriptor(path: str | os.PathLike[str], flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
