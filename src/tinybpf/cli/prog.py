"""``tinybpf prog``: the programs that the kernel holds."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import held, messages, tables
from tinybpf.cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tinybpf import CodeLine, ProgramInfo

INSTRUCTION = 8
as_json_flag = click.option("--json", "as_json", is_flag=True, help="Write it as one JSON document.")


@click.group()
def prog() -> None:
    """Programs that the kernel holds, whoever loaded them.

    WHAT is a program's id, its name, or the path of its pin (with a slash). It takes root.
    """


@prog.command("list")
@as_json_flag
def list_(as_json: bool) -> None:
    """List all programs."""
    found = list(tinybpf.programs())
    if as_json:
        messages.write_json([data(info) for info in found])
        return
    header = ("id", "type", "name", "tag", "instructions", "uid", "maps")
    rows = [
        (
            str(info.id),
            info.type.name.lower(),
            info.name,
            info.tag,
            str(info.xlated_size // INSTRUCTION),
            str(info.uid),
            " ".join(map(str, info.map_ids)),
        )
        for info in found
    ]
    shrinks = ("type", "name", "maps")
    for line in (
        tables.table(header, rows, right=("id", "instructions", "uid"), shrinks=shrinks)
        if rows
        else ["no program is loaded"]
    ):
        tables.write(line)


@prog.command()
@click.argument("what")
@as_json_flag
def show(what: str, as_json: bool) -> None:
    """Show what the kernel knows of a program, where it is pinned and attached."""
    with held.all_of(held.PROGRAMS, what) as found:
        infos = [program.info for program in found]
    pins, links = held.pins_of(held.PROGRAMS), _links()
    names = {info.id: info.name for info in tinybpf.maps()}
    if as_json:
        messages.write_json(
            [
                data(info) | {"pins": pins.get(info.id, []), "link_ids": links.get(info.id, [])}
                for info in infos
            ]
        )
        return
    for number, info in enumerate(infos):
        tables.write(("\n" if number else "") + tables.bold(f"{info.id}: {info.name or '(no name)'}"))
        for line in tables.facts(_facts(info, pins.get(info.id, []), links.get(info.id, []), names)):
            tables.write(line)


@prog.command()
@click.argument("what")
@as_json_flag
def dump(what: str, as_json: bool) -> None:
    """Show the instructions as the verifier left them, below the source lines they come from."""
    with held.one_of(held.PROGRAMS, what) as program:
        code = program.disassembly()
    write_code(code, as_json)


@prog.command()
@click.argument("what")
@click.argument("path", type=click.Path())
def pin(what: str, path: str) -> None:
    """Pin a program at PATH in a BPF file system: it stays loaded."""
    with held.one_of(held.PROGRAMS, what) as program:
        program.pin(path)


@prog.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> None:
    """Take the pin at PATH away; the program ends where nothing else holds it."""
    with tinybpf.open_pinned_program(path) as program:
        program.unpin(path)


def data(info: ProgramInfo) -> dict[str, Any]:
    """The facts as JSON has them; a program of the kernel has no section."""
    told = plain(info)
    del told["section"]
    return dict(told)


def moment(seconds: float | None) -> str:
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def write_code(code: Iterable[CodeLine], as_json: bool) -> None:
    """The instructions as ``dump`` shows them."""
    if as_json:
        messages.write_json([line_data(line) for line in code])
        return
    for text in listing(code):
        tables.write(text)


def listing(code: Iterable[CodeLine]) -> list[str]:
    """Functions, lines of the source, and below each the instructions that were made of it."""
    from tinybpf.show.words import clean

    lines: list[str] = []
    function, source = None, None
    for line in code:
        if line.function != function:
            function, source = line.function, None
            lines.append(tables.bold(f"{clean(line.function)}:"))
        if line.source is not None and line.source != source:
            source = line.source
            lines.append(click.style(f"; {clean(str(source))}", fg="cyan"))
        lines.append(str(line))
    return lines


def line_data(line: CodeLine) -> dict[str, Any]:
    """An instruction as JSON has it."""
    at = line.source
    return {
        "number": line.number,
        "code": line.instruction.code.hex(),
        "text": line.text,
        "target": line.instruction.target,
        "function": line.function,
        "source": at and {"path": at.path, "line": at.line, "column": at.column, "text": at.text},
    }


def _links() -> dict[int, list[int]]:
    """The links of each program, by the program's id; none where the kernel has no list (before 5.8)."""
    found: dict[int, list[int]] = {}
    with suppress(tinybpf.BpfError):
        for link in tinybpf.links():
            found.setdefault(link.program_id, []).append(link.id)
    return found


def _facts(
    info: ProgramInfo, pins: list[str], links: list[int], names: dict[int, str]
) -> list[tuple[str, str]]:
    from tinybpf.show.words import duration

    runs = f"{info.run_count}, {duration(info.run_time_ns)} in all" if info.run_count else ""
    jited = f", {info.jited_size} bytes of machine code" if info.jited_size else ""
    when = moment(info.loaded_at)
    return [
        ("type", info.type.name.lower()),
        ("tag", info.tag),
        ("licence", "GPL" if info.gpl else "not GPL"),
        ("size", f"{info.xlated_size // INSTRUCTION} instructions{jited}"),
        ("verified", f"{info.verified_instructions} steps" if info.verified_instructions else ""),
        ("loaded", f"{when} by user {info.uid}" if when else f"by user {info.uid}"),
        ("maps", ", ".join(f"{id} {names.get(id, '')}".rstrip() for id in info.map_ids)),
        ("links", ", ".join(map(str, links))),
        ("pinned", ", ".join(pins)),
        ("BTF", str(info.btf_id) if info.btf_id else ""),
        ("runs", runs),
        ("missed", f"{info.recursion_misses}, as it was running" if info.recursion_misses else ""),
    ]
