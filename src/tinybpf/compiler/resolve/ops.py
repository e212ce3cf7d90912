"""What the document cannot say and the lowering has to know: instructions, values, ways out of a panic."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from tinybpf.compiler import ssa

CLOSURE = "func value"
"""The name of the structs that hold what a function value captures."""

DEFERRED, CALLBACK, CAPTURES = "defer value", "callback value", "captured values"
BOXED = "boxed value"
"""The comments of variables that are made here; no name in Go has a space."""

INTERFACE = "interface"
"""The tag of the first field of the structs that interfaces become."""


class FuncId(ssa.Node, tag_field="kind", tag="FuncId"):
    """A function value that captures nothing: a small number."""

    type: int
    value: int


class TypeIs(ssa.Unary, tag="TypeIs"):
    """Whether ``x``, the first word of an interface, is one of ``ids``."""

    ids: tuple[int, ...]


class Choose(ssa.Unary, tag="Choose"):
    """``x`` where ``cond`` holds, else the zero value; of what fits a register."""

    cond: int


class LoadIf(ssa.Unary, tag="LoadIf"):
    """What ``x`` points to where ``cond`` holds, else the zero value."""

    cond: int


class Captured(ssa.Unary, tag="Captured"):
    """The address of what a function value captures, known to be one by now.

    LLVM must not see that it was one of several: of a choice of a number and an address it makes one of the
    places after each, of which the verifier no longer knows which it is.
    """


class Require(ssa.Done, tag="Require"):
    """A panic unless ``cond`` holds: of a type assertion, or else of a nil interface."""

    cond: int
    asserts: bool = False


class PanicOn(ssa.Done, tag="PanicOn"):
    """The end of the calls that were deferred when a panic came: it goes on."""


class Poison(ssa.Made, tag="Poison"):
    """The result of an instruction that was refused."""


class Function(ssa.Function):
    """``handlers``: by block, the block where a panic in it goes on; elsewhere it ends the function."""

    handlers: dict[int, int] = {}  # noqa: RUF012


def handlers(fn: ssa.Function) -> dict[int, int]:
    return fn.handlers if isinstance(fn, Function) else {}
