"""What pointers may lead to: everything that they do lead to must be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import PointsTo

HELPERS = """
//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_probe_read_kernel
func read(to unsafe.Pointer, size uint32, from unsafe.Pointer) int64
"""


class Solved:
    """The analysis of a package whose program is ``prog``; ``of`` asks what a local variable may hold."""

    def __init__(self, pkg: Any) -> None:
        self.pkg = pkg
        order = [i for i, fn in enumerate(pkg.doc.functions) if fn.blocks and not fn.synthetic]
        self.points = PointsTo(pkg.doc, pkg.types, order, [pkg.function("prog")])

    def of(self, variable: str, function: str = "prog") -> set[str]:
        alloc = self.pkg.variable(function, variable)
        (place,) = self.points.value(self.pkg.function(function), alloc.id)
        return {self.name(p) for p in self.points.contents(place)}

    def name(self, place: Any) -> str:
        if place.kind == "global":
            return str(self.pkg.doc.globals[place.id].name)
        made = self.points.uses[place.function].made_by[place.id] if place.kind == "local" else None
        return made.comment if isinstance(made, ssa.Alloc) else str(place.kind)


CASES = {
    "address": ("x := int32(1)\n p := &x", {"x"}),
    "nil until assigned": ("var p *int32\n if ctx != nil { x := int32(1); p = &x }", {"x", "nil"}),
    "either": ("var x, y int32\n p := &x\n if ctx != nil { p = &y }", {"x", "y"}),
    "global": ("p := &g", {"g"}),
    "field of a struct": ("h := holder{p: &g}\n p := h.p", {"g", "nil"}),
    "struct copied": ("h := holder{p: &g}\n i := h\n j := &i\n p := j.p", {"g", "nil"}),
    "array element": ("a := [2]*int32{&g, &g}\n p := a[1]", {"g", "nil"}),
    "slice": ("var a [4]int32\n p := a[1:3]", {"a"}),
    "slice of a slice": ("var a [4]int32\n s := a[:]\n p := s[1:]", {"a"}),
    "slice to array": ("var a [4]int32\n s := a[:]\n p := (*[2]int32)(s)", {"a"}),
    "copy": ("from := [1]*int32{&g}\n var to [1]*int32\n copy(to[:], from[:])\n p := to[0]", {"g", "nil"}),
    "through a call": ("x := int32(1)\n p := same(&x)", {"x"}),
    "second result": ("x := int32(1)\n _, p := two(&x)", {"x"}),
    "through a pointer": ("x := int32(1)\n var q *int32\n set(&q, &x)\n p := q", {"x", "nil"}),
    "method": ("x := int32(1)\n var h holder\n h.set(&x)\n p := h.p", {"x", "nil"}),
    "value receiver": ("h := holder{p: &g}\n p := h.get()", {"g", "nil"}),
    "variadic": ("p := all(&g, &g)[0]", {"g", "nil"}),
    "integer and back": (
        "x := int32(1)\n p := (*int32)(unsafe.Pointer(uintptr(unsafe.Pointer(&x)) + 4))",
        {"x"},
    ),
    "unsafe.Add": ("var a [4]int32\n p := unsafe.Add(unsafe.Pointer(&a), 4)", {"a"}),
    "context": ("p := ctx", {"context"}),
    "moved context": ("p := unsafe.Pointer(uintptr(ctx) + 8)", {"context"}),
    "in the context": ("p := *(*unsafe.Pointer)(ctx)", {"kernel", "nil"}),
    "packet": ("p := unsafe.Pointer(uintptr(*(*uint32)(ctx)))", {"integer"}),
    "given by a helper": ("p := lookup(unsafe.Pointer(&g), ctx)", {"kernel", "nil"}),
    "in the kernel": ("q := (**int32)(lookup(nil, nil))\n p := *q", {"kernel", "nil"}),
    "read by a helper": ("var p *int32\n read(unsafe.Pointer(&p), 8, ctx)", {"kernel", "nil"}),
    "in bytes": ("var b [8]byte\n q := (**int32)(unsafe.Pointer(&b))\n *q = &g\n p := *q", {"g", "nil"}),
}

FUNCTIONS = """
type holder struct {
	n int32
	p *int32
}

var g int32

func same(p *int32) *int32         { return p }
func two(p *int32) (int32, *int32) { return 1, p }
func set(to **int32, p *int32)     { *to = p }
func all(ps ...*int32) []*int32    { return ps }
func (h *holder) set(p *int32)     { h.p = p }
func (h holder) get() *int32       { return h.p }
"""


@pytest.mark.parametrize("case", CASES)
def test_what_p_holds(package: Callable[[str], Any], case: str) -> None:
    body, expected = CASES[case]
    source = f"{HELPERS}{FUNCTIONS}\nfunc prog(ctx unsafe.Pointer) int32 {{\n{body}\n_ = p\nreturn 0 }}\n"
    assert Solved(package(source)).of("p") == expected
