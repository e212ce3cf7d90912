from __future__ import annotations

import pytest

from tinybpf.compiler import Diagnostic
from tinybpf.errors import CompileError, InternalCompilerError, SourceLine, VerifierError
from tinybpf.show.oneliner import complete, positions


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("func f() {}", "package main\n"),
        ("func f(c *ebpf.XDP) {}", 'package main; import "tinybpf/ebpf"\n'),
        ('import "tinybpf/ebpf"\nfunc f(c *ebpf.XDP) {}', "package main\n"),
        ('import (\n\t"sync/atomic"\n\te "tinybpf/ebpf"\n)\nfunc f(c *ebpf.XDP) {}', "package main\n"),
        ('// import "tinybpf/ebpf"\nfunc f(c *ebpf.XDP) {}', 'package main; import "tinybpf/ebpf"\n'),
        ('func f() { g("ebpf.XDP") }', "package main\n"),
        ("// package x\nfunc f() {}", "package main\n"),
    ],
)
def test_what_is_added(text, head):
    assert complete(text) == (f"{head}{text}\n", 1)


@pytest.mark.parametrize("text", ["package bpf\nfunc f() {}", "// Package bpf\npackage bpf; func f() {}"])
def test_whole_files_stay_as_they_are(text):
    assert complete(text) == (text + "\n", 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" \n// only a comment", "is empty"),
        ("x := 1", "there is no function"),
        ("// func f() {}\nvar x int", "there is no function"),
    ],
)
def test_what_is_no_program(text, says):
    with pytest.raises(ValueError, match=says) as raised:
        complete(text)
    assert "tinybpf run -e '" in str(raised.value)


def test_positions_of_diagnostics():
    given = [Diagnostic("<source>", 4, 2, "wrong"), Diagnostic("ebpf/maps.go", 4, 2, "elsewhere")]
    with pytest.raises(CompileError) as raised, positions("<source>", 1):
        raise CompileError(given)
    assert str(raised.value) == "-e:3:2: wrong\nebpf/maps.go:4:2: elsewhere"


def test_our_own_faults_stay_such():
    with pytest.raises(InternalCompilerError), positions("<source>", 1):
        raise InternalCompilerError([Diagnostic("<source>", 4, 2, "internal error")])


def test_positions_of_the_verifier():
    source = SourceLine("/tmp/<source>", 4, 9, "return *p")
    with pytest.raises(VerifierError) as raised, positions("<source>", 1):
        raise VerifierError("refused", source=source, notes=[(source, "it comes from here")])
    assert str(raised.value) == (
        "-e:3:9: refused\n\t-e:3:9: it comes from here\n    return *p\n            ^"
    )
    assert raised.value.source == SourceLine("-e", 3, 9, "return *p")
