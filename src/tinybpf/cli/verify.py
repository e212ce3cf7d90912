"""``tinybpf verify``: is an object sound, and does this kernel accept its programs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import tinybpf
from tinybpf.cli import messages, tables
from tinybpf.cli.target import object_of
from tinybpf.cli.verdicts import ask
from tinybpf.errors import BpfError

if TYPE_CHECKING:
    from tinybpf.cli.verdicts import Verdict


@click.command()
@click.argument("target", type=click.Path())
@click.option("--kernel", is_flag=True, help="Have this kernel's verifier check the programs, too (root).")
@click.option("--log", is_flag=True, help="Show all that the verifier says; with --kernel.")
@click.option("--json", "as_json", is_flag=True, help="Write it as one JSON document.")
def verify(target: str, kernel: bool, log: bool, as_json: bool) -> int:
    """Check that an object is sound: ELF, BTF, relocations, maps; and what the kernel says of it.

    TARGET is an object of any compiler, the directory of a Go package, or a .go file. With --kernel the
    programs are loaded and let go again: nothing is attached, and nothing is pinned.

    Exit status: 0 where all is well, 1 where something is wrong or refused.
    """
    if log and not kernel:
        raise click.UsageError("--log shows what the kernel's verifier says: give --kernel, too")
    try:
        source = object_of(target)
        told, verdicts = _facts(source), ask(source, log) if kernel else []
    except BpfError as error:
        if not as_json:
            raise
        messages.write_json({"ok": False, "diagnostics": messages.as_data(error), "programs": []})
        return 1
    errors = _different(each.error for each in verdicts)
    if as_json:
        found = [data for why in errors for data in messages.as_data(why)]
        programs = [each.data() | ({"log": each.log} if log else {}) for each in verdicts]
        messages.write_json({"ok": not errors, "diagnostics": found, "programs": programs})
    else:
        tables.write(told)
        _write(verdicts, log)
        for why in errors:
            messages.show_failure(why)
    return 1 if errors else 0


def _facts(source: Any) -> str:
    """What is there, in one line; the errors of an object that is not sound."""
    with tinybpf.open(source) as opened:
        opened.disassembly()
        types = len(opened.btf) if opened.btf is not None else 0
        counted = (
            _many(len(opened.programs), "program"), _many(len(opened.maps), "map"), _many(types, "type"),
        )  # fmt: skip
        return f"{opened.name}: the object is sound: {', '.join(counted)}"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _different(errors: Any) -> list[BpfError]:
    """The errors, those of the same words once: that of a process without rights is the same for all."""
    return list({str(error): error for error in errors if error is not None}.values())


def _write(verdicts: list[Verdict], log: bool) -> None:
    rows = []
    for each in verdicts:
        told = each.data()
        rows.append(
            (
                each.name,
                each.section,
                each.word,
                *("" if told[key] is None else str(told[key]) for key in ("instructions", "states")),
                "+".join(map(str, told["stack"] or ())),
                "" if told["time_us"] is None else f"{told['time_us']}us",
            )
        )
    header = ("program", "section", "verdict", "instructions", "states", "stack", "time")
    right = ("instructions", "states", "stack", "time")
    if rows:
        tables.write("")
        for line in tables.table(header, rows, right=right, shrinks=("program", "section")):
            tables.write(line)
    for each in verdicts if log else ():
        tables.write("\n" + tables.bold(f"{each.name}:"))
        tables.write(each.log.rstrip("\n") or "(nothing)")
