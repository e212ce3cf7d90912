"""``--set name=value``: a variable of the program, written as text and typed by its BTF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.show.durations import nanoseconds
from tinybpf.show.shape import Group, Leaf, shape_of

if TYPE_CHECKING:
    from tinybpf.libbpf.globals import Globals
    from tinybpf.libbpf.open import OpenObject

SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
PID_NAMES = frozenset(["pid", "tgid", "targetpid", "targettgid"])
"""Knobs that --pid sets, without regard to case and underscores."""

HIDDEN = "ebpf_"  # counters that the typed package keeps


class WrongKnob(BpfError):
    """No such knob, or a value that does not fit it."""


def knobs(variables: Globals) -> list[str]:
    """The names that can be set."""
    return [name for name in variables if not name.startswith(HIDDEN)]


def pid_knob(variables: Globals) -> str | None:
    """The variable that --pid sets, or None."""
    for name in knobs(variables):
        if name.replace("_", "").lower() in PID_NAMES and variables.variable(name).size in (4, 8):
            return name
    return None


def set_all(opened: OpenObject, given: Sequence[str]) -> None:
    """Set what ``name=value`` texts say; `WrongKnob` says which knobs there are."""
    variables, btf = opened.globals, opened.btf
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise WrongKnob(f"--set {text}: give it as name=value{_there(variables)}")
        if btf is None or name not in knobs(variables):
            raise WrongKnob(f"--set {text}: there is no knob '{name}'{_there(variables, name)}")
        variable = variables.variable(name)
        leaf = shape_of(btf, variable.type_id, name)
        try:
            variables[name] = parse(leaf, value)
        except (TypeError, ValueError) as error:
            raise WrongKnob(f"--set {text}: {error}") from None


def _there(variables: Globals, name: str = "") -> str:
    names = knobs(variables)
    if not names:
        return "; the program has none: a package variable that no program writes is one"
    from difflib import get_close_matches

    near = get_close_matches(name, names, 1)
    there = f"; there is: {', '.join(names)}"
    return f" (did you mean '{near[0]}'?){there}" if near else there


def parse(shape: Leaf | Group, text: str) -> Any:
    """The value that a text means for a type; ``ValueError`` where it means none."""
    if isinstance(shape, Group):
        return _json(shape, text, dict)
    form = shape.form
    if form == "bool":
        return _bool(text)
    if form == "float":
        return float(text)
    if form == "enum":
        return _enum(shape, text)
    if form == "ip":
        return _address(shape, text)
    if form == "mac":
        return _bytes(text.replace(":", ""), shape.size)
    if form in ("text", "guess") and shape.size > 1:
        return text
    if form == "hexbytes":
        return _bytes(text.removeprefix("0x"), shape.size)
    if form == "list":
        return _json(shape, text, list)
    if form == "duration" and not _is_number(text):
        return nanoseconds(text)
    if form == "be" and shape.size > 8:
        raise ValueError("it is no number")
    return _int(text)


def _is_number(text: str) -> bool:
    try:
        int(text, 0)
    except ValueError:
        return False
    return True


def _int(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        pass
    if text[-1:].lower() in SIZES and _is_number(text[:-1]):
        return int(text[:-1], 0) * SIZES[text[-1].lower()]
    try:
        return int(text, 10)  # 007
    except ValueError:
        raise ValueError(f"'{text}' is no integer") from None


def _bool(text: str) -> bool:
    word = text.lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off"):
        return False
    raise ValueError(f"'{text}' is neither true nor false")


def _enum(leaf: Leaf, text: str) -> int:
    by_name = dict(leaf.names)
    if text in by_name:
        return by_name[text]
    if _is_number(text):
        return int(text, 0)
    raise ValueError(f"'{text}' is not one of {', '.join(by_name)}")


def _address(leaf: Leaf, text: str) -> Any:
    import socket

    family = socket.AF_INET if leaf.size == 4 else socket.AF_INET6
    try:
        return socket.inet_pton(family, text)
    except OSError:
        raise ValueError(f"'{text}' is no IPv{4 if leaf.size == 4 else 6} address") from None


def _bytes(digits: str, size: int) -> bytes:
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"'{digits}' are no hexadecimal digits") from None
    if len(found) != size:
        raise ValueError(f"{len(found)} bytes given, exactly {size} needed")
    return found


def _json(shape: Leaf | Group, text: str, kind: type) -> Any:
    import json

    example = '{"Field": 1}' if kind is dict else "[1, 2, 3]"
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError(f"'{text}' is no JSON; give it as {example}") from None
    if not isinstance(value, kind):
        raise ValueError(f"give it as {example}")
    return value
