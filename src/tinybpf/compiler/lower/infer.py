"""What types a map's keys, values and events have, found from how the program uses the map."""

from __future__ import annotations

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.kernel.helpers import Helper
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.trace import pointee, pointee_or_variable
from tinybpf.compiler.lower.walk import instructions

_KEY = {
    "bpf_map_lookup_elem": 1,
    "bpf_map_update_elem": 1,
    "bpf_map_delete_elem": 1,
    "bpf_map_lookup_percpu_elem": 1,
}
_VALUE = {
    "bpf_map_update_elem": 2, "bpf_map_push_elem": 1, "bpf_map_pop_elem": 1, "bpf_map_peek_elem": 1,
}  # fmt: skip
_EVENT = {
    "bpf_ringbuf_output": (0, 1),
    "bpf_perf_event_output": (1, 3),
    "bpf_skb_output": (1, 3),
    "bpf_xdp_output": (1, 3),
}
"""Which argument is the map, and which the event."""

_GIVES = {"bpf_map_lookup_elem", "bpf_map_lookup_percpu_elem", "bpf_ringbuf_reserve"}


class Usage(msgspec.Struct):
    """The types seen with one map."""

    keys: set[int] = set()
    values: set[int] = set()
    events: set[int] = set()


def infer(
    points: PointsTo, functions: list[int], helpers: dict[int, Helper], maps: set[int]
) -> dict[int, Usage]:
    """Types by map, of all calls that name the map."""
    found = {m: Usage() for m in maps}
    seen_as = _conversions(points, functions)
    for f in functions:
        for call, callee in points.callees(f):
            helper = helpers.get(callee)
            if helper is not None:
                _call(points, f, call, helper.name, found, seen_as)
    return found


def _conversions(points: PointsTo, functions: list[int]) -> dict[Place, set[int]]:
    """As what type the memory that each call gave out is used."""
    seen: dict[Place, set[int]] = {}
    for f in functions:
        for instr in instructions(points.doc.functions[f]):
            if not (type(instr) is ssa.Convert or type(instr) is ssa.ChangeType):
                continue
            if isinstance(points.types.under(instr.type), ssa.Pointer):
                for place in points.value(f, instr.x):
                    if place.kind == "kernel":
                        seen.setdefault(place, set()).add(points.types.elem(instr.type))
    return seen


def _call(
    points: PointsTo,
    f: int,
    call: ssa.Call,
    name: str,
    found: dict[int, Usage],
    seen_as: dict[Place, set[int]],
) -> None:
    map_arg, event_arg = _EVENT.get(name, (0, None))
    usage = _map_of(points, f, call, map_arg, found)
    if usage is None:
        return
    if name in _KEY and len(call.args) > _KEY[name]:
        usage.keys |= _one(pointee_or_variable(points, f, call.args[_KEY[name]]))
    if name in _VALUE and len(call.args) > _VALUE[name]:
        usage.values |= _one(pointee_or_variable(points, f, call.args[_VALUE[name]]))
    if event_arg is not None and len(call.args) > event_arg:
        usage.events |= _one(pointee_or_variable(points, f, call.args[event_arg]))
    if name in _GIVES:
        types = set(seen_as.get(Place("kernel", f, call.id), ()))
        types |= _one(pointee(points.types, points.uses[f], call.id))
        if name == "bpf_ringbuf_reserve":
            usage.events |= types
        else:
            usage.values |= types


def _map_of(points: PointsTo, f: int, call: ssa.Call, arg: int, found: dict[int, Usage]) -> Usage | None:
    if len(call.args) <= arg:
        return None
    places = [p for p in points.value(f, call.args[arg]) if p.kind == "global"]
    return found.get(places[0].id) if len(places) == 1 else None


def _one(t: int | None) -> set[int]:
    return set() if t is None else {t}


def agreed(points: PointsTo, candidates: set[int], size: int) -> int | None:
    """The one type of that size which all uses agree on."""
    fitting = [t for t in candidates if points.types.size(t) == size and points.types.problem(t) is None]
    return fitting[0] if len(fitting) == 1 and len(candidates) == 1 else None
