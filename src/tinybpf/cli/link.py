"""``tinybpf link``: what is attached in the kernel, and by what."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import held, messages, places, tables
from tinybpf.cli.plain import plain
from tinybpf.cli.prog import as_json_flag, write_code

if TYPE_CHECKING:
    from tinybpf import LinkInfo

COMMON = ("id", "type", "program_id")
MOST = 16
"""So many elements of a list are shown as text."""


@click.group()
def link() -> None:
    """Links: programs and what they are attached to.

    WHAT is a link's id, the name of its program, or the path of its pin (with a slash). It takes root.
    """


@link.command("list")
@as_json_flag
def list_(as_json: bool) -> None:
    """List all links."""
    found = [each for each in map(_told, tinybpf.links()) if each is not None]
    if as_json:
        messages.write_json(found)
        return
    header = ("id", "type", "target", "program")
    rows = [(str(each["id"]), each["type"].lower(), each["target"], _program(each)) for each in found]
    for line in (
        tables.table(header, rows, right=("id",), shrinks=("target", "program"))
        if rows
        else ["there is no link (programs that are attached without one are not in this list)"]
    ):
        tables.write(line)


@link.command()
@click.argument("what")
@as_json_flag
def show(what: str, as_json: bool) -> None:
    """Show what a link is attached to, with all that the kernel tells of its kind."""
    with held.all_of(held.LINKS, what) as found:
        infos = [opened.info for opened in found]
        told = [
            each | {"target_name": places.name_of(info)}
            for info in infos
            if (each := _told(info)) is not None
        ]
    pins = held.pins_of(held.LINKS)
    for each in told:
        each["pins"] = pins.get(each["id"], [])
    if as_json:
        messages.write_json(told)
        return
    for number, each in enumerate(told):
        tables.write(("\n" if number else "") + tables.bold(f"{each['id']}: {each['target']}"))
        for line in tables.facts(_facts(each)):
            tables.write(line)


@link.command()
@click.argument("what")
@as_json_flag
def dump(what: str, as_json: bool) -> None:
    """Show the instructions of the link's program, as prog dump does."""
    with held.one_of(held.LINKS, what) as found:
        info = found.info
        if not info.program_id:
            raise tinybpf.BpfError(
                f"link {info.id} is that of a map (struct_ops): it has no program of its own"
            )
        with tinybpf.open_program_by_id(info.program_id) as program:
            code = program.disassembly()
    write_code(code, as_json)


@link.command()
@click.argument("what")
@click.argument("path", type=click.Path())
def pin(what: str, path: str) -> None:
    """Pin a link at PATH in a BPF file system: it stays attached."""
    with held.one_of(held.LINKS, what) as found:
        found.pin(path)


@link.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> None:
    """Take the pin at PATH away; the program is detached where nothing else holds the link."""
    opened = tinybpf.open_pinned_link(path)
    try:
        opened.unpin()
    finally:
        opened.destroy()


@link.command()
@click.argument("what")
def detach(what: str) -> None:
    """Detach a link now, whoever holds it or has it pinned.

    The kernel does it for links of cgroups, interfaces (XDP, tcx, netkit), network namespaces and
    struct_ops; others end with the last process and pin that hold them.
    """
    with held.one_of(held.LINKS, what) as found:
        found.detach()


def _told(info: LinkInfo) -> dict[str, Any] | None:
    """The facts with the target in words and the program's name; None where the link is gone."""
    with suppress(tinybpf.NotFoundError):
        opened = tinybpf.open_link_by_id(info.id)
        try:
            target = opened.target
        finally:
            opened.destroy()
        told: dict[str, Any] = plain(info)
        return told | {"target": target, "program": held.LINKS.names(info) or None}
    return None


def _program(told: dict[str, Any]) -> str:
    return f"{told['program_id']} {told['program'] or ''}".rstrip() if told["program_id"] else ""


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    own = {
        name: value
        for name, value in told.items()
        if name not in (*COMMON, "target", "target_name", "program", "pins")
        and value not in (None, "", [], False)
    }
    return [
        ("type", told["type"].lower()),
        ("target", told["target_name"] or ""),
        ("program", _program(told)),
        *((name.replace("_", " "), _words(value)) for name, value in own.items()),
        ("pinned", ", ".join(told["pins"])),
    ]


def _words(value: Any) -> str:
    if isinstance(value, list):
        shown = " ".join(map(str, value[:MOST]))
        return f"{shown} …+{len(value) - MOST}" if len(value) > MOST else shown
    if value is True:
        return "yes"
    return value.lower() if isinstance(value, str) and value.isupper() else str(value)
