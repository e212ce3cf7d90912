"""The language page: what it shows compiles and is verified, what it says is refused is, in those words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from msgspec import structs

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.errors import CompileError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
BLOCK = re.compile(r"^```go\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)


def source(code: str) -> str:
    """A program that calls all functions of the code without parameters; or the code, where it is one."""
    if code.startswith("package "):
        return code
    functions = re.findall(r"^func (\w+)\(\)", code, re.M)
    imports, code = "".join(re.findall(r'^import "\w+"\n', code, re.M)), re.sub(r'^import "\w+"\n', "", code)
    unsafe = 'import "unsafe"\n' if "unsafe." in code else ""
    calls = "".join(f"\t{name}()\n" for name in functions)
    body = f"func program(ctx *ebpf.XDP) ebpf.XDPAction {{\n{calls}\treturn ebpf.XDPPass\n}}\n"
    program = f"//bpf:section xdp\n{body}"
    return f'package bpf\n\nimport "tinybpf/ebpf"\n{unsafe}{imports}\n{program}\n{code}'


def shown(code: str) -> str:
    """What the compiler says, with the lines of the page's code."""
    with pytest.raises(CompileError) as caught:
        compile_go(source(code), name="x.go")
    before = source(code).count("\n") - code.count("\n")
    lines = code.splitlines()
    told = []
    for d in caught.value.diagnostics:
        message = re.sub(r"\bline (\d+)", lambda m: f"line {int(m[1]) - before}", d.message)
        line = d.line - before if d.line > before else lines.index(d.source or "") + 1
        told.append(structs.replace(d, path="x.go", line=line, message=message).render())
    return "\n".join(told) + "\n"


BLOCKS = [(m[1], m[2]) for m in BLOCK.finditer(PAGE.read_text())]
ACCEPTED = [code for code, said in BLOCKS if said is None]
REFUSED = [(code, said) for code, said in BLOCKS if said is not None]


def name(code: str) -> str:
    return re.findall(r"^func (?:\(.*?\) )?(\w+)|^var \(?(\w*)|^const", code, re.M)[-1][0] or "declarations"


@pytest.mark.parametrize("code", ACCEPTED, ids=name)
def test_it_compiles(code: str) -> None:
    assert not compile_go(source(code), name="x.go").warnings


@pytest.mark.kernel
@pytest.mark.parametrize("code", ACCEPTED, ids=name)
def test_the_kernel_takes_it(code: str) -> None:
    with tinybpf.load_go(source(code), name="x.go") as obj:
        assert obj.program("program").test_run(bytes(64)).retval == 2
        assert not obj.panics


@pytest.mark.skipif("WRITE_GOLDEN" in os.environ, reason="writes the page")
@pytest.mark.parametrize(("code", "said"), REFUSED, ids=[name(code) for code, _ in REFUSED])
def test_it_is_refused_in_these_words(code: str, said: str) -> None:
    assert shown(code) == said


@pytest.mark.skipif("WRITE_GOLDEN" not in os.environ, reason="WRITE_GOLDEN is not set")
def test_write_the_words() -> None:
    def written(found: re.Match[str]) -> str:
        said = "" if found[2] is None else f"\n```text\n{shown(found[1])}```\n"
        return f"```go\n{found[1]}```\n{said}"

    PAGE.write_text(BLOCK.sub(written, PAGE.read_text()))
