"""Going over a function's blocks and values."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import (
    Uses,
    block_order,
    callees,
    instructions,
    operands,
    reaches,
    repeats_without,
)  # fmt: skip

SOURCE = """
func g(n int32) int32 { return n }

func f(n int32) int32 {
	sum := int32(0)
	for i := int32(0); i < n; i++ {
		x := i
		if x == 3 {
			continue
		}
		sum += g(x)
	}
	return sum
}
"""


@pytest.fixture(scope="module")
def pkg(package: Callable[[str], Any]) -> Any:
    return package(SOURCE)


@pytest.fixture(scope="module")
def f(pkg: Any) -> ssa.Function:
    found: ssa.Function = pkg.doc.functions[pkg.function("f")]
    return found


def test_every_kind_of_operand_is_known() -> None:
    """Each field of an instruction that names a value is among its operands."""
    names = {"x", "y", "fn", "args", "edges", "bindings", "len", "cap", "low", "high", "max", "index",
             "iter", "tuple", "cond", "results", "addr", "value"}  # fmt: skip
    for kind in typing.get_args(ssa.Instruction):
        fields = [
            n for n in kind.__struct_fields__ if n in names and not (kind is ssa.Extract and n == "index")
        ]
        given = {n: [100 + i] if n in ("args", "edges", "bindings", "results") else 100 + i
                 for i, n in enumerate(fields)}  # fmt: skip
        rest = {
            n: {
                "id": 1,
                "type": 2,
                "pos": ssa.NO_POS,
                "operator": "+",
                "field": 0,
                "asserted": 0,
                "index": 0,
            }[n]
            for n in kind.__struct_fields__
            if n in ("id", "type", "pos", "operator", "field", "asserted")
            or (kind is ssa.Extract and n == "index")
        }
        assert sorted(operands(kind(**given, **rest))) == [100 + i for i in range(len(fields))], kind


def test_block_order_has_dominators_first(f: ssa.Function) -> None:
    order = block_order(f)
    assert order[0] == 0 and sorted(order) == list(range(len(f.blocks)))
    uses = Uses(f)
    for b in order:
        for instr in f.blocks[b].instrs:
            for x in operands(instr):
                if x in uses.place and not isinstance(instr, ssa.Phi):
                    assert order.index(uses.place[x][0]) <= order.index(b)


def test_loops(pkg: Any, f: ssa.Function) -> None:
    place = Uses(f).place
    total, turn = place[pkg.variable("f", "sum").id][0], place[pkg.variable("f", "x").id][0]
    assert repeats_without(f, turn, total)
    assert not repeats_without(f, turn, turn)
    assert not repeats_without(f, total, turn)


def test_reaches(pkg: Any, f: ssa.Function) -> None:
    uses = Uses(f)
    total = pkg.variable("f", "sum").id
    reads = {(b, i) for b, i in uses.of(total) if isinstance(f.blocks[b].instrs[i], ssa.UnOp)}
    writes = {(b, i) for b, i in uses.of(total) if isinstance(f.blocks[b].instrs[i], ssa.Store)}
    assert reaches(f, uses.place[total], reads, set())
    assert not reaches(f, uses.place[total], reads, writes), "it is given a value before it is read"


def test_callees(pkg: Any, f: ssa.Function) -> None:
    assert [callee for _, callee in callees(f)] == [pkg.function("g")]


def test_uses(f: ssa.Function) -> None:
    uses = Uses(f)
    for instr in instructions(f):
        for x in operands(instr):
            assert any(f.blocks[b].instrs[i] is instr for b, i in uses.of(x))
