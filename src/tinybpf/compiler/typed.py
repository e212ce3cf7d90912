"""The Go package ``tinybpf/ebpf`` as the compiler knows it: maps, contexts, types that C has names for.

Most of the package is ordinary Go over a few functions without bodies: helpers, and what
``//bpf:builtin`` marks. What is left is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.kernel import maps, sections
from tinybpf.compiler.packages import EBPF, is_ours

CONTEXT, MAP = "Context", "Map"
POINTERS = (CONTEXT, MAP)
"""Interfaces that hold a pointer and nothing else: in the kernel they are that pointer."""

KERNEL_STRUCT = "KernelStruct"
_MARKS = {KERNEL_STRUCT}

MAPS = {
    "Hash": "HASH",
    "LRUHash": "LRU_HASH",
    "PerCPUHash": "PERCPU_HASH",
    "LRUPerCPUHash": "LRU_PERCPU_HASH",
    "Array": "ARRAY",
    "PerCPUArray": "PERCPU_ARRAY",
    "LPMTrie": "LPM_TRIE",
    "Queue": "QUEUE",
    "Stack": "STACK",
    "ProgArray": "PROG_ARRAY",
    "RingBuf": "RINGBUF",
    "PerfEventArray": "PERF_EVENT_ARRAY",
}
"""The kernel's map type by the Go type's name."""

_INSIDE = {"hash", "array", "queue", "mapState"}
"""The types of the fields in a map's variable that all stand for the map itself."""


class Shape(msgspec.Struct, frozen=True):
    """What a map's type arguments say: type indexes of key, value and event; sizes in bytes."""

    kind: maps.MapType
    key: int | None = None
    value: int | None = None
    event: int | None = None
    key_size: int = 0
    value_size: int = 0


def builtin(fn: ssa.Function) -> str | None:
    """The name behind ``//bpf:builtin``: a function that the compiler makes by itself."""
    if not is_ours(fn.path):
        return None
    for d in fn.directives:
        word, _, rest = d.text.partition(" ")
        if word == "//bpf:builtin":
            return rest.strip()
    return None


_KERNEL_ONLY = {"count_lost", "zeros", "packet_at", "context_address", "loop", "for_each", "printk"}


def computes(name: str | None) -> bool:
    """Whether a builtin does what any machine can do, with its arguments and nothing else."""
    return name is not None and name not in _KERNEL_ONLY


def without_bodies(doc: ssa.Document) -> None:
    """Builtins with a body in Go have none for the compiler."""
    for i, fn in enumerate(doc.functions):
        if fn.blocks and builtin(fn):
            doc.functions[i] = msgspec.structs.replace(fn, blocks=[])


def is_used(doc: ssa.Document) -> bool:
    """Whether the program is written in the typed dialect."""
    return any(isinstance(t, ssa.Named) and t.path == EBPF for t in doc.types) or any(
        fn.path == EBPF for fn in doc.functions
    )


def named(table: list[ssa.Type], index: int, path: str = EBPF) -> str:
    """The name of a type of the package, empty for any other."""
    t = table[index]
    return t.name if isinstance(t, ssa.Named) and t.path == path else ""


def is_map(table: list[ssa.Type], index: int) -> bool:
    return named(table, index) in MAPS


def stands_for_map(table: list[ssa.Type], index: int) -> bool:
    """Whether the address of a value of this type is that of a map."""
    name = named(table, index)
    return name in MAPS or name in _INSIDE


def holds_map(table: list[ssa.Type], index: int) -> bool:
    """Whether a map is a part of the type, or the type."""
    t = table[index]
    if isinstance(t, ssa.Named):
        return is_map(table, index) or holds_map(table, t.underlying)
    if isinstance(t, ssa.Array):
        return holds_map(table, t.elem)
    if isinstance(t, ssa.Struct):
        return any(holds_map(table, f.type) for f in t.fields)
    return False


def shape(table: list[ssa.Type], index: int) -> Shape:
    """What a map type of the package means to the kernel."""
    t = table[index]
    assert isinstance(t, ssa.Named)
    kind = maps.map_type(MAPS[t.name])
    assert kind is not None
    if kind.events:
        size = 4 if kind.name == "PERF_EVENT_ARRAY" else 0
        return Shape(kind, event=t.args[0], key_size=size, value_size=size)
    if kind.name == "PROG_ARRAY":
        return Shape(kind, key_size=4, value_size=4)
    value = t.args[-1]
    value_size = table[value].size
    if kind.name == "LPM_TRIE":
        addr = table[t.args[0]]
        align = max(4, addr.align)
        size = -(-(-(-4 // max(1, addr.align)) * max(1, addr.align) + addr.size) // align) * align
        return Shape(kind, _lpm_key(table, t.args[0]), value, None, size, value_size)
    if kind.key == (4,):
        return Shape(kind, None, value, None, 4, value_size)
    if not kind.has_key:
        return Shape(kind, None, value, None, 0, value_size)
    return Shape(kind, t.args[0], value, None, table[t.args[0]].size, value_size)


def _lpm_key(table: list[ssa.Type], addr: int) -> int | None:
    for i, t in enumerate(table):
        if named(table, i) == "LPMKey" and isinstance(t, ssa.Named) and t.args == [addr]:
            return i
    return None


def pointer_in(table: list[ssa.Type], index: int) -> str | None:
    """The first part of a type that holds an address, as Go prints it; addresses mean nothing in a map."""
    t = table[index]
    if isinstance(t, ssa.Named):
        return pointer_in(table, t.underlying)
    if isinstance(t, (ssa.Pointer, ssa.Slice)) or (
        isinstance(t, ssa.Basic) and t.string in ("unsafe.Pointer", "string")
    ):
        return t.string
    if isinstance(t, ssa.Array):
        return pointer_in(table, t.elem)
    if isinstance(t, ssa.Struct):
        return next((p for p in (pointer_in(table, f.type) for f in t.fields) if p), None)
    return None


# --- tracepoints by function name

_TRACEPOINT = re.compile(r"([A-Z][A-Za-z0-9]*)_([A-Z][A-Za-z0-9]*)")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def tracepoint_section(name: str) -> str | None:
    """The section that a function's name means: ``Syscalls_SysEnterWrite`` is
    ``tracepoint/syscalls/sys_enter_write``; None where the name has not that form."""
    match = _TRACEPOINT.fullmatch(name)
    if match is None:
        return None
    category, event = (_WORD.sub("_", part).lower() for part in match.groups())
    return f"tracepoint/{category}/{event}"


# --- contexts

_OF_TYPE = {
    "XDP": ("XDP", "ebpf.XDPAction"),
    "SCHED_CLS": ("SKB", "ebpf.TCAction"),
    "SCHED_ACT": ("SKB", "ebpf.TCAction"),
    "CGROUP_SKB": ("SKB", "ebpf.Verdict"),
    "SOCKET_FILTER": ("SKB", "int32"),
    "SK_SKB": ("SKB", "int32"),
    "LWT_IN": ("SKB", "int32"),
    "LWT_OUT": ("SKB", "int32"),
    "LWT_XMIT": ("SKB", "int32"),
    "LWT_SEG6LOCAL": ("SKB", "int32"),
    "CGROUP_SOCK_ADDR": ("SockAddr", "ebpf.Verdict"),
    "CGROUP_SYSCTL": ("Sysctl", "ebpf.Verdict"),
    "RAW_TRACEPOINT": ("RawTracepoint", "int32"),
    "RAW_TRACEPOINT_WRITABLE": ("RawTracepoint", "int32"),
    "SOCK_OPS": ("SockOps", "int32"),
    "SK_MSG": ("SKMsg", "int32"),
    "SK_REUSEPORT": ("SKReuseport", "int32"),
    "SK_LOOKUP": ("SKLookup", "int32"),
    "PERF_EVENT": ("PerfEventData", "int32"),
}
"""By program type: the package's type of the context, and what a program returns."""

_OF_TRACEPOINT = {
    "/sys_enter": "SysEnter",
    "/sys_exit": "SysExit",
    "/sched_process_exec": "SchedProcessExec",
    "/sched_process_fork": "SchedProcessFork",
}
_CONTEXTS = {name for name, _ in _OF_TYPE.values()} | set(_OF_TRACEPOINT.values())


def context_of(section: sections.Section) -> tuple[str | None, str]:
    """The package's type for the context of such programs, if it has one, and their result's type."""
    kind = section.definition.program_type
    if kind == "TRACEPOINT":
        return next((name for part, name in _OF_TRACEPOINT.items() if part in section.name), None), "int32"
    return _OF_TYPE.get(kind, (None, "int32"))


def of_tracepoint(name: str) -> bool:
    """Whether a type of the package may be the context of a tracepoint."""
    return name == CONTEXT or name in _OF_TRACEPOINT.values()


def is_context(name: str) -> bool:
    """Whether a type of the package is the context of some kind of program."""
    return name in _CONTEXTS


# --- how C calls the package's types

_C_NUMBERS = {"BE16": "__be16", "BE32": "__be32", "BE64": "__be64"}
_C_STRUCTS = {
    "IPv4Addr": "in_addr",
    "IPv6Addr": "in6_addr",
    "SpinLock": "bpf_spin_lock",
    "Timer": "bpf_timer",
}


def network_number(t: ssa.Named) -> str | None:
    """C's name for a number in network byte order."""
    return _C_NUMBERS.get(t.name) if t.path == EBPF else None


def c_struct(t: ssa.Named) -> str | None:
    """C's name for a struct of the package that the kernel has, too."""
    return _C_STRUCTS.get(t.name) if t.path == EBPF else None


def is_text(t: ssa.Named) -> bool:
    """Whether an array of the package holds characters."""
    return t.path == EBPF and t.name == "Comm"


def is_opaque(table: list[ssa.Type], index: int) -> bool:
    """Whether a type of the package stands for one of the kernel's, of which it has no fields."""
    name = named(table, index)
    return name != "" and table[index].size == 0 and not is_context(name) and name not in _MARKS


def is_address(t: ssa.Named) -> bool:
    """Whether it is a number that holds a pointer of the kernel's."""
    return t.path == EBPF and t.name == "Address"


_SHOW = re.compile(r'(?:^|\s)show:"([^"]+)"')
SHOWN = ("text", "hex", "ip", "be", "mac", "time", "duration", "bytes", "errno", "oct")


def shown_as(field: ssa.Field) -> str | None:
    """How user space shows a field: what the tag ``show:"…"`` says."""
    tag = _SHOW.search(field.tag)
    return tag[1] if tag else None


_KERNEL = re.compile(r'(?:^|\s)bpf:"([^"]*)"')


def kernel_name(field: ssa.Field) -> str | None:
    """The name in the kernel that the tag ``bpf:"…"`` of a field gives."""
    tag = _KERNEL.search(field.tag)
    return tag[1] if tag else None


def fields(table: list[ssa.Type]) -> Iterator[ssa.Field]:
    for t in table:
        if isinstance(t, ssa.Struct):
            yield from t.fields
