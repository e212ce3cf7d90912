"""``tinybpf map``: the maps that the kernel holds, and what is in them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import held, messages, tables
from tinybpf.cli.plain import plain
from tinybpf.cli.prog import as_json_flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinybpf import BpfMap

INDEXED = (
    "ARRAY_OF_MAPS",
    "CGROUP_ARRAY",
    "CPUMAP",
    "DEVMAP",
    "PROG_ARRAY",
    "REUSEPORT_SOCKARRAY",
    "SOCKMAP",
)
"""Arrays by their nature, which the kernel keeps no types of."""
QUEUES = ("QUEUE", "STACK")
EVENTS = ("RINGBUF", "USER_RINGBUF", "PERF_EVENT_ARRAY")
UNREADABLE = {
    "BLOOM_FILTER": "a bloom filter only tells whether a value may be in it",
    "ARENA": "an arena is memory, which only its program knows the layout of",
    "XSKMAP": "the kernel does not tell the sockets in it",
    "CGROUP_ARRAY": "the kernel does not tell the cgroups in it",
    "STRUCT_OPS": "it holds a struct of functions of the kernel's",
}


@click.group("map")
def map_() -> None:
    """Maps that the kernel holds, whoever made them.

    WHAT is a map's id, its name, or the path of its pin (with a slash). It takes root.
    """


@map_.command("list")
@as_json_flag
def list_(as_json: bool) -> None:
    """List all maps. Sizes are in bytes."""
    found = list(tinybpf.maps())
    if as_json:
        messages.write_json([plain(info) for info in found])
        return
    header = ("id", "type", "name", "key", "value", "entries", "flags", "BTF")
    rows = [
        (
            str(info.id),
            info.type.name.lower(),
            info.name,
            str(info.key_size),
            str(info.value_size),
            str(info.max_entries),
            f"{info.flags:#x}" if info.flags else "",
            str(info.btf_id or ""),
        )
        for info in found
    ]
    right = ("id", "key", "value", "entries", "flags", "BTF")
    for line in (
        tables.table(header, rows, right=right, shrinks=("type", "name")) if rows else ["there is no map"]
    ):
        tables.write(line)


@map_.command()
@click.argument("what")
@as_json_flag
def show(what: str, as_json: bool) -> None:
    """Show what a map is, its types, where it is pinned and which programs use it."""
    with held.all_of(held.MAPS, what) as found:
        told = [_data(map) for map in found]
    pins, users = held.pins_of(held.MAPS), list(tinybpf.programs())
    for each in told:
        each["pins"] = pins.get(each["id"], [])
        each["programs"] = [{"id": p.id, "name": p.name} for p in users if each["id"] in p.map_ids]
    if as_json:
        messages.write_json(told)
        return
    for number, each in enumerate(told):
        tables.write(("\n" if number else "") + tables.bold(f"{each['id']}: {each['name'] or '(no name)'}"))
        for line in tables.facts(_facts(each)):
            tables.write(line)


@map_.command()
@click.argument("what")
@as_json_flag
def dump(what: str, as_json: bool) -> None:
    """Show what is in a map, typed by its BTF: an entry a line, as JSON.

    A value of each CPU is a list. Of package variables the keys are their names. Of a queue or a
    stack only the value is shown that would be taken next; nothing is taken out.
    """
    with held.one_of(held.MAPS, what) as found:
        entries = _entries(found)
        first = next(entries, None)  # errors come before any output
        if as_json:
            _write_document(first, entries)
            return
        while first is not None:
            click.echo(": ".join(json.dumps(part) for part in first.values()))
            first = next(entries, None)


@map_.command()
@click.argument("what")
@click.argument("path", type=click.Path())
def pin(what: str, path: str) -> None:
    """Pin a map at PATH in a BPF file system: it stays there."""
    with held.one_of(held.MAPS, what) as found:
        found.pin(path)


@map_.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> None:
    """Take the pin at PATH away; the map ends where nothing else holds it."""
    with tinybpf.open_pinned_map(path) as found:
        found.unpin(path)


def _entries(found: BpfMap[Any, Any]) -> Iterator[dict[str, Any]]:
    """The entries one after the other, as JSON has them."""
    kind = found.type.name
    if kind in EVENTS:
        raise tinybpf.BpfError(
            f"map '{found.name}' is a {kind}: its events are for the process that reads them"
        )
    if kind in UNREADABLE:
        raise tinybpf.BpfError(f"map '{found.name}' cannot be dumped: {UNREADABLE[kind]}")
    if kind in QUEUES:
        nothing = object()
        value = found.peek(nothing)
        if value is not nothing:
            yield {"value": plain(value)}
        return
    if _section(found):
        yield from _variables(found)
        return
    for key, value in (found.typed(key=int) if kind in INDEXED else found).items():
        yield {"key": plain(key), "value": plain(value)}
        if hasattr(value, "close"):  # a map in a map was opened for us
            value.close()


def _section(found: BpfMap[Any, Any]) -> str:
    """The section of package variables that a map is, as ``.rodata``; empty for all other maps."""
    types = found.types
    if types.btf is None or not types.value:
        return ""
    record = types.btf.record(types.value)
    return record.name if record.kind is tinybpf.BtfKind.DATASEC else ""


def _variables(found: BpfMap[Any, Any]) -> Iterator[dict[str, Any]]:
    """The variables in a map of a section, by name."""
    from tinybpf.libbpf.codec import codec_for

    btf, data = found.types.btf, found.typed(value=bytes)[0]
    assert btf is not None
    for variable in btf.section_vars(_section(found)):
        codec = codec_for(btf, variable.type_id, variable.size)
        value = codec.decode(data[variable.offset : variable.offset + variable.size])
        yield {"key": variable.name, "value": plain(value)}


def _write_document(first: dict[str, Any] | None, rest: Iterator[dict[str, Any]]) -> None:
    """A JSON list with an entry on each line, written as it is read."""
    if first is None:
        click.echo("[]")
        return
    click.echo(f"[\n  {json.dumps(first)}", nl=False)
    for entry in rest:
        click.echo(f",\n  {json.dumps(entry)}", nl=False)
    click.echo("\n]")


def _data(found: BpfMap[Any, Any]) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "type": found.type.name,
        "key_size": found.key_size,
        "value_size": found.value_size,
        "max_entries": found.max_entries,
        "flags": found.flags,
        "key_type": _type_name(found, "btf_key"),
        "value_type": _type_name(found, "btf_value"),
    }


def _type_name(found: BpfMap[Any, Any], which: str) -> str | None:
    with suppress(tinybpf.BpfError):  # BTF of a map may be that of the kernel, or odd
        known = getattr(found, which)
        return known.name if known is not None else None
    return None


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    def sized(which: str) -> str:
        size, name = told[f"{which}_size"], told[f"{which}_type"]
        return (f"{name}, " if name else "") + f"{size} bytes" if size else ""

    return [
        ("type", told["type"].lower()),
        ("key", sized("key")),
        ("value", sized("value")),
        ("entries", str(told["max_entries"])),
        ("flags", f"{told['flags']:#x}" if told["flags"] else ""),
        ("programs", ", ".join(f"{each['id']} {each['name']}" for each in told["programs"])),
        ("pinned", ", ".join(told["pins"])),
    ]
