"""Where a string may look at the bytes that it is made of, and where it has to be a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import PointsTo
from tinybpf.compiler.lower.views import Views
from tinybpf.compiler.lower.walk import instructions
from tinybpf.compiler.lower.writes import Writes

SOURCE = """
var shared [4]byte
var kept string

type holder struct {{ s string }}

//go:extern bpf_get_current_comm
func comm(to unsafe.Pointer, size uint32) int64

//go:extern bpf_ktime_get_ns
func now() uint64

func length(s string) int {{ return len(s) }}

func same(s string) string {{ return s }}

func write(b *[4]byte) {{ b[0] = 1 }}

func writeAndRead(b *[4]byte, s string) byte {{
	b[0] = 1
	return s[0]
}}

func change() {{ shared[0]++ }}

func keep(h *holder, s string) {{ h.s = s }}

func prog(ctx *[4]uint32) int {{
	var b, other [4]byte
	b[ctx[0]&3] = 7
	other[1] = 2
	{0}
	return n + int(b[0]) + int(other[0])
}}

//export prog
//bpf:section syscall
func program(ctx unsafe.Pointer) int32 {{ return int32(prog((*[4]uint32)(ctx))) }}
"""

VIEWS = {
    "used at once": 'n := 0; if string(b[:]) == "x" { n = 1 }; b[0] = 1',
    "used before the write": "s := string(b[:]); n := length(s); b[0] = 1",
    "another variable is written": "s := string(b[:]); other[0] = 1; n := length(s)",
    "written in a branch that does not come back": (
        "s := string(b[:]); n := len(s); if n > 2 { b[0] = 1; return 0 }; n = len(s)"
    ),
    "through a function": "n := len(same(string(b[:]))); b[0] = 1",
    "made anew in each turn": "n := 0; for i := range b { s := string(b[:]); n += len(s); b[i]++ }",
    "a helper without memory": "s := string(b[:]); now(); n := len(s)",
    "of a package variable": "s := string(shared[:]); n := len(s); change()",
    "in a struct, but never written": "var c [4]byte; var h holder; keep(&h, string(c[:])); n := len(h.s)",
}

COPIES = {
    "written between": "s := string(b[:]); b[0] = 1; n := length(s)",
    "written through a pointer": "p := &b[1]; s := string(b[:]); *p = 1; n := len(s)",
    "written by a function": "s := string(b[:]); write(&b); n := len(s)",
    "written while it is an argument": "n := int(writeAndRead(&b, string(b[:])))",
    "written by a helper": "s := string(b[:]); comm(unsafe.Pointer(&b), 4); n := len(s)",
    "written in one branch": "s := string(b[:]); if ctx[1] > 2 { b[0] = 1 }; n := len(s)",
    "from a turn before": ('n := 0; s := ""; for i := range b { n += len(s); s = string(b[:]); b[i]++ }'),
    "package variable": "s := string(shared[:]); change(); n := len(s)",
    "kept in a struct": "var h holder; keep(&h, string(b[:])); b[0] = 1; n := len(h.s)",
    "kept in a package variable": "kept = string(shared[:]); change(); n := len(kept)",
    "through a function": "s := same(string(b[:])); b[0] = 1; n := len(s)",
    "range": "n := 0; for i := range string(b[:]) { b[i&3]++; n++ }",
    "part of it": "s := string(b[:])[1:]; t := s; b[2] = 1; n := len(t)",
}


def decided(package: Callable[[str], Any], statements: str) -> bool:
    """Whether the one conversion in ``prog`` is a view."""
    pkg = package(SOURCE.format(statements))
    order = [i for i, fn in enumerate(pkg.doc.functions) if fn.blocks and not fn.synthetic]
    points = PointsTo(pkg.doc, pkg.types, order, [pkg.function("program")])
    views = Views(points, order, Writes(points, order, {}))
    f = pkg.function("prog")
    (conversion,) = (
        i
        for i in instructions(pkg.doc.functions[f])
        if isinstance(i, ssa.Convert) and pkg.types.is_string(i.type)
    )
    return views.is_view(f, conversion)


@pytest.mark.parametrize("name", VIEWS)
def test_views(package: Callable[[str], Any], name: str) -> None:
    assert decided(package, VIEWS[name])


@pytest.mark.parametrize("name", COPIES)
def test_copies(package: Callable[[str], Any], name: str) -> None:
    assert not decided(package, COPIES[name])
