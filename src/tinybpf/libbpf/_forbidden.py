"""What a refused load lacked: the capabilities that the object's programs and maps take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinybpf.libbpf import _hints
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf.enums import BpfMapType, BpfProgType

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle

# The kernel's trampolines; some sandboxes refuse them to root, too.
_TRAMPOLINES = frozenset({BpfProgType.TRACING, BpfProgType.LSM, BpfProgType.EXT})

# What the verifier says of a program that is fine for who has CAP_PERFMON: what it does with pointers,
# and the helpers that read the kernel's memory.
_SAYS_PERFMON = (
    r"prohibited for !root|leaks addr|pointer comparison prohibited|attempt to corrupt spilled pointer"
    r"|variable stack (?:access|read) prohibited"
    r"|(?:unknown func|cannot use helper) bpf_(?:probe_read|trace_|get_current_task|snprintf|task_pt_regs)"
)

# Helpers that lockdown takes away, from root, too
_SAYS_LOCKDOWN = (
    r"(?:unknown func|cannot use helper) "
    r"(?P<helper>bpf_probe_(?:read(?:_str|_kernel|_kernel_str)?|write_user))\b"
)

# Fields of the context that programs may write, where it has some; Linux 6.18
_SKB = "mark, priority, tc_index, tc_classid, queue_mapping, tstamp and cb"
_WRITABLE = {
    BpfProgType.SOCKET_FILTER: "of a packet's context only cb",
    BpfProgType.SCHED_CLS: f"of a packet's context {_SKB}",
    BpfProgType.SCHED_ACT: f"of a packet's context {_SKB}",
    BpfProgType.CGROUP_SKB: "of a packet's context mark, priority, tstamp and cb",
    BpfProgType.SK_SKB: "of a packet's context tc_index and priority",
    BpfProgType.XDP: "nothing of an XDP context: xdp_adjust_head, _tail and _meta move the packet's ends",
    BpfProgType.CGROUP_SOCK_ADDR: "the address and the port of the hook's own family",
}


def about_program(handle: ObjectHandle, program: str) -> dict[str, str]:
    """What messages say of a program: its ``kind``, and what it may write of its context (``writable``)."""
    found = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        if text(lib.bpf_program__name(found)) == program:
            kind = BpfProgType(lib.bpf_program__type(found))
            section = text(lib.bpf_program__section_name(found))
            about = {"kind": f"a program of section {section}", "writable": _WRITABLE.get(kind, "")}
            return {name: words for name, words in about.items() if words}
        found = lib.bpf_object__next_program(handle.pointer, found)
    return {}


def load_hint(handle: ObjectHandle) -> str | None:
    """What this process lacks to load the object, or what else forbids it; None where nothing is known."""
    lacking = {what: needs for what, needs in _needs(handle) if _hints.missing_capabilities(needs)}
    if lacking:
        needed = {name for needs in lacking.values() for name in needs}
        alone = next((what for what, needs in lacking.items() if needed <= set(needs)), "load this object")
        return _hints.lacks((name for name in _hints.ALL_NEEDS if name in needed), f"to {alone}")
    hint = _hints.permission_hint()
    refused = [program for program, kind in _programs(handle) if kind in _TRAMPOLINES]
    if hint is None and refused and _hints.missing_capabilities() == []:
        return (
            f"this kernel forbids programs such as '{refused[0]}' even to root; `tinybpf doctor` says "
            "which kinds it takes"
        )
    return hint


def verifier_hint(words: str) -> str | None:
    """Where the verifier refused only what takes CAP_PERFMON, and this process lacks it: that."""
    import re

    if re.search(_SAYS_PERFMON, words):
        lacks = _hints.lacks((_hints.PERFMON,), "to be trusted with pointers and kernel memory")
        if lacks:
            return lacks
    locked = re.search(_SAYS_LOCKDOWN, words)
    return _locked_down(locked["helper"]) if locked else None


def _locked_down(helper: str) -> str | None:
    """Where the kernel is locked down against what a helper does: that."""
    from tinybpf import system

    mode, writes = system.lockdown(), helper == "bpf_probe_write_user"
    if mode != "confidentiality" and not (writes and mode == "integrity"):
        return None
    does = "write memory of processes" if writes else "read the kernel's memory"
    return f"the kernel is in lockdown mode '{mode}', in which programs cannot {does} ({helper})"


def _needs(handle: ObjectHandle) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each program and map by its words for a message, and the capabilities that it takes."""
    for program, kind in _programs(handle):
        yield f"load '{program}' ({kind.name})", _hints.program_needs(kind)
    found = lib.bpf_object__next_map(handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        of = BpfMapType(lib.bpf_map__type(found))
        yield f"create map '{text(lib.bpf_map__name(found))}' ({of.name})", _hints.map_needs(of)
        found = lib.bpf_object__next_map(handle.pointer, found)


def _programs(handle: ObjectHandle) -> Iterator[tuple[str, BpfProgType]]:
    """Names and types of the programs that are to be loaded."""
    found = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        if lib.bpf_program__autoload(found):
            yield text(lib.bpf_program__name(found)), BpfProgType(lib.bpf_program__type(found))
        found = lib.bpf_object__next_program(handle.pointer, found)
