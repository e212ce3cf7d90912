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
    from tinybpf.libbpf.btf import BtfField, BtfKind, BtfType
    from tinybpf.libbpf.create import create_map
    from tinybpf.libbpf.panics import PanicLine
    from tinybpf.libbpf.trace import TraceRecord, TraceStream, trace_pipe


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
        "ProgramInfo", "RingBufferEvent", "TestRunResult", "init", "libbpf_version", "load",
        "open_map_by_id", "open_pinned_map",
    ],
    "libbpf.create": ["create_map"],
    "libbpf.btf": ["BtfField", "BtfKind", "BtfType"],
    "libbpf.panics": ["PanicLine"],
    "libbpf.trace": ["TraceRecord", "TraceStream", "trace_pipe"],
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BPF_ANY",
    "BPF_EXIST",
    "BPF_F_LOCK",
    "BPF_NOEXIST",
    "BpfError",
    "BpfLink",
    "BpfMap",
    "BpfMapType",
    "BpfObject",
    "BpfPerfBuffer",
    "BpfProgType",
    "BpfProgram",
    "BpfRingBuffer",
    "BtfField",
    "BtfKind",
    "BtfType",
    "BtfValidationError",
    "CompileError",
    "CompiledObject",
    "Diagnostic",
    "EventStream",
    "InternalCompilerError",
    "MapInfo",
    "MissingError",
    "NotFoundError",
    "ObjectError",
    "PanicLine",
    "ProgramInfo",
    "RingBufferEvent",
    "SourceLine",
    "TestRunResult",
    "TraceRecord",
    "TraceStream",
    "UnsupportedError",
    "VerifierError",
    "__version__",
    "compile_go",
    "create_map",
    "init",
    "libbpf_version",
    "load",
    "load_go",
    "open_map_by_id",
    "open_pinned_map",
    "trace_pipe",
    "version",
]


def version() -> str:
    """The version of tinybpf."""
    return __version__


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
