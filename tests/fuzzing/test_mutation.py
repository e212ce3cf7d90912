"""Mutated sources, documents, directives and configurations come to an object or a diagnostic."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path

import fuzz.mutation.__main__ as command
import pytest
from fuzz.mutation import hunt, mutants
from fuzz.mutation.targets import BY_NAME, Target

from tinybpf.errors import BpfError, CompileError, InternalCompilerError

COUNTS = {"sources": 300, "directives": 100, "documents": 700, "config": 800}


@pytest.mark.parametrize("name", COUNTS)
def test_mutants(name: str) -> None:
    found = hunt.Hunt(BY_NAME[name], seed=5)
    for text in itertools.islice(found.mutants(), COUNTS[name]):
        found.try_one(text)
    failures = [f"{f.key}\n{f.detail}\n{f.text[:3000]}" for f in found.failures.values()]
    assert not failures, "\n\n".join(failures[:3])
    assert found.counts["object"] > 0
    assert found.counts["diagnostic"] > COUNTS[name] // 4


def _raises(problem: BaseException) -> Callable[[str], object]:
    def run(text: str) -> object:
        if "bad" in text:
            raise problem
        return text

    return run


@pytest.mark.parametrize(
    ("problem", "internal", "key"),
    [
        (CompileError([]), False, None),
        (InternalCompilerError([]), True, None),
        (InternalCompilerError([]), False, "internal"),
        (KeyError("x"), True, "KeyError"),
        (RecursionError(), False, "RecursionError"),
        (TimeoutError("more than 60 s"), False, "TimeoutError"),
        (BpfError("the worker is gone"), False, "BpfError"),
    ],
)
def test_what_is_a_failure(problem: BaseException, internal: bool, key: str | None) -> None:
    target = Target("t", lambda: ["fine"], mutants.source, _raises(problem), internal)
    assert hunt.outcome(target, "good") == "object"
    got = hunt.outcome(target, "a bad one")
    if key is None:
        assert got == "diagnostic"
    else:
        assert isinstance(got, hunt.Failure) and got.key.startswith(key)


def test_hanging_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(text: str) -> object:
        while True:
            pass

    monkeypatch.setattr(hunt, "HANG", 1)
    got = hunt.outcome(Target("t", list, mutants.source, run), "x")
    assert isinstance(got, hunt.Failure) and got.key.startswith("TimeoutError")


def test_what_reaches_new_lines_is_mutated_further() -> None:
    found = hunt.Hunt(BY_NAME["config"], seed=1)
    following = found.mutants()
    next(following)
    before = len(found._pool)
    assert found.try_one(json.dumps({"build": {"cpu": "v9"}})) == "diagnostic"
    assert len(found._pool) == before + 1
    assert found.try_one(json.dumps({"build": {"cpu": "v8"}})) == "diagnostic"
    assert len(found._pool) == before + 1


def test_trees_change_and_stay_what_they_were() -> None:
    root = {"a": [1, {"b": "x"}], "c": True, "d": []}
    rng = random.Random(3)
    made = [mutants.tree(rng, root) for _ in range(100)]
    assert root == {"a": [1, {"b": "x"}], "c": True, "d": []}
    assert sum(m != root for m in made) > 80
    assert all(isinstance(json.dumps(m), str) for m in made)


def test_shortened() -> None:
    text = "\n".join(f"line {n}" for n in range(40))
    assert hunt.shortened(text, lambda t: "line 7" in t and "line 31" in t) == "line 7\nline 31"


def test_the_command_keeps_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("sources", lambda: ["one\nbad two\nthree"], mutants.directives, _raises(KeyError("k")))
    monkeypatch.setattr(command, "KEPT", tmp_path)
    monkeypatch.setattr(command, "TARGETS", (target,))
    assert command.main(["--targets", "sources", "--count", "3", "--seed", "4"]) == 1
    assert (tmp_path / "sources-4-1" / "shortened.go").read_text() == "bad two"
    assert "KeyError" in (tmp_path / "sources-4-1" / "README").read_text()
    assert "sources: KeyError" in capsys.readouterr().out
