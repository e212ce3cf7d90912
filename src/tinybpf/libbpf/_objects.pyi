"""csrc/objects: many Python objects per call, and calls too short for cffi."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

def records(data: int, records: int, count: int, /) -> list[bytes]:
    """A drained batch: the addresses of its data and of its table, and how many records it has."""

def ring_records(ring: int, most: int, /) -> list[bytes] | None:
    """Up to ``most`` records of the ``tb_ringmap`` at an address; None where its memory makes no sense."""

def struct_maker(
    type: type, format: str, slowly: Callable[[bytes], Any], direct: bool, /
) -> Callable[[bytes], Any] | None:
    """What makes an instance of a class from BTF of a record's bytes; None where the format is beyond it."""

class MapDescriptor:
    """What all views of a map share; its subclass has ``fail``, which makes the exceptions."""

    fd: int  # -1 once closed
    def __init__(self, fd: int, /) -> None: ...

class MapAccess(Generic[K, V]):
    """A map's entries, one at a time or many; its subclass has ``_choose_codecs``, which calls ``_bind``."""

    def __init__(self, core: MapDescriptor, /) -> None: ...
    def _bind(self, key: tuple[str, int, Any, Any], value: tuple[str, int, Any, Any], slow: bool, /) -> None:
        """How keys and values are converted: a code of ``struct`` for an integer, "s" for bytes, or ""; the
        size; the functions that encode and decode (None: bytes as they are)."""

    def lookup(self, key: K, flags: int = 0) -> V | None:
        """The value for the key, or None. ``flags``: 0, or `BPF_F_LOCK` (Linux 5.1) to take the spin lock
        that the value holds."""

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    @overload
    def update(self, key: K, value: V, flags: int = 0) -> None: ...
    @overload
    def update(self, key: Mapping[K, V] | Iterable[tuple[K, V]], *, flags: int = 0) -> None: ...
    def delete(self, key: K) -> bool: ...
    def __getitem__(self, key: K) -> V: ...
    def __setitem__(self, key: K, value: V) -> None: ...
    def __delitem__(self, key: K) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def _take(self, key: Any, /) -> Any:
        """Look up and delete; ``NotImplemented`` where the key is not there."""

    def _update_many(self, items: Any, flags: int, /) -> int: ...
    def _delete_many(self, keys: Any, /) -> int: ...
    def _lookup_many(self, keys: Any, /) -> list[Any]: ...

class MapEntries(Iterator[Any]):
    """The entries of a map: its ``"keys"``, ``"values"`` or ``"items"``, many per call of the kernel."""

    def __new__(
        cls,
        map: MapAccess[Any, Any],
        want: str,
        command: int,
        again: bool,
        max_entries: int,
        buckets: int = 0,
        /,
    ) -> MapEntries:
        """``command`` is bpf()'s; ``again``: a key may come again, go from key to key. ``buckets`` is what
        the place at which a batch ends counts up to, 0 where it is no number: for a guess how many there
        are."""

    def __next__(self) -> Any: ...
    def dict(self) -> dict[Any, Any]: ...
    def count(self) -> int: ...
