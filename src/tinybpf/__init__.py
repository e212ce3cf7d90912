"""From Go source to a program attached in the kernel, in one Python object.

::

    import tinybpf

    with tinybpf.load_go("./bpf") as obj:
        obj.program("handle_connect").attach()
        for event in obj.ring_buffer("events"):
            print(event.PID)

Names are imported when they are first used; ``import tinybpf`` itself is light, and works on any
system.
"""

from __future__ import annotations

from tinybpf._version import __version__

TYPE_CHECKING = False  # typing itself would take longer to import than all of this

if TYPE_CHECKING:
    from typing import Any

    from tinybpf import features
    from tinybpf.compiler import CompiledObject, Diagnostic, compile_go
    from tinybpf.errors import (
        BpfError,
        BtfValidationError,
        CompileError,
        InternalCompilerError,
        MissingError,
        NotFoundError,
        ObjectError,
        SourceLine,
        UnsupportedError,
        VerifierError,
    )
    from tinybpf.golang import load_go
    from tinybpf.libbpf import (
        BPF_ANY,
        BPF_EXIST,
        BPF_F_LOCK,
        BPF_NOEXIST,
        BpfLink,
        BpfMap,
        BpfMapType,
        BpfObject,
        BpfPerfBuffer,
        BpfProgram,
        BpfProgType,
        BpfRingBuffer,
        EventStream,
        MapInfo,
        ProgramInfo,
        RingBufferEvent,
        TestRunResult,
        init,
        libbpf_version,
        load,
        open_map_by_id,
        open_pinned_map,
    )
    from tinybpf.libbpf._source import BufferStats
    from tinybpf.libbpf.arrays import RecordArray
    from tinybpf.libbpf.attach.query import Attached, query_cgroup, query_netkit, query_tcx
    from tinybpf.libbpf.attach.xdp import XdpState, query_xdp
    from tinybpf.libbpf.attach_types import BpfAttachType
    from tinybpf.libbpf.btf import BtfField, BtfKind, BtfType
    from tinybpf.libbpf.create import create_map
    from tinybpf.libbpf.disassembly import CodeLine, Disassembly
    from tinybpf.libbpf.enums import BpfLinkType
    from tinybpf.libbpf.info import BtfInfo
    from tinybpf.libbpf.kernel_objects import btfs, links, maps, open_btf_by_id, programs
    from tinybpf.libbpf.link_info import (
        CgroupLinkInfo,
        InterfaceLinkInfo,
        IterLinkInfo,
        KprobeMultiLinkInfo,
        LinkInfo,
        MapLinkInfo,
        NetfilterLinkInfo,
        NetnsLinkInfo,
        PerfEventLinkInfo,
        RawTracepointLinkInfo,
        TracingLinkInfo,
        UprobeMultiLinkInfo,
    )
    from tinybpf.libbpf.open import OpenObject, open
    from tinybpf.libbpf.opened import OpenedLink, open_link_by_id, open_pinned_link
    from tinybpf.libbpf.opened_program import OpenedProgram, open_pinned_program, open_program_by_id
    from tinybpf.libbpf.openmap import OpenMap
    from tinybpf.libbpf.openprogram import OpenProgram
    from tinybpf.libbpf.panics import PanicLine
    from tinybpf.libbpf.perfbuf import PerfSample
    from tinybpf.libbpf.stats import RunStats, enable_stats
    from tinybpf.libbpf.trace import TraceRecord, TraceStream, trace_pipe
    from tinybpf.libbpf.userring import UserRingBuffer


_HOMES = {
    "compiler": ["CompiledObject", "Diagnostic", "compile_go"],
    "errors": [
        "BpfError", "BtfValidationError", "CompileError", "InternalCompilerError", "MissingError",
        "NotFoundError", "ObjectError", "SourceLine", "UnsupportedError", "VerifierError",
    ],
    "golang": ["load_go"],
    "libbpf": [
        "BPF_ANY", "BPF_EXIST", "BPF_F_LOCK", "BPF_NOEXIST", "BpfLink", "BpfMap", "BpfMapType", "BpfObject",
        "BpfPerfBuffer", "BpfProgType", "BpfProgram", "BpfRingBuffer", "EventStream", "MapInfo",
        "ProgramInfo", "RingBufferEvent", "TestRunResult", "init", "libbpf_version", "load", "open_map_by_id",
        "open_pinned_map",
    ],
    "libbpf._source": ["BufferStats"],
    "libbpf.arrays": ["RecordArray"],
    "libbpf.attach.query": ["Attached", "query_cgroup", "query_netkit", "query_tcx"],
    "libbpf.attach.xdp": ["XdpState", "query_xdp"],
    "libbpf.attach_types": ["BpfAttachType"],
    "libbpf.btf": ["BtfField", "BtfKind", "BtfType"],
    "libbpf.create": ["create_map"],
    "libbpf.disassembly": ["CodeLine", "Disassembly"],
    "libbpf.enums": ["BpfLinkType"],
    "libbpf.info": ["BtfInfo"],
    "libbpf.kernel_objects": ["btfs", "links", "maps", "open_btf_by_id", "programs"],
    "libbpf.link_info": [
        "CgroupLinkInfo", "InterfaceLinkInfo", "IterLinkInfo", "KprobeMultiLinkInfo", "LinkInfo",
        "MapLinkInfo", "NetfilterLinkInfo", "NetnsLinkInfo", "PerfEventLinkInfo", "RawTracepointLinkInfo",
        "TracingLinkInfo", "UprobeMultiLinkInfo",
    ],
    "libbpf.open": ["OpenObject", "open"],
    "libbpf.opened": ["OpenedLink", "open_link_by_id", "open_pinned_link"],
    "libbpf.opened_program": ["OpenedProgram", "open_pinned_program", "open_program_by_id"],
    "libbpf.openmap": ["OpenMap"],
    "libbpf.openprogram": ["OpenProgram"],
    "libbpf.panics": ["PanicLine"],
    "libbpf.perfbuf": ["PerfSample"],
    "libbpf.stats": ["RunStats", "enable_stats"],
    "libbpf.trace": ["TraceRecord", "TraceStream", "trace_pipe"],
    "libbpf.userring": ["UserRingBuffer"],
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BPF_ANY",
    "BPF_EXIST",
    "BPF_F_LOCK",
    "BPF_NOEXIST",
    "Attached",
    "BpfAttachType",
    "BpfError",
    "BpfLink",
    "BpfLinkType",
    "BpfMap",
    "BpfMapType",
    "BpfObject",
    "BpfPerfBuffer",
    "BpfProgType",
    "BpfProgram",
    "BpfRingBuffer",
    "BtfField",
    "BtfInfo",
    "BtfKind",
    "BtfType",
    "BtfValidationError",
    "BufferStats",
    "CgroupLinkInfo",
    "CodeLine",
    "CompileError",
    "CompiledObject",
    "Diagnostic",
    "Disassembly",
    "EventStream",
    "InterfaceLinkInfo",
    "InternalCompilerError",
    "IterLinkInfo",
    "KprobeMultiLinkInfo",
    "LinkInfo",
    "MapInfo",
    "MapLinkInfo",
    "MissingError",
    "NetfilterLinkInfo",
    "NetnsLinkInfo",
    "NotFoundError",
    "ObjectError",
    "OpenMap",
    "OpenObject",
    "OpenProgram",
    "OpenedLink",
    "OpenedProgram",
    "PanicLine",
    "PerfEventLinkInfo",
    "PerfSample",
    "ProgramInfo",
    "RawTracepointLinkInfo",
    "RecordArray",
    "RingBufferEvent",
    "RunStats",
    "SourceLine",
    "TestRunResult",
    "TraceRecord",
    "TraceStream",
    "TracingLinkInfo",
    "UnsupportedError",
    "UprobeMultiLinkInfo",
    "UserRingBuffer",
    "VerifierError",
    "XdpState",
    "__version__",
    "btfs",
    "compile_go",
    "create_map",
    "enable_stats",
    "features",
    "init",
    "libbpf_version",
    "links",
    "load",
    "load_go",
    "maps",
    "open",
    "open_btf_by_id",
    "open_link_by_id",
    "open_map_by_id",
    "open_pinned_link",
    "open_pinned_map",
    "open_pinned_program",
    "open_program_by_id",
    "programs",
    "query_cgroup",
    "query_netkit",
    "query_tcx",
    "query_xdp",
    "trace_pipe",
    "version",
]


def version() -> str:
    """The version of tinybpf."""
    return __version__


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None and name != "features":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if home is None:
        return import_module(f"{__name__}.{name}")

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
