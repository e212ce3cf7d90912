"""What comes out of resolving: which functions there are, and what is left of function values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tinybpf.compiler import frontend, ssa
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.walk import block_order, callees, instructions
from tinybpf.compiler.project import resolve as project
from tinybpf.compiler.resolve import ops
from tinybpf.compiler.resolve.rewrite import is_needed, resolve

HEAD = 'package main\n\nimport "unsafe"\n\nvar _ unsafe.Pointer\n'


def document(source: str) -> ssa.Document:
    return frontend.start(project(HEAD + source).request(), 60).result()


def resolved(source: str, root: str = "prog") -> ssa.Document:
    """The document after resolving from the function ``root``; nothing is refused."""
    doc = document(source)
    assert is_needed(doc)
    said: list[str] = []
    index = next(i for i, fn in enumerate(doc.functions) if fn.name == root)
    made = resolve(doc, [index], lambda pos, message, hint: said.append(message))
    assert not said
    return made


def reached(doc: ssa.Document, root: str = "prog") -> list[ssa.Function]:
    work = [next(i for i, fn in enumerate(doc.functions) if fn.name == root)]
    seen: list[int] = []
    while work:
        index = work.pop()
        if index not in seen:
            seen.append(index)
            work.extend(callee for _, callee in callees(doc.functions[index]))
    return [doc.functions[i] for i in seen]


def kinds_of(functions: list[ssa.Function]) -> Iterator[type]:
    return (type(i) for fn in functions for i in instructions(fn))


def test_nothing_is_needed_of_plain_functions() -> None:
    assert not is_needed(document("func f(x int) int { return x }\nfunc prog(x int) int { return f(x) }"))


def test_a_function_is_written_once_for_each_function_that_it_is_given() -> None:
    doc = resolved(
        "func inc(x int) int { return x + 1 }\nfunc dec(x int) int { return x - 1 }\n"
        "func apply(f func(int) int, x int) int { return f(x) }\n"
        "func prog(x int) int { return apply(inc, x) + apply(dec, x) }"
    )
    names = sorted(fn.name for fn in reached(doc))
    assert names == ["apply", "apply", "dec", "inc", "prog"]


def test_calls_that_hand_in_the_same_share_one_function() -> None:
    doc = resolved(
        "type s interface{ m() int }\ntype a int\nfunc (v a) m() int { return int(v) }\n"
        "func inc(x int) int { return x + 1 }\nfunc apply(f func(int) int, x int) int { return f(x) }\n"
        "func of(v s) int { return v.m() }\n"
        "func prog(x int) int { return apply(inc, x) + apply(inc, 2) + of(a(x)) + of(a(1)) }"
    )
    assert sorted(fn.name for fn in reached(doc)) == ["a.m", "apply", "inc", "of", "prog"]


def test_a_call_of_one_of_several_goes_by_way_of_a_dispatcher() -> None:
    doc = resolved(
        "func inc(x int) int { return x + 1 }\n"
        "func prog(x int, c bool) int {\n\tf := inc\n"
        "\tif c {\n\t\tf = func(y int) int { return x * y }\n\t}\n\treturn f(x)\n}"
    )
    assert sorted(fn.name for fn in reached(doc)) == ["call", "inc", "prog", "prog$1"]


def test_what_returns_a_literal_with_captures_is_a_part_of_its_caller() -> None:
    doc = resolved(
        "func counter(n int) func() int { return func() int { n++; return n } }\n"
        "func constant() func() int { return func() int { return 1 } }\n"
        "func prog(x int) int { return counter(x)() + constant()() }"
    )
    names = [fn.name for fn in reached(doc)]
    assert "counter" not in names
    assert "constant" in names


def test_one_variable_that_is_assigned_twice_has_two_known_types() -> None:
    doc = resolved(
        "type s interface{ m() int }\ntype a int\ntype b struct{ x, y int }\n"
        "func (v a) m() int { return int(v) }\nfunc (v b) m() int { return v.y }\n"
        "func prog(x int) int {\n\tvar v s = a(x)\n\tn := v.m()\n\tv = b{x, x}\n\treturn n + v.m()\n}"
    )
    functions = reached(doc)
    assert sorted(fn.name for fn in functions) == ["a.m", "b.m", "prog"]
    assert not {ssa.MakeInterface, ssa.TypeAssert, ssa.MakeClosure} & set(kinds_of(functions))


def test_a_type_switch_on_a_type_parameter_is_gone() -> None:
    doc = resolved(
        "func size[T any](x T) int {\n\tswitch any(x).(type) {\n\tcase int8:\n\t\treturn 1\n\tcase float64:\n"
        "\t\treturn 8\n\t}\n\treturn 0\n}\nfunc prog(x int8) int { return size(x) }"
    )
    (instance,) = [fn for fn in reached(doc) if fn.name.startswith("size")]
    assert ssa.If not in set(kinds_of([instance]))


def test_a_deferred_call_is_on_each_way_out() -> None:
    doc = resolved("func f(x int) {}\nfunc prog(x int) int {\n\tdefer f(x)\n\treturn 10 / x\n}")
    prog = next(fn for fn in doc.functions if fn.name == "prog")
    handlers = ops.handlers(prog)
    calls = [b for b, block in enumerate(prog.blocks) if any(isinstance(i, ssa.Call) for i in block.instrs)]
    assert len([b for b in calls if prog.blocks[b].comment != "entry"]) == 2
    assert handlers[0] in block_order(prog)
    assert not {ssa.Defer, ssa.RunDefers} & set(kinds_of([prog]))
    assert ops.PanicOn in set(kinds_of([prog]))


@pytest.mark.parametrize(
    ("source", "cycle"),
    [
        (
            "func prog() int {\n\tvar f func(int) int\n"
            "\tf = func(n int) int { return f(n - 1) }\n\treturn f(3)\n}",
            "the function literal of line 8 calls the function literal of line 8",
        ),
        (
            "type t func(t)\nfunc a(x t) { b(x) }\nfunc b(x t) { x(x) }\nfunc prog() { a(a) }",
            "a calls b calls a",
        ),
    ],
)
def test_recursion_by_way_of_function_values(source: str, cycle: str) -> None:
    with pytest.raises(Refused, match="recursion") as caught:
        resolved(source)
    assert cycle in caught.value.message


def test_a_function_within_a_call_of_itself_is_no_recursion() -> None:
    doc = resolved(
        "func do(f func()) { f() }\n"
        "func prog() (n int) {\n\tdo(func() { do(func() { do(func() { n++ }) }) })\n\treturn\n}"
    )
    assert [fn.name for fn in reached(doc)].count("do") == 3
