"""Widths, problems, the bytes that ``==`` compares, and which types hold addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler.lower.types import Region

SOURCE = """
type inner struct {
	a uint8
	_ uint8
	b uint16
}

type padded struct {
	a uint8
	b uint32
}

type gaps struct {
	a    uint32
	_    uint32
	list [2]padded
	end  uint64
}

type list struct {
	n    int32
	next *list
}

type named [3]inner

var (
	vInt      int
	vInt8     int8
	vUint16   uint16
	vUintptr  uintptr
	vBool     bool
	vPointer  unsafe.Pointer
	vInner    inner
	vPadded   padded
	vGaps     gaps
	vNamed    named
	vEmpty    struct{}
	vBytes    [16]byte
	vList     list
	vSlice    []int32
	vFloat    struct{ x [2]float32 }
	vString   string
	vMap      *struct{ m map[int]int }
	vFunc     func()
	vAny      any
	vChannel  chan int
)
"""


@pytest.fixture(scope="module")
def pkg(package: Callable[[str], Any]) -> Any:
    return package(SOURCE)


@pytest.mark.parametrize(
    ("name", "ir", "in_memory", "signed"),
    [
        ("vInt", "i64", "i64", True),
        ("vInt8", "i8", "i8", True),
        ("vUint16", "i16", "i16", False),
        ("vUintptr", "i64", "i64", False),
        ("vBool", "i1", "i8", False),
        ("vPointer", "ptr", "ptr", False),
    ],
)
def test_register_forms(pkg: Any, name: str, ir: str, in_memory: str, signed: bool) -> None:
    t = pkg.type(name)
    assert (pkg.types.ir(t), pkg.types.memory_ir(t), pkg.types.is_signed(t)) == (ir, in_memory, signed)


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("vInt", [(0, 8)]),
        ("vInner", [(0, 1), (2, 2)]),
        ("vPadded", [(0, 1), (4, 4)]),
        ("vNamed", [(0, 1), (2, 3), (6, 3), (10, 2)]),
        ("vGaps", [(0, 4), (8, 1), (12, 5), (20, 12)]),
        ("vBytes", [(0, 16)]),
        ("vEmpty", []),
    ],
)
def test_regions(pkg: Any, name: str, regions: list[tuple[int, int]]) -> None:
    """Neither padding nor blank fields; neighbours are merged."""
    assert pkg.types.regions(pkg.type(name)) == [Region(*r) for r in regions]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("vGaps", None),
        ("vList", None),
        ("vSlice", None),
        ("vMap", None),
        ("vFloat", "float32 cannot be used: BPF has no floating point"),
        ("vString", None),
        ("vFunc", None),
        ("vAny", "interface values need dynamic dispatch, which BPF does not have"),
        ("vChannel", "channels need goroutines, which the kernel does not run"),
    ],
)
def test_problems(pkg: Any, name: str, problem: str | None) -> None:
    assert pkg.types.problem(pkg.type(name)) == problem


def test_a_pointer_to_what_cannot_be_is_no_problem_by_itself(pkg: Any) -> None:
    pointed = pkg.types.elem(pkg.type("vMap"))
    assert pkg.types.problem(pointed) == "Go's built-in maps need a heap, which the kernel does not have"


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("vInt", False), ("vUintptr", True), ("vPointer", True), ("vGaps", False), ("vList", True),
        ("vSlice", True), ("vBytes", False), ("vEmpty", False),
    ],
)  # fmt: skip
def test_what_holds_addresses(pkg: Any, name: str, holds: bool) -> None:
    assert pkg.types.pointerful[pkg.type(name)] is holds
