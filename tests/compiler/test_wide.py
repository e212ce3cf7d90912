"""Products of more than 64 bits written out, run on this machine and compared with Python's."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable, Iterator

import llvmlite.binding as llvm
import pytest

from tinybpf.compiler import wide

MODULE = """
declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)

define i64 @high(i64 %x, i64 %y) {
  %a = zext i64 %x to i128
  %b = zext i64 %y to i128
  %p = mul nuw i128 %a, %b
  %h = lshr i128 %p, 64
  %r = trunc i128 %h to i64
  ret i64 %r
}

define i64 @low_of_wide(i64 %x, i64 %y) {
  %a = sext i64 %x to i128
  %b = sext i64 %y to i128
  %s = shl i128 %a, 3
  %p = mul i128 %s, %b
  %h = lshr i128 %p, 64
  %r = trunc i128 %h to i64
  ret i64 %r
}

define i64 @odd(i64 %x, i64 %y) {
  %a = zext i64 %x to i65
  %b = zext i64 %y to i65
  %p = mul i65 %a, %b
  %h = lshr i65 %p, 1
  %r = trunc i65 %h to i64
  ret i64 %r
}

define i64 @overflows(i64 %x, i64 %y) {
  %p = tail call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %x, i64 %y)
  %o = extractvalue { i64, i1 } %p, 1
  %r = zext i1 %o to i64
  ret i64 %r
}

define i64 @narrow(i64 %x, i64 %y) {
  %r = mul i64 %x, %y
  ret i64 %r
}
"""

MASK = (1 << 64) - 1


def signed(x: int) -> int:
    return x - (1 << 64) if x >> 63 else x


WANTED: dict[str, Callable[[int, int], int]] = {
    "high": lambda x, y: x * y >> 64,
    "low_of_wide": lambda x, y: (signed(x) * 8 * signed(y) >> 64) & MASK,
    "odd": lambda x, y: (x * y & ((1 << 65) - 1)) >> 1,
    "overflows": lambda x, y: int(x * y > MASK),
    "narrow": lambda x, y: x * y & MASK,
}


@pytest.fixture(scope="module")
def engine() -> Iterator[llvm.ExecutionEngine]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
    module = llvm.parse_assembly(wide.expand(MODULE))
    module.verify()
    made = llvm.create_mcjit_compiler(module, machine)
    made.finalize_object()
    yield made


@pytest.mark.parametrize("name", WANTED)
def test_products(engine: llvm.ExecutionEngine, name: str) -> None:
    function = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)(
        engine.get_function_address(name)
    )
    rng = random.Random(1)
    edges = [0, 1, 2, 3, MASK, MASK - 1, 1 << 63, 1 << 32, (1 << 32) - 1, (1 << 32) + 1]
    values = edges + [rng.getrandbits(rng.randint(1, 64)) for _ in range(30)]
    for x in values:
        for y in values:
            assert function(x, y) == WANTED[name](x, y), (x, y)


def test_only_wide_ones_are_touched() -> None:
    text = wide.expand(MODULE)
    assert "mul nuw i128" not in text and "mul i128" not in text and "mul i65" not in text
    assert "%r = mul i64 %x, %y\n" in text
    assert "= tail call { i64, i1 } @llvm.umul" not in text


def test_places_in_the_source_are_kept() -> None:
    line = "  %p = mul nuw nsw i128 %a, %b, !dbg !7\n"
    made = wide.expand(line).splitlines()
    assert len(made) > 10
    assert all(m.endswith(", !dbg !7") for m in made)
    assert made[-1].startswith("  %p = ")
