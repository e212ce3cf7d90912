"""Names that C, BTF and loaders accept, made of Go's; they are an interface and do not change.

* ``Event`` of the package that is compiled stays ``Event``; of an imported package pkg it is
  ``pkg_Event``.
* An instance carries its arguments: ``Pair[int, string]`` is ``Pair_int_string``.
* A method ``T.M`` or ``(*T).M`` is ``T_M``, the function literals in ``f`` are ``f_1``, ``f_2``.
* Letters outside ASCII become ``_u`` and their code point in hexadecimal.
* Where two different things would get one name, the second and later get ``_2``, ``_3``.
"""

from __future__ import annotations

import re

from tinybpf.compiler import ssa

_NOT_LEGAL = re.compile(r"[^A-Za-z0-9_]")
_SEPARATORS = re.compile(r"[\[\](){},.*$#/; ]+")


def legal(name: str) -> str:
    """``name`` with only letters, digits and underscores of ASCII."""
    joined = _SEPARATORS.sub("_", name).strip("_") or "_"
    made = _NOT_LEGAL.sub(lambda m: f"_u{ord(m.group()):04x}", joined)
    return f"_{made}" if made[0].isdigit() else made


def qualified(thing: ssa.Named | ssa.Function | ssa.Global) -> str:
    """The name of a package-level thing; blank identifiers and blanks in names stay legal."""
    made = legal(thing.name) if thing.name != "_" else "_"
    prefix = f"{legal(thing.package)}_" if thing.path else ""
    return made if made.startswith(prefix) else prefix + made


class Names:
    """Gives each key a name of its own."""

    def __init__(self) -> None:
        self._taken: dict[str, object] = {}
        self._given: dict[object, str] = {}

    def give(self, key: object, wanted: str) -> str:
        if key in self._given:
            return self._given[key]
        name, n = wanted, 1
        while name in self._taken:
            n += 1
            name = f"{wanted}_{n}"
        self._taken[name] = key
        self._given[key] = name
        return name
