"""A program as a tree that can be written as Go, cut down, and written again.

Names of package level hold ``SERIAL``, which is replaced by the program's number when it is written:
programs of one batch share a package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

from .types import Type

SERIAL = "§"

Part = Union[str, "Expr", "Block"]


@dataclass
class Expr:
    """An expression: text and operands, its type, and whether Go takes it for a constant."""

    type: Type
    parts: list[Part]
    constant: bool = False

    def __str__(self) -> str:
        return text(self.parts)


@dataclass
class Stmt:
    """A statement or declaration. Text may have newlines; a ``kept`` one is never taken out whole."""

    parts: list[Part]
    kept: bool = False

    def __str__(self) -> str:
        return text(self.parts)


@dataclass
class Block:
    """Statements between braces, or after a ``case``."""

    statements: list[Stmt] = field(default_factory=list)
    braces: bool = True


def text(parts: list[Part], depth: int = 0) -> str:
    """The parts as Go, with tabs for a block that is ``depth`` deep."""
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part.replace("\n", "\n" + "\t" * depth))
        elif isinstance(part, Expr):
            written.append(text(part.parts, depth))
        else:
            written.append(_block(part, depth))
    return "".join(written)


def _block(block: Block, depth: int) -> str:
    indent = "\n" + "\t" * (depth + 1)
    body = "".join(indent + text(s.parts, depth + 1) for s in block.statements)
    return "{" + body + "\n" + "\t" * depth + "}" if block.braces else body


def e(t: Type, *parts: Part, constant: bool | None = None) -> Expr:
    """An expression; it is constant where all its operands are."""
    if constant is None:
        operands = [p for p in parts if isinstance(p, Expr)]
        constant = bool(operands) and all(p.constant for p in operands)
    return Expr(t, list(parts), constant)


def s(*parts: Part, kept: bool = False) -> Stmt:
    return Stmt(list(parts), kept)


def joined(items: list[Expr], by: str = ", ") -> list[Part]:
    """The expressions with text between them."""
    parts: list[Part] = []
    for n, item in enumerate(items):
        parts += [by, item] if n else [item]
    return parts


@dataclass
class Program:
    """Declarations, of which the last is the function ``run`` that takes parameters of these types.

    ``state`` are package variables (names, types, initial values) whose values count.
    """

    declarations: list[Stmt] = field(default_factory=list)
    parameters: list[Type] = field(default_factory=list)
    state: list[tuple[str, Type, str]] = field(default_factory=list)

    def source(self, serial: str = "") -> str:
        """The declarations as Go, without the package clause."""
        return "\n".join(text(d.parts) for d in self.declarations).replace(SERIAL, serial) + "\n"


def blocks(program: Program) -> Iterator[Block]:
    """All blocks, the outer before the inner."""

    def of(parts: list[Part]) -> Iterator[Block]:
        for part in parts:
            if isinstance(part, Block):
                yield part
                for statement in part.statements:
                    yield from of(statement.parts)
            elif isinstance(part, Expr):
                yield from of(part.parts)

    for declaration in program.declarations:
        yield from of(declaration.parts)


PACKAGES = {
    "unsafe": "unsafe", "bits": "math/bits", "atomic": "sync/atomic", "binary": "encoding/binary",
    "cmp": "cmp", "slices": "slices", "bytes": "bytes", "strings": "strings", "utf8": "unicode/utf8",
}  # fmt: skip
_USED = re.compile(rf"\b({'|'.join(PACKAGES)})\.[A-Z]")


def imports(source: str) -> list[str]:
    """The import declarations of what the source uses."""
    return [f'import "{PACKAGES[name]}"' for name in sorted(set(_USED.findall(source)))]
