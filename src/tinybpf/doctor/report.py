"""What an examination found, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Level(str, Enum):
    """How much a line matters."""

    OK = "ok"
    INFO = "info"  # worth knowing; nothing to be done
    WARN = "warn"  # something will not work
    BAD = "bad"  # nothing, or nearly nothing, will work


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, how it is, and what to do about it.

    ``facts`` are the numbers and names behind the words.
    """

    name: str
    level: Level
    text: str
    advice: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Ability(str, Enum):
    """What can be done with a kind of program."""

    WORKS = "works"
    LOADS = "loads"  # but cannot be attached
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Kind:
    """A kind of program or a type of map, and whether it can be used here.

    ``since`` is the version of Linux that brought it, ``needs`` the capabilities that it takes.
    """

    name: str
    type: str
    ability: Ability
    since: str
    needs: tuple[str, ...]
    errno: int = 0
    reason: str | None = None
    advice: str | None = None


@dataclass(frozen=True)
class Report:
    """All that was found. ``useful`` is whether a program can be loaded and attached here."""

    useful: bool
    sections: dict[str, list[Check]]
    programs: list[Kind]
    maps: list[Kind]

    def as_dict(self) -> dict[str, Any]:
        """The report as what JSON has: dicts, lists, text, numbers."""
        return {
            "useful": self.useful,
            "sections": {
                name: {check.name: _plain(check) for check in checks}
                for name, checks in self.sections.items()
            },
            "programs": {kind.name: _plain(kind) for kind in self.programs},
            "maps": {kind.name: _plain(kind) for kind in self.maps},
        }


def _plain(item: Check | Kind) -> dict[str, Any]:
    found = asdict(item)
    del found["name"]
    return {key: value.value if isinstance(value, Enum) else value for key, value in found.items()}


def run_checks(checks: dict[str, Callable[[], Check]]) -> list[Check]:
    """The result of each; one that fails on an odd system is a line that says so."""
    found = []
    for name, check in checks.items():
        try:
            found.append(check())
        except Exception as error:
            found.append(Check(name, Level.INFO, f"unknown: {type(error).__name__}: {error}"))
    return found
