"""Section names: which program type each stands for, as libbpf reads them.

``parse_section("tracepoint/syscalls/sys_enter_connect")`` tells what such a program is,
``nearest_section`` what was meant. What a program returns when a panic ends it, and what it may
return at all, is in ``returns``.
"""

from __future__ import annotations

from functools import cache

import msgspec

from tinybpf.compiler.kernel.sections_data import SECTIONS
from tinybpf.compiler.kernel.types_data import ATTACH_TYPES, PROGRAM_TYPES

_TARGETS = {
    "kprobe": "FUNCTION",
    "kretprobe": "FUNCTION",
    "kprobe.multi": "PATTERN",
    "kretprobe.multi": "PATTERN",
    "kprobe.session": "PATTERN",
    "ksyscall": "SYSCALL",
    "kretsyscall": "SYSCALL",
    "uprobe": "BINARY:FUNCTION",
    "usdt": "BINARY:PROVIDER:NAME",
    "tracepoint": "CATEGORY/NAME",
    "tp": "CATEGORY/NAME",
    "raw_tracepoint": "NAME",
    "raw_tp": "NAME",
    "tp_btf": "NAME",
    "lsm": "HOOK",
    "lsm_cgroup": "HOOK",
    "iter": "KIND",
    "struct_ops": "MEMBER",
}
"""What stands behind the slash, where it is not a kernel function."""


class SectionDef(msgspec.Struct, frozen=True):
    """One of libbpf's section definitions.

    ``program_type`` and ``attach_type`` are the kernel's names without ``BPF_PROG_TYPE_`` and as
    they stand (``BPF_CGROUP_INET4_CONNECT``); ``attach_type`` is None where there is none.
    ``takes_target``: the name may go on with ``/`` and a target. ``attach_btf``: the target is
    found by its BTF, so that it has to be known at load. ``frags``: XDP with packets in pieces.
    """

    prefix: str
    program_type: str
    attach_type: str | None
    takes_target: bool
    sleepable: bool
    attach_btf: bool
    frags: bool

    @property
    def program_type_number(self) -> int:
        return PROGRAM_TYPES[self.program_type]

    @property
    def attach_type_number(self) -> int:
        return ATTACH_TYPES[self.attach_type] if self.attach_type is not None else 0

    @property
    def form(self) -> str:
        """How to write it: ``tracepoint/CATEGORY/NAME``, ``xdp``."""
        if not self.takes_target:
            return self.prefix
        kind = self.prefix.removesuffix(".s").removesuffix(".w").replace("uretprobe", "uprobe")
        if kind.startswith("uprobe."):
            kind = "uprobe"
        return f"{self.prefix}/{_TARGETS.get(kind, 'FUNCTION')}"


class Section(msgspec.Struct, frozen=True):
    """A section name that libbpf knows: its definition and what it adds to it."""

    name: str
    definition: SectionDef
    target: str = ""
    autoload: bool = True
    """False where the name begins with ``?``: not loaded unless user space asks for it."""

    @property
    def program_type(self) -> str:
        return self.definition.program_type

    @property
    def attach_type(self) -> str | None:
        return self.definition.attach_type

    @property
    def sleepable(self) -> bool:
        return self.definition.sleepable


@cache
def definitions() -> tuple[SectionDef, ...]:
    """All definitions, in the order in which libbpf looks."""
    return tuple(
        SectionDef(
            prefix=name.removesuffix("+"),
            program_type=kind,
            attach_type=attach,
            takes_target=name.endswith("+"),
            sleepable="sleepable" in flags,
            attach_btf="btf" in flags,
            frags="frags" in flags,
        )
        for name, kind, attach, flags in SECTIONS
    )


def parse_section(name: str) -> Section | None:
    """What a section name means, or None where libbpf does not know it."""
    bare = name.removeprefix("?")
    for definition in definitions():
        rest = bare.removeprefix(definition.prefix)
        if not bare.startswith(definition.prefix) or (rest and not rest.startswith("/")):
            continue
        if rest and not definition.takes_target:
            continue
        return Section(name, definition, rest[1:], autoload=not name.startswith("?"))
    return None


def nearest_section(name: str) -> str | None:
    """The section name that is most like ``name``, its target kept; None if none is."""
    import difflib

    bare = name.removeprefix("?")
    head, _, tail = bare.partition("/")
    whole = [definition.prefix for definition in definitions() if not definition.takes_target]
    found = difflib.get_close_matches(bare.lower(), whole, n=1, cutoff=0.6)
    if found:
        return found[0]
    with_target = [definition.prefix for definition in definitions() if definition.takes_target]
    found = difflib.get_close_matches(head.lower(), with_target, n=1, cutoff=0.7)
    if found:
        return f"{found[0]}/{tail}" if tail else _form(found[0])
    found = difflib.get_close_matches(head.lower(), whole, n=1, cutoff=0.7)
    return found[0] if found else None


def _form(prefix: str) -> str:
    return next(definition.form for definition in definitions() if definition.prefix == prefix)


def incomplete(text: str) -> tuple[str, str] | None:
    """What a section lacks behind its slash, and an example; None where nothing is missing."""
    kind, slash, rest = text.partition("/")
    if kind in ("tracepoint", "tp") and slash and len([p for p in rest.split("/") if p]) != 2:
        return "names no tracepoint: a category and a name", f"{kind}/syscalls/sys_enter_openat"
    if text.endswith("/"):
        return "names nothing behind the slash", f"{text}{_EXAMPLES.get(kind, 'NAME')}"
    return None


_EXAMPLES = {
    "kprobe": "do_unlinkat", "kretprobe": "do_unlinkat", "fentry": "do_unlinkat", "fexit": "do_unlinkat",
    "lsm": "file_open", "raw_tp": "sched_switch", "tp_btf": "sched_switch", "iter": "task",
}  # fmt: skip
