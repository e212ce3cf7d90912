"""Generated programs do in the kernel what gc's binary does; what does not is noticed, and made short."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz.__main__ as command
import msgspec
import pytest
from fuzz import campaign, features, rules
from fuzz.generate import generate
from fuzz.inputs import calls
from fuzz.judge import Judge
from fuzz.outcome import Verdict
from fuzz.reduce import Reducer
from fuzz.tree import Program, e, s
from fuzz.types import BY_NAME, INTS

from tinybpf.compiler import CompiledObject, compile_go
from tinybpf.compiler.lower.module import Module
from tinybpf.compiler.lower.panics import Sites

FEW = campaign.Options(seed=20250, count=120)
MANY = campaign.Options(seed=0, count=2000)
SMALL = ("core", "control", "shifts")
REFUSED = 0.01
"""The share of right programs that may be refused: by the verifier, for their stack, by the compiler."""


def check(options: campaign.Options) -> None:
    summary = campaign.Summary()
    for each in campaign.run(options):
        summary = each
    bad = [(seed, v) for seed, v in summary.failed if v.kind in ("wrong", "fault", "invalid")]
    assert not bad, "\n".join(f"seed {seed}: {v.kind}: {v.category}\n{v.detail}" for seed, v in bad[:5])
    assert summary.programs == options.count
    refused = summary.programs - summary.kinds["right"]
    assert refused <= max(1, REFUSED * summary.programs), summary.categories
    assert 0.02 < summary.panics / summary.calls < 0.5  # panics are compared, and other ends, too


@pytest.mark.kernel
def test_some_programs() -> None:
    check(FEW)


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_thousand_programs() -> None:
    check(MANY)


def test_a_seed_gives_one_program() -> None:
    first, again, other = generate(7), generate(7), generate(8)
    assert first.source() == again.source() != other.source()


def test_each_feature_has_rules_and_can_be_switched_off() -> None:
    ruled = {r.feature for found in rules.EXPRESSIONS.values() for r in found}
    ruled |= {r.feature for r in rules.STATEMENTS} | {feature for _, feature, _ in rules.DECLARATIONS}
    assert ruled == set(features.NAMES)
    plain = "".join(generate(seed, ("core", "control")).source() for seed in range(40))
    assert not re.search(r"unsafe\.|atomic\.|struct|\*\w+ =|<<|copy\(", plain)


def test_inputs_have_the_edges() -> None:
    for t in INTS:
        found = {call[0] for call in calls([t], 1, 25)}
        assert 0 in found
        assert all(t.low <= v <= t.high for v in found)
    assert calls(list(INTS), 5) == calls(list(INTS), 5) != calls(list(INTS), 6)


def _wrong(pattern: str, by: str) -> Callable[[str, str], CompiledObject]:
    """A compiler with a fault: something else in the IR than the lowering wrote."""
    right = Module.text

    def wrong(self: Module) -> str:
        return re.sub(pattern, by, right(self))

    def compiled(text: str, cpu: str) -> CompiledObject:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Module, "text", wrong)
            return compile_go(text, cpu=cpu)

    return compiled


@pytest.mark.kernel
@pytest.mark.timeout(900)
def test_a_miscompilation_is_found_and_made_short() -> None:
    judge = Judge(compiler=_wrong(r" = ashr i16", " = lshr i16"))
    seeds = list(range(120))
    verdicts = judge.judge([generate(seed, SMALL) for seed in seeds], seeds)
    found = [seed for seed, v in zip(seeds, verdicts, strict=True) if v.kind == "wrong"]
    assert found
    alone = dataclasses.replace(judge, group=1)
    program = generate(found[0], SMALL)
    short = command.reduce(program, found[0], ("wrong", ""), alone)
    assert short.source().count("\n") < 15 < program.source().count("\n")
    assert ">>" in short.source() and "int16" in short.source()
    assert alone.judge([short], found[:1])[0].kind == "wrong"
    assert Judge().judge([short], found[:1])[0].kind == "right"


@pytest.mark.kernel
def test_a_panic_at_another_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one for another reason; who does not count by line does not see them."""
    program = tiny("out_§[0] = 1", "out_§[1] = uint64(uint64(a) / b)", 'if a > 5 { panic("more") }')
    judge = Judge(lines=True)
    assert judge.judge([program], [1])[0].kind == "right"
    counted = Sites._symbol

    def with_another(line: int, reason: str) -> Callable[[Sites, Any, str], str]:
        def symbol(self: Sites, f: Any, why: str) -> str:
            place = f.pos
            f.pos = msgspec.structs.replace(place, line=place.line + line)
            try:
                return counted(self, f, reason or why)
            finally:
                f.pos = place

        return symbol

    for line, reason in ((1, ""), (0, "nil pointer dereference")):
        monkeypatch.setattr(Sites, "_symbol", with_another(line, reason))
        (verdict,) = judge.judge([program], [1])
        assert verdict.kind == "wrong"
        assert re.search(r"gc  panic \(line (\d+): .*\n +BPF panic \(line \d+: ", verdict.detail)
        assert Judge().judge([program], [1])[0].kind == "right"


def tiny(*statements: str) -> Program:
    program = generate(0, ("core",))
    del program.declarations[2:], program.state[2:]
    body = "\n\t".join(statements)
    program.declarations.append(s(f"func run_§(a int32, b uint64, c int8, d int8) {{\n\t{body}\n}}"))
    program.parameters = [BY_NAME[n] for n in ("int32", "uint64", "int8", "int8")]
    return program


@pytest.mark.kernel
def test_verdicts() -> None:
    """One program for each kind of end, in one batch: none hides another."""
    programs = {
        "right": tiny("out_§[1] = b / uint64(a)"),
        "invalid": tiny("out_§[1] = a"),
        "refused": tiny("go func() { out_§[0] = 1 }()"),
        "stack": tiny("var x [600]uint8", "x[b%600]++", "out_§[0] = uint64(x[a&511])"),
        "verifier": tiny(
            "for i := uint64(0); i < b; i++ {", "if i%3 == 0 { continue }", "out_§[0] ^= i", "}"
        ),
    }
    verdicts = Judge(calls=6).judge(list(programs.values()), range(len(programs)))
    shown = [f"{v.kind}: {v.detail}" for v in verdicts]
    assert [v.kind for v in verdicts] == list(programs), shown
    assert verdicts[0].panics > 0


@pytest.mark.parametrize("kind", ["fault", "wrong"])
def test_reducing_keeps_the_failure(kind: str) -> None:
    """With a judge that only looks for a word: all else goes."""
    program = tiny("out_§[1] = 5")
    program.declarations.insert(0, s("var unused int"))
    value = e(BY_NAME["int32"], "(", e(BY_NAME["int32"], "a"), " + wanted)", constant=False)
    program.declarations.append(s("func f() { _ = ", value, " }"))

    def judge(programs: object) -> list[Verdict]:
        assert isinstance(programs, list)
        return [Verdict(kind if "wanted" in p.source() else "right") for p in programs]

    short = Reducer(judge, (kind, "")).reduce(program)
    assert "wanted" in short.source() and "unused" not in short.source() and "run_" not in short.source()


@pytest.mark.kernel
def test_the_command_keeps_failing_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "KEPT", tmp_path)
    verdict = Verdict("wrong", "", "1 of 40 calls differ")

    def run(options: campaign.Options) -> list[campaign.Summary]:
        summary = campaign.Summary()
        summary.add(options.seed, [Verdict("right"), verdict], {"gc": 1.0})
        return [summary]

    monkeypatch.setattr(campaign, "run", run)
    assert command.main(["--seed", "41", "--count", "2", "--no-reduce"]) == 1
    kept = tmp_path / "wrong-42"
    assert (
        kept / "program.go"
    ).read_text() == f"package main\n\n{campaign.program_of(42, campaign.Options()).source()}"
    assert "make fuzz ARGS='--seed 42 --count 1" in (kept / "README").read_text()
    assert "2 programs: 1 right, 1 wrong" in capsys.readouterr().out


def test_the_command_knows_its_features(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--features", "telepathy"])
    assert "there are core, constants" in capsys.readouterr().err
