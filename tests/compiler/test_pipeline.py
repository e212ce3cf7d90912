"""Profiles and pass pipelines: what they are made of, and that programs come out of them that run."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import tinybpf
from tinybpf.compiler import compile_go, llvm, pipeline
from tinybpf.compiler.pipeline import PASSES, PROFILES, PipelineError, choose, parse
from tinybpf.errors import CompileError

PROGRAM = """package main

type words struct{ In, Out [4]uint64 }

var table = [8]uint64{2, 3, 5, 7, 11, 13, 17, 19}
var calls uint64

func mix(x uint64) uint64 {
	for i := range 8 {
		x = x*31 + table[(x+uint64(i))&7]
	}
	return x
}

//bpf:section syscall
func prog(ctx *words) int32 {
	calls++
	w := *ctx
	sum := uint64(0)
	for i, x := range w.In {
		w.Out[i&3] = mix(x)
		sum += w.Out[(3-i)&3]
	}
	ctx.Out[0], ctx.Out[1], ctx.Out[2] = w.Out[0], w.Out[3], sum
	return int32(w.Out[1] & 0xff)
}
"""


def names(text: str) -> list[str]:
    return [step[1] for step in parse(text)]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("sroa", ["sroa"]),
        ("default<O2>", ["default<O2>"]),
        ("Os", ["default<Os>"]),
        ("function(sroa,instcombine),globaldce", ["sroa", "instcombine", "globaldce"]),
        (
            " module( function ( sroa , loop(loop-rotate) ) , globaldce ) ",
            ["sroa", "loop-rotate", "globaldce"],
        ),
        ("cgscc(function(sroa)),default<O1>,dse", ["sroa", "default<O1>", "dse"]),
    ],
)
def test_notation(text: str, steps: list[str]) -> None:
    assert names(text) == steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "without a pass"),
        ("insctombine", "did you mean instcombine?"),
        ("gvn", "the nearest there is: newgvn"),
        ("function(sroa", "the bracket behind function is not closed"),
        ("sroa)", "')' is one too many"),
        ("sroa,", "the name of a pass is missing at the end"),
        ("sroa,,dse", "the name of a pass is missing before ','"),
        ("sroa<modify-cfg>", "takes no options here: <modify-cfg>"),
        ("sroa(dse)", "sroa takes no passes in brackets"),
        ("functoin(dse)", "did you mean function?"),
        ("default<O7>", "no pipeline default<O7>"),
        ("lto<O2>", "no pipeline lto<O2>"),
        ("sroa;dse", "';' has no meaning"),
        ("loweratomic", "it makes plain code of atomic operations"),
        ("internalize", "it would take the programs away"),
        ("(" * 5000, "the name of a pass is missing"),
        ("function(" * 5000, "function takes no passes in brackets"),
    ],
)
def test_notation_that_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        parse(text)
    assert message in str(caught.value)


def test_unknown_profile() -> None:
    with pytest.raises(ValueError, match="did you mean aggressive"):
        compile_go(PROGRAM, opt_profile="agressive")


def test_the_worker_warms_up_with_the_default() -> None:
    worker = ast.parse((Path(llvm.__file__).parent / "_llvm_worker.py").read_text())
    assigned = (n for n in worker.body if isinstance(n, ast.Assign))
    steps = next(n.value for n in assigned if ast.unparse(n.targets[0]) == "STEPS")
    assert tuple(ast.literal_eval(steps)) == tuple(llvm.STEPS) == choose("default", None).steps


IN = (1, 2, 3, 4)


def expected() -> tuple[int, ...]:
    """The program in Python."""
    table = (2, 3, 5, 7, 11, 13, 17, 19)

    def mix(x: int) -> int:
        for i in range(8):
            x = (x * 31 + table[(x + i) & 7]) % 2**64
        return x

    out, total = [0] * 4, 0
    for i, x in enumerate(IN):
        out[i] = mix(x)
        total = (total + out[3 - i]) % 2**64
    return out[0], out[3], total, out[1] & 0xFF


def runs(compiled: object) -> tuple[int, ...]:
    import struct

    with tinybpf.load(compiled) as obj:  # type: ignore[arg-type]
        done = obj.program("prog").test_run(ctx=struct.pack("<8Q", *IN, 0, 0, 0, 0))
        return (*struct.unpack("<8Q", done.ctx_out)[4:7], done.retval)


@pytest.mark.kernel
@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(profile: str) -> None:
    assert runs(compile_go(PROGRAM, opt_profile=profile)) == expected()


def test_profiles_differ() -> None:
    """Loops stay loops where the profile says so."""
    source = PROGRAM.replace("range 8", "range 3")
    size = {p: compile_go(source, opt_profile=p).programs[0].instructions for p in PROFILES}
    assert size["verifier-safe"] < size["aggressive"]
    assert size["default"] <= size["aggressive"]


@pytest.mark.kernel
@pytest.mark.parametrize(
    "text",
    [
        "default<O1>",
        "default<O3>,function(sroa)",
        "default<O1>,default<O2>",
        "function(sroa,simplifycfg,instcombine)",
        "function(sroa,instcombine,simplifycfg,newgvn,dse,adce),globaldce,constmerge",
    ],
)
def test_pipelines(text: str) -> None:
    assert runs(compile_go(PROGRAM, pass_pipeline=text)) == expected()


@pytest.mark.parametrize("name", sorted(PASSES))
def test_each_pass_alone(name: str) -> None:
    """Whatever a pass makes of a program: an object, or a message."""
    try:
        assert compile_go(PROGRAM, pass_pipeline=name).programs[0].name == "prog"
    except CompileError as error:
        assert "see what happens without it" in str(error) or "needs more than the 512 bytes" in str(error)
    assert compile_go(PROGRAM, pass_pipeline=f"default<O2>,{name}").programs[0].name == "prog"


CORE = """package main

import "unsafe"

type bpfCoreTaskStruct struct {
	Pid  int32
	Tgid int32
}

//go:extern bpf_get_current_task_btf
func current() *bpfCoreTaskStruct

//export prog
//bpf:section tp_btf/sched_switch
func prog(ctx unsafe.Pointer) int32 {
	t := current()
	return t.Pid + t.Tgid
}
"""


@pytest.mark.kernel
@pytest.mark.parametrize("text", ["sroa,instcombine", "default<O1>,default<O2>"])
def test_relocations_in_any_pipeline(text: str) -> None:
    """LLVM's passes for BPF run in a pipeline that does not name them, and do no harm the second time."""
    with tinybpf.load(compile_go(CORE, pass_pipeline=text)) as obj:
        assert obj.program("prog").name == "prog"


def test_configuration(tmp_path: Path) -> None:
    (tmp_path / "p.go").write_text(PROGRAM)
    sizes = []
    for build in (
        {},
        {"opt_profile": "conservative"},
        {"pass_pipeline": "sroa"},
        {"custom_passes": ["reg2mem"]},
    ):
        (tmp_path / "tinybpf.json").write_text(json.dumps({"build": build}))
        sizes.append(compile_go(tmp_path).programs[0].instructions)
    assert len(set(sizes)) == 4
    assert compile_go(tmp_path, opt_profile="default", pass_pipeline=None).warnings == ()
    assert pipeline.choose("default", None, ["dse", "function(sroa,adce)"]).steps[-3:] == (
        *parse("dse"),
        *parse("sroa,adce"),
    )


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (None, ["1-lowered.ll", "2-optimised.ll", "3-assembly.s"]),
        (
            "function(sroa,dse)",
            ["1-lowered.ll", "2-default-O0.ll", "3-sroa.ll", "4-dse.ll", "5-optimised.ll", "6-assembly.s"],
        ),
    ],
)
def test_dumps(tmp_path: Path, text: str | None, files: list[str]) -> None:
    """The module after each stage, and dumping changes nothing."""
    dumped = compile_go(PROGRAM, pass_pipeline=text, dump_ir=tmp_path / "ir")
    assert sorted(p.name for p in (tmp_path / "ir").iterdir()) == files
    assert dumped.elf == compile_go(PROGRAM, pass_pipeline=text).elf
    lowered = (tmp_path / "ir" / files[0]).read_text()
    assert "define i32 @prog(" in lowered and "alloca" in lowered
    if text:
        assert "alloca [8 x i8]" not in (tmp_path / "ir" / "3-sroa.ll").read_text()
    assert ".section\tsyscall" in (tmp_path / "ir" / files[-1]).read_text()
