"""What the settings of an open object's maps and programs share: checks of what is given."""

from __future__ import annotations

from enum import IntEnum
from operator import index
from typing import TYPE_CHECKING, Any, TypeVar

from tinybpf.errors import BpfError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinybpf.libbpf.open import OpenObject

_E = TypeVar("_E", bound=IntEnum)
U32, U64 = (1 << 32) - 1, (1 << 64) - 1


class Settings:
    """One map or program of an object that is open; a misspelt setting is an ``AttributeError``."""

    __slots__ = ("_label", "_name", "_opened", "_raw")
    _kind = ""

    def __init__(self, opened: OpenObject, raw: Any, name: str) -> None:
        self._opened = opened
        self._raw = raw
        self._name = name
        self._label = f"{self._kind} '{name}'"

    @property
    def name(self) -> str:
        """Its name in the object."""
        return self._name

    @property
    def _pointer(self) -> Any:
        """libbpf's object; `BpfError` once it is loaded or closed."""
        self._opened._require()
        return self._opened._handle.within(self._raw)

    def _set(self, what: str, function: Callable[..., int], value: Any) -> None:
        from tinybpf.libbpf._check import attempt

        attempt(f"set {what} of {self._label}", function, self._pointer, value)

    def _wrong(self, what: str, reason: str) -> BpfError:
        return BpfError(f"set {what} of {self._label} failed: {reason}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or isinstance(getattr(type(self), name, None), property):
            super().__setattr__(name, value)
            return
        from difflib import get_close_matches

        known = [known for known, found in _properties(type(self)) if found.fset is not None]
        near = get_close_matches(name, known, 1)
        meant = f"did you mean '{near[0]}'?" if near else f"there is: {', '.join(known)}"
        raise AttributeError(f"a {self._kind} has no setting '{name}'; {meant}")


def _properties(cls: type) -> list[tuple[str, property]]:
    return [(name, found) for name, found in vars(cls).items() if isinstance(found, property)]


def number(what: str, value: Any, most: int = U32, least: int = 0) -> int:
    """``value`` as an integer in the range; a bool is none."""
    if isinstance(value, bool):
        raise TypeError(f"{what} must be an integer, not a bool")
    try:
        found = index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {type(value).__name__}") from None
    if not least <= found <= most:
        raise ValueError(f"{what} must be from {least} to {most}, not {found}")
    return found


def flag(what: str, value: Any) -> bool:
    """``value`` if it is a bool: a word like "no" would count as yes."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be True or False, not {value!r}")
    return value


def member(what: str, kinds: type[_E], value: Any) -> _E:
    """A member of the enum, by itself, by number, or by name in any case."""
    if not isinstance(value, str):
        return kinds(number(what, value))
    try:
        return kinds[value.upper()]
    except KeyError:
        from difflib import get_close_matches

        names = [kind.name.lower() for kind in kinds]
        near = get_close_matches(value.lower(), names, 3) or names
        raise ValueError(
            f"{what}: no {kinds.__name__} is called '{value}'; there is {', '.join(near)}"
        ) from None
