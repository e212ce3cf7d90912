"""A document that contradicts itself is told of as a fault of tinybpf, with the Go function and line."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tinybpf.compiler import compile_go, contract, frontend, ssa
from tinybpf.compiler.lower.refuse import LoweringFault
from tinybpf.compiler.project import resolve
from tinybpf.errors import CompileError, InternalCompilerError

SOURCE = """package main

import "unsafe"

type pair struct {
	a uint32
	b [4]uint16
}

var total uint64

func two(n uint32) (uint32, bool) { return n + 1, n > 3 }

//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var p pair
	s := p.b[1:]
	for i := range s {
		s[i] = uint16(i) << 2
	}
	n, big := two(p.a)
	if big && n > 7 {
		total += uint64(s[0])
	}
	return -int32(n)
}
"""


@pytest.fixture(scope="module")
def answer() -> bytes:
    """The document of ``SOURCE``, as the front end writes it."""
    return msgspec.json.encode(frontend.run(resolve(SOURCE).request()))


def decode(data: Any) -> ssa.Document:
    return frontend.decode(msgspec.json.encode(data))


def function(data: Any, name: str) -> Any:
    return next(f for f in data["functions"] if f["name"] == name)


def instruction(data: Any, op: str, nth: int = 0) -> Any:
    fn = function(data, "prog")
    return [i for b in fn["blocks"] for i in b["instrs"] if i["op"] == op][nth]


def change(op: str, nth: int = 0, **fields: Any) -> Callable[[Any], None]:
    return lambda data: instruction(data, op, nth).update(fields)


def blocks(number: int, **fields: Any) -> Callable[[Any], None]:
    return lambda data: function(data, "prog")["blocks"][number].update(fields)


def types(string: str, **fields: Any) -> Callable[[Any], None]:
    return lambda data: next(t for t in data["types"] if t["string"] == string).update(fields)


def recursive(data: Any) -> None:
    struct(data)["fields"][0]["type"] = data["types"].index(struct(data))


def struct(data: Any) -> Any:
    return next(t for t in data["types"] if t["kind"] == "Struct")


BROKEN: dict[str, tuple[Callable[[Any], None], str]] = {
    "operand": (change("Convert", x=9999), "function prog: there is no value 9999"),
    "negative operand": (change("Convert", x=-1), "there is no value -1"),
    "number of a value": (change("Convert", id=3), "value 3 of type"),
    "type of a value": (change("Convert", type=9999), "of type 9999 stands where"),
    "field": (change("FieldAddr", field=2), "has no field 2"),
    "file": (change("FieldAddr", pos=[7, 3, 1]), "the place of FieldAddr is in no file"),
    "operator": (change("BinOp", operator="**"), "there is no operator"),
    "unary operator": (change("UnOp", operator="?"), "there is no operator"),
    "part of a tuple": (change("Extract", index=2), "there is no part 2"),
    "results": (change("Return", results=[]), "0 results are returned of 1"),
    "parameter": (lambda d: function(d, "two").update(params=0), "its parameters are not those of its type"),
    "function's type": (lambda d: function(d, "two").update(type=0), "type 0 is not a function's"),
    "block": (blocks(0, succs=[99]), "do not agree on which follows"),
    "predecessor": (blocks(1, preds=[]), "do not agree on which follows"),
    "end": (lambda d: function(d, "prog")["blocks"][0]["instrs"].pop(), r"at place \d+ of block 0"),
    "middle of a block": (
        lambda d: function(d, "two")["blocks"][0]["instrs"].insert(0, {"op": "Jump", "pos": [0, 1, 1]}),
        "Jump at place 0 of block 0",
    ),
    "size of a struct": (lambda d: struct(d).update(size=8), "cannot have 8 bytes"),
    "offset of a field": (lambda d: struct(d)["fields"][1].update(offset=2), "lies over another one"),
    "type inside of itself": (recursive, "part of itself"),
    "type of a type": (types("[]uint16", elem=-2), "there is no type -2"),
    "type in an interface": (lambda d: d.update(dynamic=[{"type": 999}]), "hold: there is no such type"),
    "method of nothing": (
        lambda d: d.update(dynamic=[{"type": 0, "methods": [{"name": "m", "function": 99}]}]),
        "there is no function 99",
    ),
    "method of another": (
        lambda d: d.update(dynamic=[{"type": 9, "methods": [{"name": "m", "function": 0}]}]),
        "m is not a method of it",
    ),
    "variable": (lambda d: d["globals"][0].update(type=999), "variable total: there is no type 999"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_named(answer: bytes, name: str) -> None:
    broken, words = BROKEN[name]
    data = msgspec.json.decode(answer)
    contract.check(decode(data))
    broken(data)
    with pytest.raises(LoweringFault, match=words):
        contract.check(decode(data))


def test_the_line_is_that_of_the_instruction(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    data = msgspec.json.decode(answer)
    change("FieldAddr", field=5)(data)
    compile_from(decode(data), monkeypatch)
    with pytest.raises(InternalCompilerError) as caught:
        compile_go(SOURCE)
    (said,) = caught.value.diagnostics
    assert (said.line, said.source) == (17, "\ts := p.b[1:]")
    assert said.message.startswith("internal error: the front end's document is broken: function prog: ")
    assert "fault of tinybpf" in (said.hint or "")


def compile_from(document: ssa.Document, monkeypatch: pytest.MonkeyPatch) -> None:
    class Answered:
        def result(self) -> ssa.Document:
            return document

    monkeypatch.setattr(frontend, "start", lambda *_: Answered())


def numbers(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each integer of a document: what holds it, and its key there."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, (dict, list)):
            yield from numbers(value)
        elif type(value) is int:
            yield node, key


@pytest.mark.parametrize("seed", range(4))
def test_any_number_may_be_wrong(answer: bytes, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object, or a message: never another exception, whichever integer of the document is another one."""
    rng = random.Random(seed)
    outcomes = {"object": 0, "message": 0}
    for _ in range(40):
        data = msgspec.json.decode(answer)
        holder, key = rng.choice(
            [(n, k) for n, k in numbers(data["functions"])] + list(numbers(data["types"]))
        )
        holder[key] = rng.choice([-1, 0, holder[key] + 1, holder[key] - 1, 1 << 20, 7])
        compile_from(decode(data), monkeypatch)
        try:
            compile_go(SOURCE)
            outcomes["object"] += 1
        except CompileError as error:
            assert all(d.message for d in error.diagnostics)
            outcomes["message"] += 1
    assert outcomes["message"] > 10
