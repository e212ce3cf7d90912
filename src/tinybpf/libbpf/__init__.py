"""Load BPF objects, attach their programs, read their maps: the binding of libbpf."""

from __future__ import annotations

from tinybpf.libbpf._lib import init, libbpf_version
from tinybpf.libbpf.enums import BPF_ANY, BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, BpfMapType, BpfProgType
from tinybpf.libbpf.map import BpfMap
from tinybpf.libbpf.object import BpfObject
from tinybpf.libbpf.open import load
from tinybpf.libbpf.program import BpfProgram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tinybpf.libbpf._pins import open_map_by_id, open_pinned_map
    from tinybpf.libbpf.info import MapInfo, ProgramInfo, RingBufferEvent, TestRunResult
    from tinybpf.libbpf.link import BpfLink
    from tinybpf.libbpf.perfbuf import BpfPerfBuffer
    from tinybpf.libbpf.ringbuf import BpfRingBuffer
    from tinybpf.libbpf.stream import EventStream

__all__ = [
    "BPF_ANY",
    "BPF_EXIST",
    "BPF_F_LOCK",
    "BPF_NOEXIST",
    "BpfLink",
    "BpfMap",
    "BpfMapType",
    "BpfObject",
    "BpfPerfBuffer",
    "BpfProgType",
    "BpfProgram",
    "BpfRingBuffer",
    "EventStream",
    "MapInfo",
    "ProgramInfo",
    "RingBufferEvent",
    "TestRunResult",
    "init",
    "libbpf_version",
    "load",
    "open_map_by_id",
    "open_pinned_map",
]

_LATER = {
    "BpfLink": "link",
    "BpfPerfBuffer": "perfbuf",
    "BpfRingBuffer": "ringbuf",
    "EventStream": "stream",
    "MapInfo": "info",
    "ProgramInfo": "info",
    "RingBufferEvent": "info",
    "TestRunResult": "info",
    "open_map_by_id": "_pins",
    "open_pinned_map": "_pins",
}
"""What a load does without, by the module that has it: dataclasses alone take as long as all of the rest."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
