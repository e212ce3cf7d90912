"""Who owns a loaded object, and how long its links live.

An `ObjectHandle` owns libbpf's ``bpf_object`` and the links made through it. Programs, maps and
streams refer to the handle, never the other way round, so that an object that nobody holds and
that has no links goes away at once. One that has links is held here until it is closed.
"""

from __future__ import annotations

from _thread import RLock
from _weakref import ref
from os import close as _close
from typing import TYPE_CHECKING, Any, Protocol

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.link import BpfLink

_attached: set[ObjectHandle] = set()  # objects with links: attached means attached
_kept: set[BpfLink] = set()  # links that outlive their object


class Descriptor:
    """A file descriptor that stays open as long as somebody has this.

    Closing is giving this up: a thread that has it at that moment ends its work on what it began with, and
    not on what got the number meanwhile.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        _close(self.number)


class Closing(Protocol):
    """Something that ends with its object."""

    def close(self) -> None: ...


class ObjectHandle:
    """A ``bpf_object`` that is freed once, and never used after that."""

    def __init__(self, pointer: Any, name: str, source: bytes, directory: str = "") -> None:
        self.name = name
        self.directory = directory  # from where its sources' paths are, as far as that is known
        self._pointer = ffi.gc(pointer, lib.bpf_object__close)  # where nobody has it any more
        self._source: bytes | None = source  # the bytes that libbpf reads from until the load is over
        self.options: Any = ffi.NULL  # what it was opened with, as long as it is not loaded
        self.option_values: list[Any] = []  # what those point to
        self._lock = RLock()
        self._links: list[BpfLink] = []
        self._dependents: list[ref[Closing]] = []  # weak: they refer to the handle
        self._btf: Btf | None = None

    @property
    def pointer(self) -> Any:
        """libbpf's object; `BpfError` after `close`. Whoever holds it keeps the object from being freed.

        Calls of C release the interpreter's lock, and another thread may close the object meanwhile.
        """
        pointer = self._pointer
        if pointer is None:
            raise closed_error("object", self.name)
        return pointer

    def within(self, pointer: Any) -> Any:
        """A pointer to a part of the object, which keeps the object from being freed, too."""
        owner = self.pointer
        return ffi.gc(pointer, lambda _: owner)

    @property
    def source(self) -> bytes:
        """The object's file, as long as it is not loaded."""
        return self._source or b""

    @property
    def closed(self) -> bool:
        return self._pointer is None

    @property
    def lock(self) -> RLock:
        """Held by those who decide what becomes of the object."""
        return self._lock

    @property
    def links(self) -> tuple[BpfLink, ...]:
        return tuple(self._links)

    @property
    def btf(self) -> Btf | None:
        """The object's type information, parsed at first use; None where it has none."""
        if self._btf is None:
            from tinybpf.libbpf.btf import Btf

            owner = self.pointer
            found = lib.bpf_object__btf(owner)
            if found == ffi.NULL:
                return None
            size = ffi.new("__u32 *")
            raw = lib.btf__raw_data(found, size)
            if raw == ffi.NULL:
                return None
            self._btf = Btf(bytes(ffi.buffer(raw, size[0])))
        return self._btf

    def forget_btf(self) -> None:
        """libbpf changed the types: they are read anew when they are asked for."""
        self._btf = None

    def loaded(self) -> None:
        """libbpf has read all that it needs of the file's bytes."""
        self._source, self.options, self.option_values = None, ffi.NULL, []

    def add_link(self, link: BpfLink) -> None:
        with self._lock:
            if self._pointer is None:
                raise closed_error("object", self.name)
            self._links.append(link)
            _attached.add(self)

    def drop_link(self, link: BpfLink) -> None:
        with self._lock:
            if link in self._links:
                self._links.remove(link)
            if not self._links:
                _attached.discard(self)

    def add_dependent(self, dependent: Closing) -> None:
        with self._lock:
            self._dependents.append(ref(dependent))

    def add_dependents(self, dependents: Iterable[Closing]) -> None:
        """Many at once."""
        with self._lock:
            self._dependents += map(ref, dependents)

    def drop_dependent(self, dependent: Closing) -> None:
        with self._lock:
            self._dependents = [known for known in self._dependents if known() not in (None, dependent)]

    def close(self) -> None:
        """Detach the links, end what depends on the object, free it. Again: nothing happens."""
        with self._lock:
            pointer, self._pointer = self._pointer, None
            dependents, self._dependents = self._dependents, []
            links, self._links = self._links, []
            _attached.discard(self)
        if pointer is None:
            return
        for known in reversed(dependents):  # streams before the maps that they read
            dependent = known()
            if dependent is not None:
                dependent.close()
        for link in reversed(links):
            link._detach_with_object()
        self._source = None  # and with the last reference to the pointer the object goes

    def __del__(self) -> None:
        # Half-built handles and the interpreter's end come here, too.
        if getattr(self, "_pointer", None) is not None:
            self.close()


def keep_link(link: BpfLink) -> None:
    """Hold a link until it is destroyed or the process ends."""
    _kept.add(link)


def forget_link(link: BpfLink) -> None:
    _kept.discard(link)


_AT_ONCE = 16


def facts_of(kind: str, tell: Any, owner: Any) -> Iterator[Any]:
    """What C tells of an object's maps (``struct tb_map_facts``) or programs, one after the other.

    ``owner`` is libbpf's object; the names in the facts last as long as that.
    """
    room = _AT_ONCE
    while True:
        facts = ffi.new(f"struct {kind}[]", room)
        count = tell(owner, facts, room)
        if count <= room:
            break
        room = count
    for number in range(count):
        yield facts[number]


def closed_error(kind: str, name: str) -> BpfError:
    """What every use after `close` raises."""
    return BpfError(f"{kind} '{name}' is closed")
