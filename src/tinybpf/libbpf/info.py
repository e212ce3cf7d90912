"""Plain facts about maps, programs and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from tinybpf.libbpf.enums import BpfMapType, BpfProgType

T = TypeVar("T")


@dataclass(frozen=True)
class MapInfo:
    """What a map is; sizes in bytes."""

    name: str
    type: BpfMapType
    key_size: int
    value_size: int
    max_entries: int


@dataclass(frozen=True)
class ProgramInfo:
    """What a program is."""

    name: str
    section: str
    type: BpfProgType


@dataclass(frozen=True)
class RingBufferEvent(Generic[T]):
    """An event with the name of the map that it came from."""

    map_name: str
    data: T


@dataclass(frozen=True)
class TestRunResult:
    """What a program did in a test run.

    ``retval`` is what it returned (as an unsigned 32-bit number), ``data_out`` the packet and
    ``ctx_out`` the context afterwards (empty where there was none), ``duration_ns`` the time of
    one run in nanoseconds, the average where it was repeated.
    """

    __test__ = False  # no test class, whatever pytest thinks

    retval: int
    data_out: bytes
    ctx_out: bytes
    duration_ns: int
