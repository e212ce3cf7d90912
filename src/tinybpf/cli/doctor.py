"""``tinybpf doctor``: what this machine can do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tinybpf.cli import messages

if TYPE_CHECKING:
    from tinybpf.doctor import Kind, Report

NARROWEST = 40
TITLES = {"kernel": "Kernel", "process": "This process", "places": "File systems", "tinybpf": "tinybpf"}
MARKS = {
    "ok": ("✓", "+", "green"),
    "info": ("·", "-", None),
    "warn": ("!", "!", "yellow"),
    "bad": ("✗", "x", "red"),
}
COMPILER = ("llvm", "front end")  # not what loads and attaches
LEVELS = {"works": "ok", "loads": "warn", "forbidden": "warn", "missing": "info", "unknown": "info"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write everything that was found as one JSON document.")
def doctor(as_json: bool) -> int:
    """Say what this machine can do with eBPF, and what to do about what it cannot.

    Each kind of program and map is really tried; nothing is attached, and nothing is left behind.
    Works without root, and says what root would add.

    Exit status: 0 if at least one kind of program can be loaded and attached, 1 if none can.
    """
    from tinybpf.doctor import examine

    report = examine()
    if as_json:
        import json

        click.echo(json.dumps(report.as_dict(), indent=2))
    else:
        _Page().write(report)
    return 0 if report.useful else 1


class _Page:
    """Standard output: how wide it is, and what can be shown there."""

    def __init__(self) -> None:
        self.color = messages.wants_color(sys.stdout)
        self.width = _width()
        self.plain = not _shows("✓✗·→")
        self._told: set[str] = set()

    def write(self, report: Report) -> None:
        names = [check.name for checks in report.sections.values() for check in checks]
        label = max(len(name) for name in (*names, *LEVELS))
        for name, checks in report.sections.items():
            if checks:
                self.title(TITLES.get(name, name))
                for check in checks:
                    self.line(check.level.value, check.name, label, check.text, check.advice)
        for title, kinds in (("Programs", report.programs), ("Maps", report.maps)):
            if kinds:
                self.title(title)
                self.kinds(kinds, label)
        click.echo()
        self.verdict(report)

    def title(self, text: str) -> None:
        click.echo(("" if text == TITLES["kernel"] else "\n") + self.styled(text, bold=True))

    def kinds(self, kinds: list[Kind], label: int) -> None:
        """Those of one state and reason share a line."""
        groups: dict[tuple[str, str, str], list[str]] = {}
        for kind in kinds:
            key = (kind.ability.value, kind.reason or "", kind.advice or "")
            groups.setdefault(key, []).append(kind.name)
        order = list(LEVELS)
        for (ability, reason, advice), names in sorted(
            groups.items(), key=lambda item: order.index(item[0][0])
        ):
            text = ", ".join(names) + (f": {reason}" if reason else "")
            self.line(LEVELS[ability], ability, label, text, advice)

    def line(self, level: str, name: str, label: int, text: str, advice: str | None) -> None:
        mark, ascii_mark, color = MARKS[level]
        mark = self.styled(ascii_mark if self.plain else mark, fg=color)
        below = 0 < self.width < NARROWEST + label
        indent = 4 if below else label + 4
        rows = self.wrapped(text, indent)
        if below:
            click.echo(f"{mark} {name}")
            click.echo("".join(f"    {row}\n" for row in rows), nl=False)
        else:
            click.echo(f"{mark} {name:{label}}  {rows[0]}")
            click.echo("".join(f"{' ' * indent}{row}\n" for row in rows[1:]), nl=False)
        arrow = "->" if self.plain else "→"
        if not advice or advice in self._told:
            return
        self._told.add(advice)
        for number, row in enumerate(self.wrapped(advice, indent + len(arrow) + 1)):
            lead = arrow if not number else " " * len(arrow)
            click.echo(" " * indent + self.styled(f"{lead} {row}", fg=color if level != "info" else None))

    def verdict(self, report: Report) -> None:
        working = [kind for kind in report.programs if kind.ability.value == "works"]
        if report.useful:
            text = f"{len(working)} of {len(report.programs)} kinds of programs can be used here."
            level = "ok"
        else:
            checks = [check for found in report.sections.values() for check in found]
            reasons = [check for check in checks if check.level.value == "bad" and check.name not in COMPILER]
            why = "; ".join(f"{check.name}: {check.text}" for check in reasons)
            text = "No program can be loaded and attached here" + (f" ({why})." if why else ".")
            level = "bad"
        mark, ascii_mark, color = MARKS[level]
        rows = self.wrapped(text, 2)
        click.echo(self.styled(ascii_mark if self.plain else mark, fg=color) + " " + rows[0])
        for row in rows[1:]:
            click.echo(f"  {row}")

    def wrapped(self, text: str, indent: int) -> list[str]:
        """The text in rows; words longer than a row (paths, commands) stay whole."""
        import textwrap

        if self.plain:
            text = text.replace("…", "...")
        if self.width == 0:
            return [text]
        room = max(self.width - indent, 20)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]

    def styled(self, text: str, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if self.color else text


def _width() -> int:
    """Columns of the terminal; 0 in a pipe, where lines stay whole for grep, unless COLUMNS is set."""
    import os
    import shutil

    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return max(shutil.get_terminal_size().columns, NARROWEST // 2)
    return 0


def _shows(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
