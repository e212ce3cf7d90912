"""Messages come in the order of the source, each cause once, with its line."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.messages import Messages

DOCUMENT = ssa.Document(
    protocol=ssa.PROTOCOL,
    files=[ssa.File("a.go", "package main\r\n\tx := \x0c1\n"), ssa.File("b.go", "package main")],
    diagnostics=[ssa.Diagnostic(ssa.Pos(0, 2, 2), "odd", kind="warning")],
)


def messages() -> Messages:
    made = Messages("the project")
    made.read(DOCUMENT)
    return made


def test_order_is_that_of_the_source() -> None:
    said = messages()
    said.report(ssa.Pos(1, 1, 1), "third", None)
    said.report(ssa.Pos(0, 1, 9), "first", "a hint")
    assert [str(d) for d in said.all()] == ["a.go:1:9: first", "a.go:2:2: warning: odd", "b.go:1:1: third"]
    assert said.all()[0].hint == "a hint"


def test_a_cause_is_said_once_a_line() -> None:
    said = messages()
    for col in (7, 3):
        said.report(ssa.Pos(0, 2, col), "same", None)
    said.report(ssa.Pos(0, 1, 1), "same", None)
    assert [(d.line, d.col) for d in said.all() if d.message == "same"] == [(1, 1), (2, 3)]


def test_warnings_are_no_errors() -> None:
    said = messages()
    assert said.errors == 0
    said.report(ssa.Pos(0, 1, 1), "wrong", None)
    assert said.errors == 1


def test_source_lines_are_those_of_go() -> None:
    assert messages().place(ssa.Pos(0, 1, 1), "x").source == "package main"
    assert messages().place(ssa.Pos(0, 2, 1), "x").source == "\tx := \x0c1"
    assert messages().place(ssa.Pos(1, 9, 1), "x").source is None


def test_without_a_place() -> None:
    assert str(messages().place(ssa.NO_POS, "nothing to do")) == "the project: nothing to do"
