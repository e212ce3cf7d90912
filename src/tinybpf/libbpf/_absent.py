"""Why a load failed that the running kernel was not made for: what it lacks, and which version brought it."""

from __future__ import annotations

import errno
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import ffi, lib, text

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf._probe import Feature

_MAP = re.compile(r"map '(?P<name>[^']+)': failed to create")
_TYPE = re.compile(r"prog '(?P<program>[^']*)': failed to find kernel BTF type ID of '(?P<name>[^']+)'")
_PROGRAM = re.compile(r"prog '(?P<name>[^']*)': (?:BPF program load failed|failed to (?:auto-)?attach)")
_HELPER = re.compile(r"(?:unknown|invalid) func (?P<name>\w+)#(?P<number>\d+)")
_PSEUDO = (
    "unrecognized bpf_ld_imm64 insn",
    "invalid bpf_ld_imm64 insn",
    "number of funcs in func_info doesn't match number of subprogs",
)
"""What old kernels say of a function that is used by its address."""

_LINK = 1 << 13  # BPF_F_LINK

# By the kind of section: what the names of its targets begin with in the kernel's BTF, and what they are.
_TARGETS = {
    "iter": ("bpf_iter_", "iterator"),
    "lsm": ("bpf_lsm_", "LSM hook"),
    "lsm_cgroup": ("bpf_lsm_", "LSM hook"),
    "tp_btf": ("btf_trace_", "tracepoint"),
}


def reason(handle: ObjectHandle, complaint: str, code: int) -> str | None:
    """What the kernel lacks, by libbpf's complaint; None where it is not known to lack anything."""
    found = _MAP.search(complaint)
    if found and code in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, 524):
        return _map(handle, found["name"])
    found = _TYPE.search(complaint)
    if found and _kind(_section(handle, found["program"])) == "iter":
        fact = _since.ITERATORS.get(found["name"])
        return fact.absence() if fact else None
    found = _PROGRAM.search(complaint)
    return program(handle, found["name"]) if found and code == errno.EINVAL else None


def _map(handle: ObjectHandle, name: str) -> str | None:
    from tinybpf.libbpf.enums import BpfMapType
    from tinybpf.libbpf.features import MAPS

    found = lib.bpf_object__find_map_by_name(handle.pointer, name.encode())
    if found == ffi.NULL:
        return None
    kind = BpfMapType(lib.bpf_map__type(found))
    if kind.name.startswith("UNKNOWN"):
        return f"map '{name}' is of type {int(kind)}, which is newer than tinybpf, and this kernel refuses it"
    if kind is BpfMapType.STRUCT_OPS and lib.bpf_map__map_flags(found) & _LINK:
        absent = _since.absence("links of struct_ops maps")
        if absent:
            return f"map '{name}' is in section .struct_ops.link: {absent}"
    feature = next((feature for feature in MAPS if feature.type == kind), None)
    return _without(f"map '{name}' is of type {kind.name}", feature)


def program(handle: ObjectHandle, name: str) -> str | None:
    """Why this kernel has no programs of the kind that the program of that name is."""
    from tinybpf.libbpf.features import PROGRAMS

    found = _find(handle, name)
    if found is None:
        return None
    section = _section(handle, name)
    kinds = [feature for feature in PROGRAMS if feature.type == lib.bpf_program__type(found)]
    feature = next((f for f in kinds if f.name in (section, _kind(section))), kinds[0] if kinds else None)
    what = f"program '{name}' is of section {section}"
    fact = _since.ATTACHMENTS.get(_kind(section))
    absent = fact.absence() if fact and feature and fact.name != feature.name else None
    return f"{what}: {absent}" if absent else _without(what, feature)


def _find(handle: ObjectHandle, name: str) -> Any:
    """libbpf's program of that name, or None."""
    found = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
    while found != ffi.NULL and text(lib.bpf_program__name(found)) != name:
        found = lib.bpf_object__next_program(handle.pointer, found)
    return None if found == ffi.NULL else found


def _section(handle: ObjectHandle, program: str) -> str:
    found = _find(handle, program)
    return "" if found is None else text(lib.bpf_program__section_name(found)).lstrip("?")


def _kind(section: str) -> str:
    return section.partition("/")[0].removesuffix(".s")


def _without(what: str, feature: Feature | None) -> str | None:
    """The reason for which the kernel has not the feature that something needs."""
    from tinybpf.libbpf._probe import State

    found = feature.probe() if feature else None
    return f"{what}: {found.reason}" if found and found.state is State.MISSING else None


def helper_hint(words: str) -> str | None:
    """Which version brought the helper, the callback or the instruction that the verifier does not know."""
    if "BPF_STX uses reserved fields" in words:
        absent = _since.Fact("atomic operations with a result", "5.12").absence()
        advice = 'with --cpu v2 (cpu="v2") an addition whose result is not used does without'
        return absent and f"{absent}; {advice}"
    if any(said in words for said in _PSEUDO):
        fact = _since.Fact("functions that the kernel calls back", "5.13")
        return fact.absence()
    found = _HELPER.search(words)
    if found is None:
        return None
    name = "" if found["name"] == "unknown" else found["name"]
    known = _since.helper(int(found["number"]), name)
    return known.absence() if known else None


def target_hint(handle: ObjectHandle, complaint: str) -> str | None:
    """What may have been meant where a program's target is not in the kernel's BTF."""
    found = _TYPE.search(complaint)
    if found is None:
        return None
    prefix, kind = _TARGETS.get(_kind(_section(handle, found["program"])), ("", "function"))
    name = found["name"]
    names = _names(prefix)
    if names is None:
        return "this kernel has no type information (CONFIG_DEBUG_INFO_BTF), which such programs need"
    if kind == "function" and _in_kallsyms(name):
        return (
            f"the kernel has a function '{name}', but does not tell its type: it may have been changed by "
            "the compiler, or there are several of the name; a kprobe may do"
        )
    near = get_close_matches(name, names, 3)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"this kernel has no {kind} '{name}'{meant}"


def _names(prefix: str) -> list[str] | None:
    """The names of targets of a kind, without what they begin with; None where the kernel has no BTF."""
    from tinybpf.libbpf._arguments import kernel_types
    from tinybpf.libbpf.btf_wire import BtfKind

    btf = kernel_types()
    if btf is None:
        return None
    kind = BtfKind.TYPEDEF if prefix == "btf_trace_" else BtfKind.FUNC
    return [name.removeprefix(prefix) for name in btf.names(kind) if name.startswith(prefix)]


def _in_kallsyms(name: str) -> bool:
    from tinybpf.libbpf.attach.kprobe import functions

    return name in functions()
