"""The parameters that a program declares, held against the kernel's function.

A program finds its arguments by their places and sizes, which the compiler noted in its BTF. Where the
kernel's function has others, the program would see something else than it says: that is an error here.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf.btf_wire import BtfKind

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.program import BpfProgram

NOTE = "argument:"
CONTEXT, ADDRESS = "context", "address"
VMLINUX = "/sys/kernel/btf/vmlinux"
RESULT = "what the function returns"

_FUNCTIONS = ("fentry", "fexit", "fmod_ret")
_WITH_RESULT = ("fexit", "fmod_ret", "lsm")
_TRACEPOINTS = ("tp_btf", "raw_tp", "raw_tracepoint")
_PLACES = {
    "kprobe": "registers",
    "uprobe": "registers",
    "kretprobe": "result",
    "uretprobe": "result",
    "kretsyscall": "result",
    "ksyscall": "saved registers",
}


class Slot(NamedTuple):
    """A 64-bit word that the kernel hands over: the argument's name, if the kernel tells it, its C type,
    and its size in bits (0: an address)."""

    name: str
    type: str
    bits: int


class Prototype(NamedTuple):
    """A function of the kernel: its name, its arguments, and its result if it has one."""

    name: str
    slots: tuple[Slot, ...]
    result: Slot | None

    def __str__(self) -> str:
        given = ", ".join(_declared(slot.type, slot.name) for slot in self.slots)
        return f"{self.result.type if self.result else 'void'} {self.name}({given})"


def _declared(of: str, name: str) -> str:
    return f"{of}{name}" if of.endswith("*") else f"{of} {name}".rstrip()


def check_object(handle: ObjectHandle) -> None:
    """`BpfError` for the first program that declares arguments which the kernel's function has not."""
    if NOTE.encode() not in handle.source or handle.btf is None:
        return
    program = lib.bpf_object__next_program(handle.pointer, ffi.NULL)
    while program != ffi.NULL:
        if lib.bpf_program__autoload(program):
            name, section = text(lib.bpf_program__name(program)), text(lib.bpf_program__section_name(program))
            _check_program(handle, name, section)
        program = lib.bpf_object__next_program(handle.pointer, program)


def check_place(program: BpfProgram, what: str, kind: str, inside: bool = False) -> None:
    """`BpfError` where the program, attached as one of section ``kind``, would find its parameters elsewhere
    than it was compiled for, or not at all: ``inside`` of a function."""
    own = _kind(program.section)
    if (_PLACES.get(own) == _PLACES[kind] and not inside) or not _parameters(program.owner, program.name):
        return
    if inside:
        raise BpfError(
            f"{what} failed: '{program.name}' declares parameters, which are there only where a function "
            "begins\n  hint: declare the context, which leads to the registers",
            errno.EINVAL,
        )
    raise BpfError(
        f"{what} failed: '{program.name}' declares parameters, which programs of section {own} find "
        f"elsewhere than those of {kind}\n  hint: put it into section {kind}",
        errno.EINVAL,
    )


def _kind(section: str) -> str:
    """A section's kind, without what makes no difference to the parameters."""
    prefix = section.lstrip("?").partition("/")[0]
    return prefix.removesuffix(".s").removesuffix(".w").removesuffix(".multi")


def check_function(program: BpfProgram, function: str) -> None:
    """The same for a program that is about to be attached to a function of the kernel."""
    parameters = _parameters(program.owner, program.name)
    prototype = _function(function) if parameters else None
    if prototype is None:
        return
    what = f"attach '{program.name}' to '{function}'"
    if program.section.startswith("kretprobe"):
        if prototype.result is not None:
            _check(what, prototype, parameters, (prototype.result,))
        return
    _check(what, prototype, parameters, prototype.slots)


def _check_program(handle: ObjectHandle, name: str, section: str) -> None:
    kind, target = _kind(section), section.partition("/")[2]
    parameters = _parameters(handle, name) if target else []
    if not parameters:
        return
    prototype = _prototype(kind, target)
    if prototype is None:
        return
    slots = prototype.slots
    if kind in _WITH_RESULT and prototype.result is not None:
        slots = (*slots, prototype.result)
    _check(f"load '{name}' of '{handle.name}'", prototype, parameters, slots)


def _prototype(kind: str, target: str) -> Prototype | None:
    """What the kernel says of the target of a section, where it says something."""
    if kind in _FUNCTIONS:
        return _function(target)
    if kind in ("lsm", "lsm_cgroup"):
        return _function(f"bpf_lsm_{target}")
    return _tracepoint(target) if kind in _TRACEPOINTS else None


def _parameters(handle: ObjectHandle, program: str) -> list[tuple[str, str]]:
    """Names of a program's parameters and their sizes, in bits or ``address``, as the compiler noted them."""
    btf = handle.btf
    function = None if btf is None else btf.find(program, BtfKind.FUNC)
    if btf is None or function is None:
        return []
    notes = [tag[len(NOTE) :] for tag in btf.decl_tags(function) if tag.startswith(NOTE)]
    found = [note.partition(":") for note in notes if note != CONTEXT]
    return [(name, size) for name, _, size in found]


def _check(
    what: str, prototype: Prototype, parameters: list[tuple[str, str]], slots: tuple[Slot, ...]
) -> None:
    if len(parameters) > len(slots):
        extra = parameters[len(slots)][0]
        raise _wrong(what, prototype, f"parameter '{extra}' is one more than the function has arguments")
    for n, ((name, size), slot) in enumerate(zip(parameters, slots, strict=False), 1):
        problem = _problem(size, slot)
        if problem:
            which = RESULT if slot is prototype.result else f"'{slot.name}'" if slot.name else f"argument {n}"
            raise _wrong(what, prototype, f"parameter '{name}' has the place of {which}, {problem}")


def _problem(size: str, slot: Slot) -> str | None:
    """Why a parameter of a size cannot be the argument; more bits than it has would be anything."""
    if size == ADDRESS or not size.isdigit():
        return f"which is no address but of type {slot.type}" if 0 < slot.bits < 64 else None
    if slot.bits == 0:
        return f"which is an address, of which it would have {size} bits" if int(size) < 64 else None
    if int(size) > slot.bits:
        return f"which is of type {slot.type}: of {size} bits only {slot.bits} would be set"
    return None


def _wrong(what: str, prototype: Prototype, why: str) -> BpfError:
    return BpfError(f"{what} failed: {why}\n  hint: in this kernel it is {prototype}", errno.EINVAL)


# --- the kernel's types


@lru_cache(maxsize=1)
def kernel_types() -> Btf | None:
    """The kernel's own types, read once; None where it has none. Takes some 50 ms."""
    from tinybpf.libbpf.btf import Btf

    try:
        with open(VMLINUX, "rb") as file:
            return Btf(file.read())
    except OSError:
        return None


@lru_cache(maxsize=256)
def _function(name: str) -> Prototype | None:
    found = _find(name, BtfKind.FUNC)
    btf = kernel_types()
    if btf is None or found is None:
        return None
    return _described(btf, name.removeprefix("bpf_lsm_"), btf.record(found).ref, 0)


@lru_cache(maxsize=256)
def _tracepoint(name: str) -> Prototype | None:
    found = _find(f"btf_trace_{name}", BtfKind.TYPEDEF)
    btf = kernel_types()
    if btf is None or found is None:
        return None
    pointer = btf.resolve(found)
    return _described(btf, name, pointer.ref, 1) if pointer.kind is BtfKind.PTR else None


def _find(name: str, kind: BtfKind) -> int | None:
    """The id of a type of the kernel, by libbpf: it looks faster."""
    from tinybpf.libbpf._probe import kernel_type

    if not os.path.exists(VMLINUX):
        return None
    found = kernel_type(kind, name)
    return found if found > 0 else None


def _described(btf: Btf, name: str, prototype: int, skipped: int) -> Prototype | None:
    record = btf.resolve(prototype)
    if record.kind is not BtfKind.FUNC_PROTO:
        return None
    slots: list[Slot] = []
    for label, of in btf.parameters(record)[skipped:]:
        if of == 0:
            return None  # any number of arguments
        slots += _slots(btf, label, of)
    result = _slots(btf, "", record.ref)[0] if record.ref else None
    return Prototype(name, tuple(slots), result)


def _slots(btf: Btf, name: str, of: int) -> list[Slot]:
    """An argument as the words that it takes: a struct may take several."""
    record, words = btf.resolve(of), _c_name(btf, of)
    if record.kind is BtfKind.PTR:
        return [Slot(name, words, 0)]
    size = btf.size_of(of)
    if size <= 8:
        return [Slot(name, words, 8 * size)]
    return [Slot(f"{name}[{n}]", words, 64) for n in range(-(-size // 8))]


def _c_name(btf: Btf, of: int) -> str:
    """A type as C writes it, roughly."""
    record = btf.record(of) if of else None
    if record is None:
        return "void"
    if record.kind is BtfKind.PTR:
        inner = _c_name(btf, record.ref)
        return f"{inner}*" if inner.endswith("*") else f"{inner} *"
    if record.name and record.kind in (BtfKind.STRUCT, BtfKind.UNION, BtfKind.ENUM, BtfKind.FWD):
        return f"{'struct' if record.kind is BtfKind.FWD else record.kind.name.lower()} {record.name}"
    if record.kind in (BtfKind.CONST, BtfKind.VOLATILE):
        return f"{record.kind.name.lower()} {_c_name(btf, record.ref)}"
    if record.kind is BtfKind.FUNC_PROTO:
        return "void (*)()"
    return record.name or (_c_name(btf, record.ref) if record.ref else record.kind.name.lower())
