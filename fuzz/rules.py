"""The table of rules that features fill in: how an expression, a statement, a declaration is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .generate import Generator
    from .tree import Expr, Stmt
    from .types import Type

Make = Callable[["Generator", "Type", int], "Expr | None"]
Write = Callable[["Generator"], "list[Stmt] | None"]
Declare = Callable[["Generator"], None]


@dataclass(frozen=True)
class ExpressionRule:
    feature: str
    weight: float
    make: Make


@dataclass(frozen=True)
class StatementRule:
    """``effects``: not in functions that must not have any; ``nests``: has blocks of its own."""

    feature: str
    weight: float
    write: Write
    effects: bool
    nests: bool


EXPRESSIONS: dict[str, list[ExpressionRule]] = {}
STATEMENTS: list[StatementRule] = []
DECLARATIONS: list[tuple[int, str, Declare]] = []


def _feature(function: Callable[..., object]) -> str:
    return function.__module__.rpartition(".")[2]


def expression(kind: str, weight: float) -> Callable[[Make], Make]:
    """Registers a way to make an expression of a kind of type; None where it does not fit now."""

    def register(make: Make) -> Make:
        EXPRESSIONS.setdefault(kind, []).append(ExpressionRule(_feature(make), weight, make))
        return make

    return register


def statement(weight: float, *, effects: bool = False, nests: bool = False) -> Callable[[Write], Write]:
    """Registers a way to write one or more statements."""

    def register(write: Write) -> Write:
        STATEMENTS.append(StatementRule(_feature(write), weight, write, effects, nests))
        return write

    return register


def declaration(order: int) -> Callable[[Declare], Declare]:
    """Registers what declares: types have orders from 10, variables from 20, functions from 30."""

    def register(declare: Declare) -> Declare:
        DECLARATIONS.append((order, _feature(declare), declare))
        DECLARATIONS.sort(key=lambda d: d[:2])
        return declare

    return register
