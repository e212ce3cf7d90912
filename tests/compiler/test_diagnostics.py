"""How messages look, and that they find their line whatever is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.compiler import Diagnostic, compile_go
from tinybpf.compiler.diagnostics import WIDTH, summary
from tinybpf.errors import CompileError


def test_place_line_caret_hint() -> None:
    d = Diagnostic("a.go", 3, 7, "cannot", hint="write it so", source="\tx = ü + y")
    assert str(d) == "a.go:3:7: cannot"
    assert d.render() == "a.go:3:7: cannot\n    \tx = ü + y\n    \t     ^\n    hint: write it so"


def test_the_column_counts_bytes() -> None:
    """As Go's does: what stands behind a letter of two bytes is one further in bytes than in columns."""
    d = Diagnostic("a.go", 1, 4, "here", source="üb!")
    assert d.render().split("\n")[2] == "      ^"


def test_long_lines_are_cut_around_the_column() -> None:
    for at, line in ((0, "x" + "-" * 999), (500, "-" * 500 + "x" + "-" * 499), (999, "-" * 999 + "x")):
        _, shown, caret = Diagnostic("a.go", 1, at + 1, "here", source=line).render().split("\n")
        assert len(shown) == 4 + WIDTH
        assert shown[caret.index("^")] == "x"
        assert (shown[4] == "…") == (at > 0)


def test_control_characters_do_not_reach_the_terminal() -> None:
    shown = Diagnostic("a.go", 1, 5, "here", source="a\x1b[2J\x07\tb").render()
    assert shown.split("\n")[1] == "    a\ufffd[2J\ufffd\tb"


def test_without_a_place() -> None:
    assert str(Diagnostic("", 0, 0, "the whole run")) == "the whole run"
    assert Diagnostic("bpf", 0, 0, "the whole package", source="x").render() == "bpf: the whole package"


def test_warning() -> None:
    assert str(Diagnostic("a.go", 1, 1, "odd", severity="warning")) == "a.go:1:1: warning: odd"


def test_color() -> None:
    d = Diagnostic("a.go", 1, 1, "odd", hint="so", source="x")
    shown = d.render(color=True)
    for code in ("\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m"):
        shown = shown.replace(code, "")
    assert shown == d.render() != d.render(color=True)


def test_the_caret_stands_below_wide_letters_and_tabs() -> None:
    """A letter of East Asia takes two columns, an accent that follows its letter none."""
    for source, at in (("\tx := 世界 + y", "y"), ("e\u0301 := !", "!"), ("世\t世 + z", "z")):
        col = source.encode().index(at.encode()) + 1
        line, caret = Diagnostic("a.go", 1, col, "here", source=source).render().split("\n")[1:]
        before = {"世": "  ", "界": "  ", "\u0301": "", "\t": "\t"}
        assert caret == "".join(before.get(c, " ") for c in line[: line.index(at)]) + "^"


def test_lines_are_broken_between_words_for_a_terminal() -> None:
    d = Diagnostic("a.go", 1, 2, "word " * 30 + "end", hint="take " * 40 + "this", source="\t" + "x" * 300)
    shown = d.render(columns=80).split("\n")
    assert max(len(line.expandtabs()) for line in shown) <= 80
    assert " ".join("".join(shown).split()).count("word") == 30
    assert [line for line in shown if line.startswith("    hint: take")]
    assert all(line.startswith("  ") for line in shown[1:])
    assert d.render().split("\n")[0] == str(d), "elsewhere a message is one line"


def test_a_word_longer_than_the_line_is_left_whole() -> None:
    name = "n" * 100
    assert Diagnostic("", 0, 0, f"there is no {name} here").render(columns=40).split("\n")[1].strip() == name


@pytest.mark.parametrize(
    ("source", "at", "token"),
    [
        ("\treturn value + 1", "value", "value"),
        ("\tx <<= 3", "<<=", "<<="),
        ("//bpf:sektion xdp", "//", "//bpf:sektion xdp"),
        ('\ts := "a b\\"c" + t', '"', '"a b\\"c"'),
        ("\tüber := 1", "ü", "über"),
        ("\tx := 1.5e3", "1.5", "1.5e3"),
    ],
)
def test_the_end_of_what_stands_there(source: str, at: str, token: str) -> None:
    col = source.encode().index(at.encode()) + 1
    found = Diagnostic("a.go", 1, col, "here", source=source)
    assert source.encode()[col - 1 : found.end_col - 1].decode() == token


def test_as_data() -> None:
    message = "f redeclared in this block\n\tbpf/a.go:3:6: other declaration of f"
    found = Diagnostic("bpf/b.go", 9, 6, message, source="func f() {}", kind="go").data()
    assert found == {
        "path": "bpf/b.go", "line": 9, "col": 6, "end_line": 9, "end_col": 7, "severity": "error",
        "kind": "go", "message": "f redeclared in this block", "hint": None, "source": "func f() {}",
        "related": [{"path": "bpf/a.go", "line": 3, "col": 6, "message": "other declaration of f"}],
    }  # fmt: skip


def test_summary() -> None:
    error, warning = Diagnostic("", 0, 0, "x"), Diagnostic("", 0, 0, "x", "warning")
    assert summary([error]) is summary([]) is None
    assert summary([error, error, warning]) == "2 errors, 1 warning"
    assert summary([warning, warning]) == "2 warnings"


BAD = """package main

import "unsafe"
%s
//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	x := 1.5
	return int32(x)
}
"""

OTHER = """package main

func other() int32 {
	var s []int32
	s = append(s, 1)
	print(1)
	return s[0]
}
"""


@pytest.mark.parametrize(
    ("between", "ending"),
    [("", "\n"), ("", "\r\n"), ("// a\x0cb\x1cc\u2028d\u0085e", "\n"), ("/* ü\n\n */", "\n")],
    ids=["plain", "carriage returns", "what Python takes for line ends", "comment"],
)
def test_the_line_is_that_of_go(tmp_path: Path, between: str, ending: str) -> None:
    source = (BAD % between).replace("\n", ending)
    file = tmp_path / "bad.go"
    file.write_bytes(source.encode())
    with pytest.raises(CompileError) as caught:
        compile_go(file)
    (found,) = {d for d in caught.value.diagnostics if "float64" in d.message and ":=" in (d.source or "")}
    assert found.source == "\tx := 1.5"
    assert source.encode().split(b"\n")[found.line - 1].rstrip(b"\r") == b"\tx := 1.5"


def test_bytes_that_are_no_letters(tmp_path: Path) -> None:
    """Each is shown as one character, so that what stands behind it is found."""
    file = tmp_path / "bad.go"
    file.write_bytes(b'package main\n\nvar a, \xff\xfe b = "\xc3\xbc" @ 1\n')
    with pytest.raises(CompileError) as caught:
        compile_go(file)
    found = caught.value.diagnostics
    (said,) = (d for d in found if "'@'" in d.message)
    assert said.source == 'var a, ?? b = "ü" @ 1'
    assert said.render().split("\n")[2] == "    " + " " * said.source.index("@") + "^"


def test_several_files_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By file, then by line: functions are lowered in another order than they stand in."""
    package = tmp_path / "bpf"
    package.mkdir()
    (package / "a.go").write_text(BAD.replace("%s", "").replace("int32(x)", "int32(x) + other()"))
    (package / "b.go").write_text(OTHER)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError) as caught:
        compile_go("bpf")
    assert [(d.path, d.line) for d in caught.value.diagnostics] == [
        ("bpf/a.go", 8), ("bpf/a.go", 9), ("bpf/b.go", 5), ("bpf/b.go", 6),
    ]  # fmt: skip


def test_several_packages_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program's own packages do wrong is told together, each at its file."""
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.24\n")
    for name in ("bpf", "part"):
        (tmp_path / name).mkdir()
    (tmp_path / "part" / "part.go").write_text(
        "package part\n\nfunc Half(n uint32) int32 {\n\tx := 0.5\n\treturn int32(x) + int32(n)\n}\n"
    )
    (tmp_path / "bpf" / "a.go").write_text(
        'package main\n\nimport (\n\t"example.com/m/part"\n\t"tinybpf/ebpf"\n)\n\n//bpf:section xdp\n'
        "func prog(ctx *ebpf.XDP) ebpf.XDPAction {\n\tgo part.Half(1)\n"
        "\treturn ebpf.XDPAction(part.Half(ctx.IngressIfindex))\n}\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError) as caught:
        compile_go("bpf")
    assert [(d.path, d.line) for d in caught.value.diagnostics] == [
        ("bpf/a.go", 10), ("part/part.go", 4), ("part/part.go", 5),
    ]  # fmt: skip
    part = tmp_path / "part" / "part.go"
    part.write_text(part.read_text().replace("0.5", "nothing"))
    (tmp_path / "bpf" / "b.go").write_text("package main\n\nvar x string = 1\n")
    with pytest.raises(CompileError) as caught:
        compile_go("bpf")
    assert [(d.path, d.line, d.kind) for d in caught.value.diagnostics] == [
        ("bpf/b.go", 3, "go"), ("part/part.go", 4, "go"),
    ]  # fmt: skip


def test_all_errors_of_the_type_checker(tmp_path: Path) -> None:
    body = "".join(f"\tvar v{n} uint8 = 256\n" for n in range(30))
    with pytest.raises(CompileError) as caught:
        compile_go(f"package main\n\nfunc f() {{\n{body}}}\n")
    assert len(caught.value.diagnostics) == 60, "each is out of range, and not used"
