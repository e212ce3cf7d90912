"""Names of an object that the running kernel does not have: fields, types, functions, variables.

libbpf resolves them before a load. Where it cannot, it makes the place one that the verifier refuses
(CO-RE, weak kernel functions), or ends the load with a complaint.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tinybpf.libbpf.btf import Btf

_RELOCATION = re.compile(
    r"failed to resolve CO-RE relocation <\w+> \[\d+\] (?:(?P<kind>\w+) )?(?P<type>[^\s.:\[(]+)"
    r"(?:(?P<path>[.\[][^\s(]*)|::(?P<value>\w+))?"
)
_KFUNC = re.compile(r"kfunc '(?P<name>[^']+)' is referenced but wasn't resolved")
_EXTERN = re.compile(r"extern \((?P<kind>func|var) ksym\) '(?P<name>[^']+)': not found")
_SYMBOL = re.compile(r"extern (?:\(ksym\) |'?)(?P<name>[\w.]+)'?(?: \(strong\))?[:,]? not (?:resolved|found)")
_CONFIG = re.compile(
    r"extern (?:\(strong\) |\(kcfg\) )?'?(?P<name>CONFIG_\w+|LINUX_\w+)'?.* not (?:resolved|found)"
)

_MORE_SECTIONS = {
    "classifier", "fentry.s", "fexit.s", "fmod_ret.s", "kprobe.multi", "kprobe.session", "kretprobe",
    "kretprobe.multi", "ksyscall", "kretsyscall", "lsm.s", "netkit", "tcx", "tp", "raw_tp", "uprobe.multi",
    "uprobe.s", "uretprobe", "uretprobe.multi", "usdt", "xdp.frags",
}  # fmt: skip
"""Sections that are none of a kind of program of their own."""

NO_TYPES = (
    "this kernel tells no types (CONFIG_DEBUG_INFO_BTF is not set): give a file with its BTF by btf_path"
)
_NO_TYPES_SAID = (
    "failed to find valid kernel BTF",
    "kernel BTF is missing",
    "Error loading vmlinux BTF",
    "failed to read kernel BTF",
)


def verifier_hint(words: str) -> str | None:
    """What may have been meant by a name that libbpf did not find, where the verifier's log has its words."""
    found = _RELOCATION.search(words)
    if found:
        return _relocation(found)
    found = _KFUNC.search(words)
    return _function(found["name"]) if found else None


def load_hint(complaint: str) -> str | None:
    """The same for what ends a load before the verifier sees the programs."""
    if any(said in complaint for said in _NO_TYPES_SAID):
        return NO_TYPES
    if "failed to get EHDR from" in complaint or "failed to parse target BTF" in complaint:
        return "btf_path must be a file with the kernel's types: raw BTF, or an ELF file with a section .BTF"
    found = _EXTERN.search(complaint)
    if found:
        return _function(found["name"]) if found["kind"] == "func" else _variable(found["name"])
    found = _CONFIG.search(complaint)
    if found:
        return (
            f"the kernel's configuration, as far as it can be read, has no {found['name']}: give a value by "
            "kconfig=, or declare the variable weak"
        )
    found = _SYMBOL.search(complaint)
    return _variable(found["name"]) if found else None


def near_section(complaint: str) -> str | None:
    """The section that a misspelt one was meant to be; None where none is near, or it is known."""
    from tinybpf.libbpf.features import PROGRAMS

    found = re.search(r"check ELF section name '(?P<kind>[^'/]*)(?P<target>/[^']*)?'", complaint)
    if found is None:
        return None
    kinds = {feature.name.partition("/")[0] for feature in PROGRAMS} | _MORE_SECTIONS
    if found["kind"] in kinds:
        return None
    near = get_close_matches(found["kind"], kinds, 1, 0.65)
    return near[0] + (found["target"] or "") if near else None


def _relocation(found: re.Match[str]) -> str | None:
    btf = _kernel_types()
    if btf is None:
        return NO_TYPES
    if found["path"]:
        return _field(btf, found["type"], re.findall(r"\.([\w]+)", found["path"]))
    if found["value"]:
        return (
            f"enum {found['type']} has no value {found['value']} in this kernel: programs in C ask "
            "before the use (bpf_core_enum_value_exists)"
        )
    meant = _meant(found["type"], _type_names(btf))
    return f"this kernel has no type '{found['type']}'{meant}; other kernels may"


def _field(btf: Btf, type: str, path: list[str]) -> str | None:
    """Which field on a path of fields is none, and what others there are."""
    from tinybpf.libbpf.btf_wire import BtfKind

    number = btf.find(type, BtfKind.STRUCT, BtfKind.UNION)
    if number is None:
        return f"this kernel has no struct '{type}'{_meant(type, _type_names(btf))}; other kernels may"
    for name in path:
        fields = _fields(btf, number)
        if name not in fields:
            owner = btf.record(number).name or type
            return (
                f"struct {owner} of this kernel has no field '{name}'{_meant(name, fields)}; where only some "
                "kernels have it, programs in C ask before the use (bpf_core_field_exists)"
            )
        record = btf.resolve(fields[name])
        if record.kind not in (BtfKind.STRUCT, BtfKind.UNION):
            break
        number = record.id
    return None


def _fields(btf: Btf, number: int) -> dict[str, int]:
    """The fields of a struct with their types, those of nameless members included."""
    from tinybpf.libbpf.btf_wire import BtfKind

    found: dict[str, int] = {}
    for member in btf.members(btf.record(number)):
        if member.name:
            found[member.name] = member.type_id
            continue
        inner = btf.resolve(member.type_id)
        if inner.kind in (BtfKind.STRUCT, BtfKind.UNION):
            found |= _fields(btf, inner.id)
    return found


def _function(name: str) -> str | None:
    from tinybpf.libbpf.btf_wire import BtfKind

    btf = _kernel_types()
    if btf is None:
        return NO_TYPES
    names = [known for known in btf.names(BtfKind.FUNC) if known.startswith(name[:4])]
    return (
        f"this kernel has no function '{name}' for programs{_meant(name, names)}; it may have come with a "
        "later version, or with a module that is not loaded"
    )


def _variable(name: str) -> str | None:
    from tinybpf.libbpf.btf_wire import BtfKind

    btf = _kernel_types()
    near = _meant(name, btf.names(BtfKind.VAR)) if btf else ""
    return (
        f"this kernel has no variable '{name}' that programs know{near}; a weak one is 0 where it is missing"
    )


def _type_names(btf: Btf) -> list[str]:
    from tinybpf.libbpf.btf_wire import BtfKind

    return btf.names(BtfKind.STRUCT, BtfKind.UNION, BtfKind.ENUM, BtfKind.TYPEDEF)


def _meant(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), 3, 0.7)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _kernel_types() -> Btf | None:
    from tinybpf.libbpf._arguments import kernel_types

    return kernel_types()
