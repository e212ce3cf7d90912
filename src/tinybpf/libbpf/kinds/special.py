"""Maps that have no entries to look up: what is asked of a dictionary says what to use instead."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from tinybpf.errors import BpfError
from tinybpf.libbpf.map import BpfMap

_OF_DICTIONARIES = (
    *("lookup", "get", "update", "delete", "pop", "popitem", "setdefault", "to_dict", "lookup_many"),
    *("update_many", "delete_many", "drain", "clear", "keys", "values", "items"),
    *("lookup_percpu", "lookup_percpu_sum", "items_percpu"),
    *("__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__", "__len__"),
)


class Special(BpfMap[Any, Any]):
    """The base of those that are no dictionaries; ``usage`` says what they are and how to use them."""

    usage: ClassVar[str] = ""

    def _refuse(self, *arguments: object, **named: object) -> NoReturn:
        self._core.require()
        raise BpfError(f"map '{self.name}' is type {self.type.name}: {self.usage.format(self.name)}")


for _name in _OF_DICTIONARIES:
    setattr(Special, _name, Special._refuse)


class RingBuffer(Special):
    """The map of a ring buffer: `BpfObject.ring_buffer` and `BpfRingBuffer` read it."""

    usage = "it has events instead of entries; read them with obj.ring_buffer('{}') or BpfRingBuffer"


class UserRingBuffer(Special):
    """The map of a user ring buffer: `BpfObject.user_ring_buffer` writes into it."""

    usage = "it has records for the program instead of entries; write them with obj.user_ring_buffer('{}')"


class Arena(Special):
    """Memory that programs and Python share: `BpfMap.memory` gives it."""

    usage = "it is memory instead of entries; memory() gives it"
