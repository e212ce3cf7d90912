"""The maps that a package declares: variables of a ``bpfMapDef`` struct, or of package ebpf's map types."""

from __future__ import annotations

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.initial import Image
from tinybpf.compiler.kernel import maps
from tinybpf.compiler.lower.names import legal
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import Types

MAP_STRUCT = "bpfMapDef"
PIN_BY_NAME = 1
_FIELDS = {
    name.lower(): name
    for name in ("Type", "KeySize", "ValueSize", "MaxEntries", "MapFlags", "Pinning", "InnerMapFd")
}


class MapDefinition(msgspec.Struct, frozen=True):
    """A map as the source defines it; sizes in bytes."""

    variable: int
    name: str
    kind: maps.MapType
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    pinning: int
    shape: typed.Shape | None = None
    """The types that a map of package ``ebpf`` has; None of any other."""


def is_map(types: Types, variable: ssa.Global) -> bool:
    t = types[variable.type]
    return typed.is_map(types.table, variable.type) or (
        isinstance(t, ssa.Named)
        and MAP_STRUCT in t.name
        and isinstance(types.under(variable.type), ssa.Struct)
    )


def read_map(doc: ssa.Document, types: Types, index: int, image: Image | None) -> MapDefinition:
    """The definition that a ``bpfMapDef`` variable holds; ``Refused`` where it can't be one."""
    variable = doc.globals[index]
    pos = variable.pos
    if image is None:
        raise Refused(
            pos, f"map {variable.name}: its definition is not constant", "use constants for all fields"
        )
    if typed.is_map(types.table, variable.type):
        return _typed_map(types, index, variable, image)
    values = {
        f.name.lower(): image.integer(f.offset, types.size(f.type))
        for f in types.struct(variable.type).fields
    }
    unknown = [f.name for f in types.struct(variable.type).fields if f.name.lower() not in _FIELDS]
    if unknown:
        raise Refused(
            pos,
            f"map {variable.name}: unknown field {unknown[0]} in {types.string(variable.type)}",
            f"the fields are {', '.join(_FIELDS.values())}",
        )
    kind = maps.map_type(values.get("type", 0))
    if kind is None:
        raise Refused(
            pos,
            f"map {variable.name}: no map type has the number {values.get('type', 0)}",
            "see BPF_MAP_TYPE_ in linux/bpf.h; a hash map is 1",
        )
    pinning = values.get("pinning", 0)
    if pinning not in (0, PIN_BY_NAME):
        raise Refused(pos, f"map {variable.name}: Pinning {pinning} is not known", "0 is none, 1 is by name")
    made = MapDefinition(
        index, legal(variable.name), kind, values.get("keysize", 0), values.get("valuesize", 0),
        values.get("maxentries", 0), values.get("mapflags", 0), pinning,
    )  # fmt: skip
    problem = maps.check(kind, made.key_size, made.value_size, made.max_entries, made.flags)
    if problem:
        raise Refused(
            pos, f"map {variable.name}: {problem}", _size_hint(problem, "bpfMapDef{…, MaxEntries: 1024}")
        )
    return made


def _size_hint(problem: str, example: str) -> str | None:
    """How to say what a definition lacks."""
    if "its size in bytes" in problem:
        return f"a power of two, such as {example}"
    if "MaxEntries" in problem and "need" in problem:
        return f"how many entries it has room for, such as {example}"
    if "need a KeySize" in problem or "need a ValueSize" in problem:
        return "in bytes, such as 4 for a uint32; unsafe.Sizeof gives that of a struct"
    if "BPF_F_NO_PREALLOC" in problem:
        return "write MapFlags: 1"
    return None


def _typed_map(types: Types, index: int, variable: ssa.Global, image: Image) -> MapDefinition:
    """A map of package ebpf: its types are the type arguments, its options the fields."""
    pos, table = variable.pos, types.table
    options = {
        f.name: image.integer(f.offset, types.size(f.type))
        for f in types.struct(variable.type).fields
        if types.is_int(f.type)
    }
    shape = typed.shape(table, variable.type)
    t = types[variable.type]
    assert isinstance(t, ssa.Named)
    for n, argument in enumerate(t.args):
        what = "event" if shape.kind.events else "key" if n == 0 and len(t.args) == 2 else "value"
        problem = types.problem(argument)
        if problem:
            raise Refused(pos, f"map {variable.name}: its {what} type {types.string(argument)}: {problem}")
        address = typed.pointer_in(table, argument)
        if address:
            raise Refused(
                pos,
                f"map {variable.name}: its {what} type {types.string(argument)} holds an address "
                f"({address}), which means nothing outside of the program",
                "use an array such as [16]byte"
                if address == "string"
                else "keep the value itself, or a number of your own",
            )
        if not types.size(argument):
            raise Refused(
                pos,
                f"map {variable.name}: its {what} type {types.string(argument)} has no bytes",
                "use bool or uint8 where only the presence counts",
            )
    flags, pinning = options.get("Flags", 0) | shape.kind.flags, options.get("Pin", 0)
    if pinning not in (0, PIN_BY_NAME):
        raise Refused(pos, f"map {variable.name}: Pin {pinning} is not known", "there is ebpf.PinByName")
    made = MapDefinition(
        index, legal(variable.name), shape.kind, shape.key_size, shape.value_size,
        options.get("MaxEntries", 0), flags, pinning, shape,
    )  # fmt: skip
    problem = maps.check(shape.kind, made.key_size, made.value_size, made.max_entries, made.flags)
    if problem:
        example = f"{t.name}[…]{{MaxEntries: {4096 if shape.kind.events else 1024}}}"
        raise Refused(pos, f"map {variable.name}: {problem}", _size_hint(problem, f"ebpf.{example}"))
    return made
