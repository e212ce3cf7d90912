"""How parameters and results travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler.lower import abi

SOURCE = """
type big struct{ a, b, c uint32 }

var vInt32 int32
var vUint64 uint64
var vBool bool
var vPointer *int32
var vBig big
var vSlice []int32
"""


@pytest.fixture(scope="module")
def pkg(package: Callable[[str], Any]) -> Any:
    return package(SOURCE)


@pytest.mark.parametrize(
    ("results", "panics", "kind", "ir", "offsets", "size"),
    [
        ([], False, "void", "void", (), 0),
        ([], True, "status", "i64", (), 0),
        (["vInt32"], False, "value", "i32", (), 0),
        (["vBool"], False, "value", "i64", (), 0),
        (["vInt32"], True, "packed", "i64", (), 0),
        (["vBool"], True, "packed", "i64", (), 0),
        (["vUint64"], False, "value", "i64", (), 0),
        (["vUint64"], True, "status", "i64", (0,), 8),
        (["vPointer"], False, "value", "ptr", (), 0),
        (["vPointer"], True, "status", "i64", (0,), 8),
        (["vBig"], False, "void", "void", (0,), 16),
        (["vSlice"], True, "status", "i64", (0,), 32),
        (["vInt32", "vBig", "vBool"], False, "void", "void", (0, 8, 24), 32),
    ],
)
def test_results(
    pkg: Any, results: list[str], panics: bool, kind: str, ir: str, offsets: tuple[int, ...], size: int
) -> None:
    found = abi.returns(pkg.types, [pkg.type(r) for r in results], panics)
    assert (found.kind, found.ir, found.offsets, found.size) == (kind, ir, offsets, size)
    assert found.pointer is bool(offsets)


def test_five_parameters_travel_in_registers(pkg: Any) -> None:
    params = [pkg.type(n) for n in ("vInt32", "vPointer", "vBig", "vSlice", "vBool")]
    slots = abi.slots(pkg.types, params, abi.returns(pkg.types, [], False))
    assert abi.declaration(slots) == (
        "i64 noundef %p0, ptr noundef %p1, ptr noundef %p2, ptr noundef %p3, i64 noundef %p4"
    )
    assert abi.unpacking(slots) == []


def test_from_the_sixth_on_the_fifth_is_the_address_of_the_rest(pkg: Any) -> None:
    params = [pkg.type("vInt32")] * 5
    slots = abi.slots(pkg.types, params, abi.returns(pkg.types, [pkg.type("vBig")], False))
    assert abi.declaration(slots).endswith("i64 noundef %p2, ptr noundef %rest")
    lines = abi.unpacking(slots)
    assert [line.split(" = ")[0].strip() for line in lines if "load" in line] == ["%p3", "%p4"]
    assert any(line.endswith("i64 8") for line in lines)
