"""What is mutated, and how a mutant is run."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from tinybpf.compiler import compile_go, frontend, ssa
from tinybpf.compiler.project import resolve
from tinybpf.errors import InternalCompilerError

from ..generate import generate
from ..harness import bpf
from . import mutants

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 10.0
"""Seconds that each stage of a compile may take."""

SOURCES = (
    "go/programs/*/*.go", "examples/*/bpf/*.go", "tests/compiler/golden/*.go", "tests/libbpf/programs/*.go",
    "tests/golang_package/*/*.go", "tests/language/programs/*.go",
)  # fmt: skip
CONFIG = {
    "build": {
        "output": "x.bpf.o", "cpu": "v3", "opt_profile": "default", "btf": True,
        "cache": False, "timeout": "30s", "programs": {"f": "xdp"}, "custom_passes": [], "target": "bpfel",
    },
    "toolchain": {"llvm-link": "llvm-link", "opt": "opt", "tinygo": "tinygo"},
}  # fmt: skip
SMALL = "package main\n\n//export f\nfunc f(ctx *int64) int32 { return 2 }\n"


@dataclass(frozen=True)
class Target:
    """``seeds`` to begin with; ``mutate`` gives a changed one; ``run`` raises what the compiler raises.

    ``internal``: whether an internal error is a proper answer, as to a document that no front end wrote.
    """

    name: str
    seeds: Callable[[], list[str]]
    mutate: Callable[[random.Random, str, Sequence[str]], str]
    run: Callable[[str], object]
    internal: bool = False


@cache
def _sources() -> list[str]:
    paths = [p for pattern in SOURCES for p in sorted(ROOT.glob(pattern)) if not p.name.endswith("_test.go")]
    texts = [p.read_text() for p in paths]
    return texts + [bpf([generate(seed)]) for seed in range(12)]


def _compile(text: str) -> object:
    return (
        compile_go(text if "\n" in text else text + "\n", name="mutant", timeout=TIMEOUT)
        if text.strip()
        else None
    )


def _documents() -> list[str]:
    """The front end's answers to sources that it takes."""
    found = []
    for text in _sources():
        project = resolve(text, name="mutant", config=None)
        document = frontend.run(project.request(), TIMEOUT)
        if not any(d.kind == "error" for d in document.diagnostics):
            found.append(msgspec.json.encode(document).decode())
    return sorted(found, key=len)[: len(found) * 3 // 4]


def _mutate_tree(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return json.dumps(mutants.tree(rng, json.loads(text), rng.choice((1, 1, 2, 4))))


def _lower(text: str) -> object:
    """Compiles a document as if the front end had answered it."""

    def result() -> ssa.Document:
        try:
            return frontend.decode(text.encode())
        except msgspec.MsgspecError as problem:
            raise InternalCompilerError([]) from problem

    answered = SimpleNamespace(result=result)
    real = frontend.start
    frontend.start = cast(Any, lambda request, timeout: answered)
    try:
        return compile_go(SMALL, timeout=TIMEOUT)
    finally:
        frontend.start = real


def _mutate_config(rng: random.Random, text: str, others: Sequence[str]) -> str:
    if rng.random() < 0.3:
        return mutants.characters(rng, text)
    try:
        return _mutate_tree(rng, text, others)
    except ValueError:
        return mutants.characters(rng, text)


def _configured(text: str) -> object:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tinybpf.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        (Path(folder) / "f.go").write_text(SMALL)
        return compile_go(folder, timeout=None)


TARGETS = (
    Target("sources", _sources, mutants.source, _compile),
    Target("directives", _sources, mutants.directives, _compile),
    Target("documents", _documents, _mutate_tree, _lower, internal=True),
    Target("config", lambda: [json.dumps(CONFIG, indent=1)], _mutate_config, _configured),
)
BY_NAME = {t.name: t for t in TARGETS}
