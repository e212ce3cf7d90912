"""Many entries of a map at once, and what takes entries out: batches, and what stands in for them."""

from __future__ import annotations

import errno
import sys
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinybpf.errors import BpfError
from tinybpf.libbpf._mapcore import ENOTSUPP, MapCore
from tinybpf.libbpf._objects import MapAccess, MapEntries
from tinybpf.libbpf.enums import BPF_ANY, BPF_NOEXIST, BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf.map import BpfMap

K = TypeVar("K")
V = TypeVar("V")

_LOOKUP_BATCH, _TAKE_BATCH = 24, 25  # bpf()'s commands
_HASHES = (BpfMapType.HASH, BpfMapType.PERCPU_HASH, BpfMapType.LRU_HASH, BpfMapType.LRU_PERCPU_HASH)
_NOT_KNOWN = (errno.EINVAL, errno.EOPNOTSUPP, ENOTSUPP)  # what kernels answer that lack a command


def _buckets(core: MapCore) -> int:
    """What the place counts at which a batch ends; 0 where it is no number."""
    if core.type in _HASHES:
        return 1 << (core.max_entries - 1).bit_length()
    return core.max_entries if core.is_array else 0


class ManyEntries(MapAccess[K, V], Generic[K, V]):
    """The part of a `BpfMap` that is about more than one entry."""

    _core: MapCore
    _slow = False  # the kernel may wait while it changes an entry
    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[K]: ...

    def to_dict(self) -> dict[K, V]:
        """All entries: the fastest way to read a map.

        Linux 5.6 or later reads hashes and arrays in batches; else it is two calls an entry. An entry
        that is written meanwhile may be there or not, and no entry is there twice.
        """
        return self._entries("items").dict()

    def lookup_many(self, keys: Iterable[K]) -> list[V | None]:
        """The values for the keys, None where there is none."""
        return self._lookup_many(keys)

    def update_many(self, items: Mapping[K, V] | Iterable[tuple[K, V]], flags: int = BPF_ANY) -> int:
        """Set many entries, and say how many.

        In batches from Linux 5.6 on, where the flags are none or `BPF_F_LOCK`. Where one is refused
        (`BpfError`), those before it are written.
        """
        return self._update_many(items, flags)

    def delete_many(self, keys: Iterable[K]) -> int:
        """Remove the entries of these keys, and say how many were there."""
        return self._delete_many(keys)

    def drain(self) -> Any:
        """Take all entries out, as a dictionary; of a queue or stack, all values as a list.

        Linux 5.6 or later reads and deletes a hash's entries as one, so that no count is lost.
        Before, and for other maps, it is a `pop` for each key.
        """
        if self._core.is_array:
            raise self._core.fail("delete from", -errno.EINVAL)
        try:
            return self._entries("items", _TAKE_BATCH).dict()
        except BpfError as error:
            if error.errno not in _NOT_KNOWN:
                raise
        found = {}
        for key in self:
            value = self._take_one(key)
            if value is not NotImplemented:
                found[key] = value
        return found

    def clear(self) -> None:
        """Remove all entries; in an array, whose entries cannot be removed, set them to zero."""
        raw = self._raw()
        if self._core.is_array:
            zero = bytes(self._core.room)
            indices = range(self._core.max_entries)
            raw._update_many(((index.to_bytes(4, sys.byteorder), zero) for index in indices), 0)
        else:
            raw._delete_many(raw._entries("keys"))

    def _entries(self, want: str, command: int = _LOOKUP_BATCH) -> MapEntries:
        """Keys, values or items, many at a time. The kernel walks a trie from key to key."""
        core = self._core
        core.require()
        again = core.type is BpfMapType.LPM_TRIE
        return MapEntries(self, want, command, again, core.max_entries, _buckets(core))

    def _raw(self) -> ManyEntries[bytes, bytes]:
        """The same map with bytes for keys and values, those of all CPUs together."""
        view: ManyEntries[bytes, bytes] = ManyEntries(self._core)
        view._bind(("s", self._core.key_size, None, None), ("s", self._core.room, None, None), self._slow)
        return view

    def pop(self, *arguments: Any) -> Any:
        """``pop(key[, default])``: take an entry out and return its value; ``KeyError`` without a default.

        Nothing is lost where programs write meanwhile, from Linux 5.14 on; before, what a program
        writes between the lookup and the deletion is. Of a queue or stack: ``pop([default])``.
        """
        key, *default = arguments
        found = self._take_one(key)
        if found is not NotImplemented:
            return found
        if default:
            return default[0]
        raise KeyError(key)

    def _take_one(self, key: Any) -> Any:
        """The value, and no entry any more; ``NotImplemented`` where there was none."""
        if self._core.is_array:
            raise self._core.fail("delete from", -errno.EINVAL)
        try:
            return self._take(key)
        except BpfError as error:
            if error.errno not in _NOT_KNOWN:
                raise
        found = self.lookup(key)
        return found if found is not None and self.delete(key) else NotImplemented

    def popitem(self) -> tuple[K, V]:
        """Take any entry out; ``KeyError`` where there is none."""
        for key in self:
            found = self._take_one(key)
            if found is not NotImplemented:
                return key, found
        raise KeyError(f"popitem(): map '{self._core.name}' is empty")

    def setdefault(self, key: K, default: V) -> V:
        """The value for the key; where there is none, the default is put there, atomically."""
        found = self.lookup(key)
        while found is None:
            try:
                self.update(key, default, BPF_NOEXIST)
                return default
            except BpfError as error:
                if error.errno != errno.EEXIST:
                    raise
            found = self.lookup(key)
        return found


class MapValues(ValuesView[V]):
    """The values, many read at once."""

    def __init__(self, of: BpfMap[Any, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[V]:
        return self._of._entries("values")


class MapItems(ItemsView[K, V]):
    """Pairs of key and value, many read at once."""

    def __init__(self, of: BpfMap[K, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return self._of._entries("items")
