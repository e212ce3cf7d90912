"""``tinybpf inspect``: what is in an object; nothing is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import messages, tables
from tinybpf.cli.plain import plain
from tinybpf.cli.prog import line_data, listing
from tinybpf.cli.target import object_of, size_of

if TYPE_CHECKING:
    from tinybpf import OpenObject


@click.command()
@click.argument("target", type=click.Path())
@click.option("--code", is_flag=True, help="Show the instructions, too, below the source they come from.")
@click.option("--json", "as_json", is_flag=True, help="Write it as one JSON document.")
def inspect(target: str, code: bool, as_json: bool) -> None:
    """Show what is in an object: programs, sections, maps, types, variables, instructions.

    TARGET is an object of any compiler, the directory of a Go package, or a .go file. Nothing is loaded: it
    takes neither root nor a kernel with BPF.
    """
    source = object_of(target)
    with tinybpf.open(source) as opened:
        told = _data(opened, size_of(source))
        lines = list(opened.disassembly()) if code else []
    if as_json:
        messages.write_json(told | ({"code": [line_data(line) for line in lines]} if code else {}))
        return
    _write(told)
    if lines:
        tables.write("")
        for text in listing(lines):
            tables.write(text)


def _data(opened: OpenObject, size: int) -> dict[str, Any]:
    from tinybpf.cli.typenames import Types

    types = Types(opened.btf)
    of_maps = types.maps()
    return {
        "name": opened.name,
        "size": size,
        "license": opened.license,
        "programs": [
            {"name": p.name, "section": p.section, "type": p.type.name, "instructions": p.instructions}
            for p in opened.programs.values()
        ],
        "sections": [{"name": name, "size": bytes_} for name, bytes_ in opened.sections.items()],
        "maps": [
            {
                "name": m.name,
                "type": m.type.name,
                "key_size": m.key_size,
                "value_size": m.value_size,
                "max_entries": m.max_entries,
                "flags": m.flags,
                "pin_path": m.pin_path,
                **dict.fromkeys(("key_type", "value_type", "event_type")),
                **of_maps.get(m.name, {}),
            }
            for m in opened.maps.values()
        ],
        "variables": [_variable(opened, name, types) for name in opened.globals],
        "types": types.visible(),
    }


def _variable(opened: OpenObject, name: str, types: Any) -> dict[str, Any]:
    variable = opened.globals.variable(name)
    try:
        value = plain(opened.globals[name])
    except tinybpf.BpfError:  # of a type that there are no values of
        value = None
    return {
        "name": name,
        "section": variable.section,
        "type": types.name(variable.type_id),
        "size": variable.size,
        "value": value,
    }


def _write(told: dict[str, Any]) -> None:
    licence = f"licence {told['license']}" if told["license"] else "no licence"
    tables.write(tables.bold(f"{told['name'] or '(no name)'}: {told['size']} bytes, {licence}"))
    _block(
        ("program", "section", "type", "instructions"),
        [(p["name"], p["section"], p["type"].lower(), str(p["instructions"])) for p in told["programs"]],
    )
    _block(
        ("map", "type", "key", "value or event", "entries"),
        [
            (
                m["name"],
                m["type"].lower(),
                _sized(m["key_type"], m["key_size"]),
                m["event_type"] or _sized(m["value_type"], m["value_size"]),
                str(m["max_entries"]),
            )
            for m in told["maps"]
        ],
    )
    _block(
        ("variable", "section", "type", "bytes", "value"),
        [(v["name"], v["section"], v["type"], str(v["size"]), _value(v["value"])) for v in told["variables"]],
    )
    for each in told["types"]:
        tables.write(f"\n{each['kind']} {tables.bold(each['name'])}: {each['size']} bytes")
        for row in each["fields"]:
            tables.write(f"  {row['offset']:5}  {row['name']}: {row['type']}")
    _block(("elf section", "bytes"), [(s["name"], str(s["size"])) for s in told["sections"]])


def _block(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if rows:
        tables.write("")
        shrinks = (*header[:2], "value or event", "value")
        right = ("instructions", "entries", "bytes")
        for line in tables.table(header, rows, right=right, shrinks=shrinks):
            tables.write(line)


def _sized(name: str | None, size: int) -> str:
    return f"{name} ({size})" if name and size else str(size or "-")


def _value(value: Any) -> str:
    import json

    return "" if value is None else json.dumps(value, ensure_ascii=False)
