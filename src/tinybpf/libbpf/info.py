"""Plain facts about maps, programs and events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tinybpf.libbpf.enums import BpfMapType, BpfProgType

T = TypeVar("T")


def _fact(default: Any = 0) -> Any:
    """A field that two descriptions of one thing may differ in."""
    return field(default=default, compare=False)


@dataclass(frozen=True)
class MapInfo:
    """What a map is; sizes in bytes. Two are equal where all but what follows ``max_entries`` is.

    ``id`` is the kernel's number, 0 where it was not asked for, ``flags`` its ``BPF_F_…``, ``btf_id``
    the number of the BTF that has its types (0: none).
    """

    name: str
    type: BpfMapType
    key_size: int
    value_size: int
    max_entries: int
    id: int = _fact()
    flags: int = _fact()
    btf_id: int = _fact()


@dataclass(frozen=True)
class ProgramInfo:
    """What a program is. Two are equal where name, section and type are.

    The rest is what the kernel told when it was asked (4.13 or later; 0, empty or None where an older one
    does not know the fact): ``id``, its number; ``tag``, a hash of its instructions, in hexadecimal;
    ``xlated_size`` and ``jited_size``, its bytes after the verifier and as machine code (0 without a
    JIT compiler); ``verified_instructions``, how many steps the verifier took (5.16); ``loaded_at``, seconds
    since 1970; ``uid``, whose process loaded it; ``gpl``, whether its license is one; ``map_ids``;
    ``btf_id``; ``run_time_ns`` and ``run_count``, counted while somebody asks for it (`enable_stats`,
    5.1); ``recursion_misses``, how often it did not run because it was running (5.12); and for programs that
    are made for a function, ``attach_btf_id`` in BTF ``attach_btf_object_id``. ``section`` is
    known of programs of an object alone.
    """

    name: str
    section: str
    type: BpfProgType
    id: int = _fact()
    tag: str = _fact("")
    xlated_size: int = _fact()
    jited_size: int = _fact()
    verified_instructions: int = _fact()
    loaded_at: float | None = _fact(None)
    uid: int = _fact()
    gpl: bool = _fact(False)
    map_ids: tuple[int, ...] = _fact(())
    btf_id: int = _fact()
    run_time_ns: int = _fact()
    run_count: int = _fact()
    recursion_misses: int = _fact()
    attach_btf_id: int = _fact()
    attach_btf_object_id: int = _fact()


@dataclass(frozen=True)
class BtfInfo:
    """BTF that the kernel holds: ``id``, its number, ``name`` (``vmlinux``, a module's name, empty for
    that of an object), ``size`` in bytes, and whether it is the ``kernel``'s own."""

    id: int
    name: str
    size: int
    kernel: bool


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
