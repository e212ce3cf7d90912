"""The harness notices what it is there to notice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from . import inputs, reference
from .kernel import Variant, load
from .outcome import Outcome, differences
from .source import Case, CaseFile, parse

SOURCE = """package harness

var Effects uint64

//in:n -2..4
func Index(n int8, v uint16) (uint16, bool) {
	a := [3]uint16{1, 2, v}
	Effects = 1
	v = a[n]
	Effects = 2
	return v, n > 1
}

func helper(x int32) int32 { return x + 1 }

func Next(x int32) int32 { return helper(x) }
"""

ENDLESS = """package p

func Endless(n uint64) (s uint64) {
	for i := uint64(0); i < n; i++ {
		if i%3 == 0 {
			continue
		}
		s = s*10 + i
	}
	return
}

func Fine(a int8) int8 { return -a }
"""

WRONG = SOURCE.replace("n > 1", "n >= 1").replace("x + 1", "x + 1 + x&64>>6").replace("Effects = 1\n", "")


def parsed() -> CaseFile:
    return parse("harness", SOURCE)


def test_reading_cases() -> None:
    index, following = parsed().cases
    assert (index.name, index.params, index.results) == ("Index", ("int8", "uint16"), ("uint16", "bool"))
    assert index.given == {0: (-2, -1, 0, 1, 2, 3, 4)}
    assert (following.name, following.params, following.results) == ("Next", ("int32",), ("int32",))
    assert SOURCE.splitlines()[index.line - 1].startswith("func Index")


@pytest.mark.parametrize(
    "text",
    ["func F(a string) int { return 1 }", "func F() { }", "func F(a, b int8) (x []int) { return nil }"],
)
def test_what_cannot_be_a_case(text: str) -> None:
    with pytest.raises(ValueError, match="F is exported"):
        parse("p", f"package p\n\n{text}\n")


def test_inputs_have_the_edges() -> None:
    for t, values in {
        "int8": (-128, -1, 0, 127), "uint16": (0, 0xFFFF, 0x8000), "bool": (0, 1),
        "int64": (-(1 << 63), (1 << 63) - 1, 1 << 31, -(1 << 31)),
        "uint64": ((1 << 64) - 1, 1 << 63, 1 << 32),
    }.items():  # fmt: skip
        assert set(values) <= set(inputs.edges(t))
    calls = inputs.of(parsed().cases[0])
    assert len(set(calls)) == len(calls) <= inputs.LIMIT
    assert {n for n, _ in calls} == set(range(-2, 5))


def test_words() -> None:
    assert inputs.unpack(inputs.pack(-3), "int8") == -3
    assert inputs.unpack(inputs.pack(200), "uint8") == 200
    assert inputs.unpack(0xFFFFFFFFFFFFFF80, "uint8") > 255  # a result that was not narrowed is seen


def test_gc(tmp_path: Path) -> None:
    """What gc does, told from the source by hand."""
    file = parsed()
    index, following = file.cases
    calls: dict[Case, list[tuple[int, ...]]] = {
        index: [(-1, 9), (0, 9), (2, 9), (3, 9)],
        following: [(4,), ((1 << 31) - 1,)],
    }
    binary = reference.build([file], tmp_path / "gc")
    found = reference.run(binary, [file], calls)
    panicked = Outcome(True, (), 1)
    assert found[index] == [panicked, Outcome(False, (1, 0), 2), Outcome(False, (9, 1), 2), panicked]
    assert found[following] == [Outcome(False, (5,)), Outcome(False, (inputs.pack(-(1 << 31)),))]


@pytest.mark.kernel
@pytest.mark.parametrize("variant", [Variant(True, "v3"), Variant(False, "v3")], ids=str)
def test_a_miscompilation_is_seen(tmp_path: Path, variant: Variant) -> None:
    """Another program in the kernel than the one that gc compiled: each kind of difference is found."""
    right, wrong = parsed(), dataclasses.replace(parsed(), text=WRONG)
    calls: dict[Case, list[tuple[int, ...]]] = {case: inputs.of(case) for case in right.cases}
    wanted = reference.run(reference.build([right], tmp_path / "gc"), [right], calls)
    for file, same in ((right, True), (wrong, False)):
        loaded = load(file, variant, tmp_path / str(same))
        assert loaded.object is not None
        with loaded.object:
            index, following = (
                differences(c, calls[c], wanted[c], loaded.run(c, calls[c])) for c in file.cases
            )
        assert (not index and not following) is same
        if not same:
            assert any("gc 2, 0 with" in line and "BPF 2, 1 with" in line for line in index)  # a result
            assert any(
                "gc panic with effects 0x1; BPF panic" in line for line in index
            )  # an effect before a panic
            assert all(int(line[5 : line.index(")")]) & 64 for line in following)


@pytest.mark.kernel
def test_a_refused_program_does_not_hide_the_others(tmp_path: Path) -> None:
    """The verifier refuses one program of a file: the others run, and the one is named."""
    file = parse("p", ENDLESS)
    loaded = load(file, Variant(True, "v3"), tmp_path / "p")
    assert loaded.object is not None
    with loaded.object:
        assert list(loaded.refused) == ["Endless"]
        assert loaded.run(file.cases[1], [(5,), (-128,)]) == [
            Outcome(False, (inputs.pack(-5),)),
            Outcome(False, (inputs.pack(-128),)),
        ]
