"""What a value was before it became an ``unsafe.Pointer``; what an address will be used for."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import PointsTo
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.lower.walk import Uses, reaches


def pointee(types: Types, uses: Uses, number: int) -> int | None:
    """The type that a pointer pointed to before conversions hid it, where one can tell."""
    while True:
        t = uses.type_of[number]
        if isinstance(types.under(t), ssa.Pointer):
            return types.elem(t)
        made = uses.made_by.get(number)
        if not isinstance(made, (ssa.ChangeType, ssa.Convert)):
            return None
        number = made.x


def pointee_or_variable(points: PointsTo, function: int, number: int) -> int | None:
    """As ``pointee``; failing that, the type of the one variable that the pointer may lead to."""
    found = pointee(points.types, points.uses[function], number)
    if found is not None:
        return found
    places = [p for p in points.value(function, number) if p.kind != "nil"]
    if len(places) == 1 and places[0].kind == "local":
        made = points.uses[places[0].function].made_by[places[0].id]
        return points.types.elem(made.type) if isinstance(made, ssa.Alloc) else None
    return None


WRITES_WHOLE = {
    "bpf_probe_read": (0, 1),
    "bpf_probe_read_user": (0, 1),
    "bpf_probe_read_kernel": (0, 1),
    "bpf_copy_from_user": (0, 1),
    "bpf_skb_load_bytes": (2, 3),
    "bpf_skb_load_bytes_relative": (2, 3),
}
"""Helpers that write all of the memory they are given, zeros where they fail (``kernel/trace/
bpf_trace.c``, ``kernel/bpf/helpers.c``, ``net/core/filter.c``): which argument, and its size.

Not ``bpf_get_current_comm``: Linux 6.1 copies the name only, and leaves what stands behind it."""


def written_whole(
    doc: ssa.Document, types: Types, uses: Uses, fn: ssa.Function, alloc: ssa.Alloc, helper_of: dict[int, str]
) -> bool:
    """Whether a helper writes all of a variable before anything else looks at it, so that
    zeroing it first would be lost work. ``helper_of`` names helpers by function index."""
    size = types.size(types.elem(alloc.type))
    writers = {}
    for b, i in uses.of(alloc.id):
        convert = fn.blocks[b].instrs[i]
        if isinstance(convert, ssa.Convert):
            writers.update(
                {use: (b, i) for use in uses.of(convert.id) if _writes(fn, use, convert.id, size, helper_of)}
            )
    others = {use for use in uses.of(alloc.id) if use not in writers.values()}
    return bool(writers) and not reaches(fn, uses.place[alloc.id], others, set(writers))


def _writes(
    fn: ssa.Function, use: tuple[int, int], number: int, size: int, helper_of: dict[int, str]
) -> bool:
    call = fn.blocks[use[0]].instrs[use[1]]
    if not isinstance(call, ssa.Call) or call.fn >= len(fn.values):
        return False
    target = fn.values[call.fn]
    where = WRITES_WHOLE.get(helper_of.get(target.index, "")) if isinstance(target, ssa.FuncRef) else None
    if where is None or len(call.args) <= where[1] or call.args[where[0]] != number:
        return False
    length = call.args[where[1]]
    constant = fn.values[length] if length < len(fn.values) else None
    return isinstance(constant, ssa.ConstInt) and constant.value == size
