"""CO-RE: structs of the running kernel, whatever their layout there.

A struct named ``bpfCoreTaskStruct`` stands for the kernel's ``task_struct``; its field
``LoginUid`` for ``login_uid``, unless a tag ``bpf:"loginuid"`` names another. An access to one
in kernel memory becomes a relocation that the loader resolves against the kernel's own types.
"""

from __future__ import annotations

import re

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.builder import plus
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.pointsto import CONTEXT
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.trace import pointee
from tinybpf.compiler.lower.types import Types

CONTEXT_IS_FIXED = "the program's context, which the verifier only lets be read at constant offsets"
CONTEXT_HINT = "use constant indices, for instance in a switch over the index"

PREFIX = "bpfCore"
READERS = ("bpf_probe_read_kernel", "bpf_probe_read")

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def check_moved(f: FunctionLowering, number: int) -> None:
    """Refuse to move a pointer into the context by what is not constant."""
    if CONTEXT in f.places(number):
        raise Refused(f.pos, f"variable offset into {CONTEXT_IS_FIXED}", CONTEXT_HINT)


def is_kernel_struct(types: Types, t: int) -> bool:
    named, under = types[t], types.under(t)
    if not isinstance(named, ssa.Named) or not isinstance(under, ssa.Struct):
        return False
    return named.name.startswith(PREFIX) or _marked(types.table, under) is not None


def _marked(table: list[ssa.Type], struct: ssa.Struct) -> str | None:
    """The kernel's name for a struct of the typed dialect: the tag of its blank KernelStruct field."""
    for field in struct.fields:
        if field.name == "_" and typed.named(table, field.type) == typed.KERNEL_STRUCT:
            return typed.kernel_name(field) or ""
    return None


def snake_case(name: str) -> str:
    return _WORD.sub("_", name).lower()


def kernel_name(table: list[ssa.Type], named: ssa.Named) -> str:
    under = table[named.underlying]
    marked = _marked(table, under) if isinstance(under, ssa.Struct) else None
    if marked is not None:
        return marked
    return snake_case(named.name.removeprefix(PREFIX))


def kernel_field(field: ssa.Field) -> str:
    return typed.kernel_name(field) or snake_case(field.name)


def in_kernel_memory(f: FunctionLowering, number: int) -> bool:
    """Whether the struct is the kernel's own, not a copy of the program's."""
    own = [p for p in f.places(number) if p.kind in ("local", "global")]
    foreign = [p for p in f.places(number) if p.kind not in ("local", "global", "nil")]
    if own and foreign:
        raise Refused(
            f.pos,
            "this pointer may lead to the kernel's struct or to the program's copy of it, whose layouts "
            "differ",
            "use one variable for the kernel's pointer and another for the copy",
        )
    return not own


def field_address(f: FunctionLowering, struct_type: int, field: int, base: str) -> str:
    """The address of a field in the kernel's struct at ``base``, by relocation."""
    node, member = f.m.debug.kernel_struct(struct_type, field)
    element = f"[{member + 1} x i8]"
    return f.b.value(
        f"call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype({{ {element} }}) {base}, i32 0, "
        f"i32 {member}), "
        f"!llvm.preserve.access.index {node}"
    )


def copied_struct(f: FunctionLowering, helper: str, instr: ssa.Call) -> int | None:
    """The kernel struct that this call copies as a whole into a variable, if it does so."""
    if helper not in READERS or len(instr.args) != 3:
        return None
    t = pointee(f.types, f.uses, instr.args[0])
    return t if t is not None and is_kernel_struct(f.types, t) else None


def copy_struct(f: FunctionLowering, struct_type: int, number: int, instr: ssa.Call) -> str:
    """Field by field from where the kernel has them to where the program's copy has them.

    The result is 0, or the error of the first field that could not be read.
    """
    size = f.operand(instr.args[1])
    if size != str(f.types.size(struct_type)):
        raise Refused(
            instr.pos,
            "a kernel struct is copied as a whole: the size must be unsafe.Sizeof of "
            f"{f.types.string(struct_type)}",
            "or read one field through a pointer to the struct",
        )
    target, source = f.scalar(instr.args[0]), f.scalar(instr.args[2])
    if not f.types.is_pointer(f.type_of(instr.args[2])):
        source = f.b.value(f"inttoptr i64 {f.widen(source, f.type_of(instr.args[2]))} to ptr")
    total = "0"
    for n, field in enumerate(f.types.struct(struct_type).fields):
        if field.name == "_":
            continue
        src = field_address(f, struct_type, n, source)
        dst = plus(f.b, target, field.offset)
        got = f.b.value(
            f"call i64 inttoptr (i64 {number} to ptr)(ptr {dst}, i64 {f.types.size(field.type)}, ptr {src})"
        )
        ok = f.b.value(f"icmp eq i64 {total}, 0")
        total = f.b.value(f"select i1 {ok}, i64 {got}, i64 {total}")
    return total
