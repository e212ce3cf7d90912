"""What the kernel holds, as a command line names it: by its number, its name, or the path of a pin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import click

import tinybpf
from tinybpf.errors import BpfError, NotFoundError

KERNEL_NAME = 15
"""The kernel keeps so many bytes of a name."""
HIGHEST_ID = (1 << 32) - 1
WHAT = "Its id, its name, or the path of a pin (with a slash)."


@dataclass(frozen=True)
class Kind:
    """Programs, maps or links: how all are listed, and how one is opened and closed."""

    word: str
    command: str
    every: Callable[[], Iterator[Any]]
    by_id: Callable[[int], Any]
    by_pin: Callable[[str], Any]
    close: Callable[[Any], None]
    names: Callable[[Any], str] = lambda info: str(info.name)


PROGRAMS = Kind(
    "program",
    "prog",
    lambda: tinybpf.programs(),
    lambda id: tinybpf.open_program_by_id(id),
    lambda path: tinybpf.open_pinned_program(path),
    lambda program: program.close(),
)
MAPS = Kind(
    "map",
    "map",
    lambda: tinybpf.maps(),
    lambda id: tinybpf.open_map_by_id(id),
    lambda path: tinybpf.open_pinned_map(path),
    lambda map: map.close(),
)


def _program_name(link: Any) -> str:
    with suppress(NotFoundError), tinybpf.open_program_by_id(link.program_id) as program:
        return program.name
    return ""


LINKS = Kind(
    "link",
    "link",
    lambda: tinybpf.links(),
    lambda id: tinybpf.open_link_by_id(id),
    lambda path: tinybpf.open_pinned_link(path),
    lambda link: link.destroy(),
    lambda info: _program_name(info) if info.program_id else "",
)


@contextmanager
def all_of(kind: Kind, given: str) -> Iterator[list[Any]]:
    """Those that a word on the command line means, open until the end of the ``with``; at least one."""
    found: list[Any] = []
    try:
        if given.isascii() and given.isdigit():
            found.append(kind.by_id(_number(given)))
        elif "/" in given:
            found.append(kind.by_pin(given))
        else:
            found.extend(_of_name(kind, given))
        if not found:
            raise _unknown(kind, given)
        yield found
    finally:
        for each in found:
            kind.close(each)


@contextmanager
def one_of(kind: Kind, given: str) -> Iterator[Any]:
    """The one that a word on the command line means; an error where it means several."""
    with all_of(kind, given) as found:
        if len(found) > 1:
            ids = ", ".join(str(id_of(kind, each)) for each in found)
            raise BpfError(
                f"there are {len(found)} {kind.word}s of the name '{given}': take the id, of {ids}"
            )
        yield found[0]


def id_of(kind: Kind, opened: Any) -> int:
    """The kernel's number of what was opened."""
    return int(opened.id)


def _number(given: str) -> int:
    if len(given) > 10 or not 0 < int(given) <= HIGHEST_ID:
        raise click.BadParameter(f"ids are from 1 to {HIGHEST_ID}, not {given}")
    return int(given)


def _of_name(kind: Kind, given: str) -> Iterator[Any]:
    if not given:
        raise click.BadParameter(f"give the id, the name or the pin of a {kind.word}")
    for info in kind.every():
        if is_named(kind.names(info), given):
            with suppress(NotFoundError):  # it went meanwhile
                yield kind.by_id(info.id)


def is_named(name: str, given: str) -> bool:
    """Whether a name is the given one, as far as the kernel keeps it."""
    return name == given or (len(name) == KERNEL_NAME and name == given[:KERNEL_NAME])


def _unknown(kind: Kind, given: str) -> NotFoundError:
    from difflib import get_close_matches

    from tinybpf.show.words import clean

    near = get_close_matches(given, {kind.names(info) for info in kind.every()}, 1)
    meant = f"did you mean '{near[0]}'? " if near else ""
    pin = "; a pin in this directory is given with a slash: ./NAME" if os.path.lexists(given) else ""
    return NotFoundError(
        f"there is no {kind.word} of the name '{clean(given)}': "
        f"{meant}tinybpf {kind.command} list has all{pin}"
    )


def pins_of(kind: Kind) -> dict[int, list[str]]:
    """Where the kind's objects are pinned, in all BPF file systems of this mount namespace, by their ids."""
    from tinybpf import system

    found: dict[int, list[str]] = {}
    for mount in sorted(set(system.mounted("bpf"))):
        for directory, _, names in os.walk(mount):
            for name in names:
                path = os.path.join(directory, name)
                with suppress(BpfError):
                    opened = kind.by_pin(path)
                    try:
                        found.setdefault(id_of(kind, opened), []).append(path)
                    finally:
                        kind.close(opened)
    return found
