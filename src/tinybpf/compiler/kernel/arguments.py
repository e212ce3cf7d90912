"""How the kernel hands programs the arguments of what they watch, by section.

Behind a trampoline or a raw tracepoint the context is a row of 64-bit words, one for each argument,
with the result behind them. A probe's context is the CPU's registers, whose places differ from
machine to machine; a system call's arguments are in registers too, saved elsewhere.
"""

from __future__ import annotations

import msgspec

from tinybpf.compiler.kernel.sections import Section

WORD = 8
RAW_TRACEPOINT_MOST = TRAMPOLINE_MOST = 12


class Machine(msgspec.Struct, frozen=True):
    """Offsets in the kernel's struct pt_regs, in bytes: what the first arguments of a function are in,
    its result, and the arguments of a system call."""

    arguments: tuple[int, ...]
    result: int
    syscall: tuple[int, ...]


MACHINES = {
    # di si dx cx r8 r9, ax; the instruction for system calls needs cx, so that r10 takes its place.
    "x86_64": Machine((112, 104, 96, 88, 72, 64), 80, (112, 104, 96, 56, 72, 64)),
    "aarch64": Machine(tuple(range(0, 64, 8)), 0, tuple(range(0, 48, 8))),
}
NAMES = {"amd64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64"}
"""Other names of the machines."""


class Convention(msgspec.Struct, frozen=True):
    """Where the arguments are.

    ``kind`` is ``words``, ``registers``, ``result`` (the one register with what a function returned)
    or ``syscall``. ``most`` is how many there can be, None where that is up to the machine.
    ``result`` says whether what was returned stands behind the arguments.
    """

    kind: str
    most: int | None
    result: bool = False


_REGISTERS = Convention("registers", None)
_RESULT = Convention("result", 1)
_WORDS = Convention("words", TRAMPOLINE_MOST)
_WORDS_AND_RESULT = Convention("words", TRAMPOLINE_MOST + 1, True)

_BY_PREFIX = {
    "kprobe": _REGISTERS,
    "kprobe.multi": _REGISTERS,
    "uprobe": _REGISTERS,
    "uprobe.multi": _REGISTERS,
    "kretprobe": _RESULT,
    "kretprobe.multi": _RESULT,
    "uretprobe": _RESULT,
    "uretprobe.multi": _RESULT,
    "kretsyscall": _RESULT,
    "ksyscall": Convention("syscall", 6),
    "fentry": _WORDS,
    "fexit": _WORDS_AND_RESULT,
    "fmod_ret": _WORDS_AND_RESULT,
    "lsm": _WORDS_AND_RESULT,
    "lsm_cgroup": _WORDS,
    "tp_btf": _WORDS,
    "raw_tp": Convention("words", RAW_TRACEPOINT_MOST),
    "raw_tracepoint": Convention("words", RAW_TRACEPOINT_MOST),
}
_TYPED = {"fentry", "fexit", "fmod_ret", "lsm", "lsm_cgroup", "tp_btf"}


def kind_of(section: Section) -> str:
    """The section's kind, whether or not it may sleep or write."""
    return section.definition.prefix.removesuffix(".s").removesuffix(".w")


def convention(section: Section) -> Convention | None:
    """How programs of the section get arguments; None where they get a context of some other kind."""
    return _BY_PREFIX.get(kind_of(section))


def knows_types(section: Section) -> bool:
    """Whether the verifier knows what the arguments are, so that pointers among them can be followed."""
    return kind_of(section) in _TYPED


def machine(name: str) -> Machine | None:
    """The registers of a machine as ``uname -m`` calls it, or Go; None of others."""
    return MACHINES.get(NAMES.get(name, name))
