"""The constant values of package variables, byte for byte; what is not constant is left to ``startup``."""

from __future__ import annotations

import struct

import pytest

from tinybpf.compiler import frontend
from tinybpf.compiler.initial import Evaluator
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.pool import Pool
from tinybpf.compiler.project import resolve

SOURCE = """package main

type point struct {
	x int8
	_ uint8
	y uint16
	z [2]uint32
}

type nested struct {
	p    [2]point
	flag bool
}

const big = 1 << 62

var (
	zero     int64
	minus    int16 = -2
	wide     uint64 = big + big/2
	yes      = true
	letter   = 'ß'
	list     = [...]uint16{3: 7, 1: 5}
	pt       = point{x: -1, y: 0x1234, z: [2]uint32{1, 2}}
	deep     = nested{p: [2]point{1: {y: 9}}, flag: true}
	again    = minus
	part     = pt.z[1]
	whole    = pt
	a, b     = uint8(1), uint8(2)
	sized    = [len(list)]byte{len(list) - 1: 9}
	computed = twice(4)
	pointer  = &zero
)

func twice(n int) int { return n * 2 }
"""


@pytest.fixture(scope="module")
def evaluated() -> Evaluator:
    doc = frontend.run(resolve(SOURCE).request())
    assert not doc.diagnostics
    found = Evaluator(doc, Types(doc.types), Pool(doc))
    found.run_all()
    return found


def index(evaluated: Evaluator, name: str) -> int:
    return next(i for i, g in enumerate(evaluated.doc.globals) if g.name == name)


POINT = struct.pack("<bxHII", -1, 0x1234, 1, 2)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zero", bytes(8)),
        ("minus", struct.pack("<h", -2)),
        ("wide", struct.pack("<Q", 3 << 61)),
        ("yes", b"\1"),
        ("letter", struct.pack("<i", 0xDF)),
        ("list", struct.pack("<4H", 0, 5, 0, 7)),
        ("pt", POINT),
        ("deep", bytes(12) + struct.pack("<bxHII", 0, 9, 0, 0) + b"\1" + bytes(3)),
        ("again", struct.pack("<h", -2)),
        ("part", struct.pack("<I", 2)),
        ("whole", POINT),
        ("a", b"\1"),
        ("b", b"\2"),
        ("sized", b"\0\0\0\x09"),
    ],
)
def test_constant(evaluated: Evaluator, name: str, data: bytes) -> None:
    image = evaluated.image(index(evaluated, name))
    assert bytes(image.data) == data
    assert image.zero is not any(data)


@pytest.mark.parametrize("name", ["computed", "pointer"])
def test_not_constant(evaluated: Evaluator, name: str) -> None:
    found = index(evaluated, name)
    assert found in evaluated.unknown
    assert not any(evaluated.image(found).data), "nothing is left of what was begun"
