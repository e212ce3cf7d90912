"""What BPF cannot run is refused at its line, in words: never an internal error, never an object."""

from __future__ import annotations

import pytest

from tinybpf.compiler import compile_go
from tinybpf.errors import CompileError, InternalCompilerError

PROGRAM = """package main

import "unsafe"

{0}

//export program
//bpf:section syscall
func program(ctx unsafe.Pointer) int32 {{
	c := (*context)(ctx)
	{1} // HERE
	return int32(c.a)
}}

type context struct {{
	a, b int64
	p    *int64
}}

func main() {{}}
"""

# What stands before the program, the statement in it, and words of the message.
REFUSED = {
    "goroutine": ("func f() {}", "go f()", "goroutine"),
    "channel": ("", "ch := make(chan int); ch <- 1", "goroutine"),
    "select": ("", "select {}", "select"),
    "defer": ("func f() {}", "for c.a < 9 { c.a++; defer f() }", "defer"),
    "recover": ("", "recover()", "recover"),
    "map": ("", "m := map[int]int{}; m[1] = 2", "heap"),
    "make": ("", "s := make([]int, c.a); s[0] = 1", "heap"),
    "append to nil": ("", "var s []int; s = append(s, 1); c.a = int64(s[0])", "append to a nil slice"),
    "append past the end": ("", "var a [4]int; s := append(a[:], 1); c.a = int64(s[0])", "without room"),
    "print": ("", "println(c.a)", "print"),
    "float": ("", "f := float64(c.a) * 1.5; c.a = int64(f)", "floating point"),
    "complex": ("", "z := complex(float64(c.a), 0); c.a = int64(real(z))", "floating point"),
    "concatenation": ("var s = \"x\"", "c.a = int64(len(s + s[c.b:]))", "put together on the heap"),
    "runes": ("", "s := \"aé\"; r := []rune(s[c.b:]); c.a = int64(r[0])", "heap"),
    "string of runes": ("", "var r [3]rune; c.a = int64(len(string(r[c.b:])))", "heap"),
    "large copy": (
        "var b [300]byte", "s := string(b[:]); b[c.b] = 1; c.a = int64(s[c.b])", "have to be copied"
    ),
    "string in a context": (
        "", "p := (*struct{ s string })(ctx); p.s = \"x\"", "string is stored in memory that outlives"
    ),
    "string from a context": (
        "", "p := (*struct{ s string })(ctx); c.a = int64(len(p.s))", "a string is read"
    ),
    "length of bytes somewhere": (
        "", "s := unsafe.String((*byte)(unsafe.Add(ctx, 8)), c.b); c.a = int64(len(s))", "has to be constant"
    ),
    "interface": (
        "type i interface{ m() int64 }; type x int64; type y int64\n"
        "func (x) m() int64 { return 1 }; func (y) m() int64 { return 2 }",
        "var v i = x(1); if c.a > 0 { v = y(2) }; c.a = v.m()",
        "dynamic dispatch",
    ),
    "comparison": ("", "var a [2]int; var x any = a[:]; if x == any(a[:1]) { c.a = 1 }", "no =="),
    "function value": ("var g func() int64", "x := c.b; g = func() int64 { return x }; g()", "outlives"),
    "hidden function": ("", "f := func() {}; (*(*func())(unsafe.Pointer(&f)))()", "lost sight of"),
    "range over a map": ("var m map[int]int", "for i := range m { c.a = int64(i) }", "maps"),
    "no body": ("func nobody()", "nobody()", "no body"),
    "context index": ("", "a := (*[4]int64)(ctx); c.a = a[c.b]", "context"),
    "large variable": ("", "var a [600]byte; a[c.b&511] = 1; c.a = int64(a[5])", "stack"),
}  # fmt: skip

# The same, for what is wrong elsewhere than in the program's line.
ELSEWHERE = {
    "recursion": ("func f(n int64) int64 { return f(n-1) + 1 }", "c.a = f(c.b)", "recursion"),
    "escape by return": ("func f() *int64 { x := int64(1); return &x }", "c.a = *f()", "local variable x"),
    "escape to a variable": ("var kept *int64", "x := c.b; kept = &x; c.a = *kept", "kept"),
}  # fmt: skip


def messages(before: str, statement: str) -> tuple[str, CompileError]:
    source = PROGRAM.format(before, statement)
    with pytest.raises(CompileError) as caught:
        compile_go(source)
    assert not isinstance(caught.value, InternalCompilerError), caught.value
    return source, caught.value


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_its_line(name: str) -> None:
    before, statement, words = REFUSED[name]
    source, error = messages(before, statement)
    here = next(n for n, line in enumerate(source.splitlines(), 1) if "// HERE" in line)
    found = [d for d in error.diagnostics if d.line == here or name == "no body"]
    assert any(words in d.message for d in found), error


@pytest.mark.parametrize("name", ELSEWHERE)
def test_refused(name: str) -> None:
    before, statement, words = ELSEWHERE[name]
    _, error = messages(before, statement)
    assert any(words in d.message and d.line for d in error.diagnostics), error


def test_the_frame_is_right() -> None:
    """Without anything wrong in it the program compiles."""
    assert compile_go(PROGRAM.format("", "c.a = c.b")).programs


KEPT_PAST_ITS_TURN = {
    "by a struct that a pointer keeps": """type kept struct{ p *int64 }
func use(c *context) (s int64) {
	var last *kept
	for i := int64(0); i < 4; i++ {
		v := i * 3
		if c.a>>i&1 != 0 {
			if last != nil { s += *last.p }
			continue
		}
		k := kept{&v}
		last = &k
	}
	return
}""",
    "by a literal that a variable keeps": """func use(c *context) (s int64) {
	f := func() int64 { return 0 }
	for i := int64(0); i < 4; i++ {
		if c.a>>i&1 != 0 {
			s += f()
			continue
		}
		f = func() int64 { return i }
	}
	return
}""",
    "by what the caller's variable keeps": """type kept struct{ p *int64 }
func keep(k *kept, p *int64) { k.p = p }
func use(c *context) (s int64) {
	var last kept
	for i := int64(0); i < 4; i++ {
		v := i * 3
		if c.a>>i&1 != 0 {
			if last.p != nil { s += *last.p }
			continue
		}
		keep(&last, &v)
	}
	return
}""",
}


@pytest.mark.parametrize("name", KEPT_PAST_ITS_TURN)
def test_addresses_kept_past_their_turn(name: str) -> None:
    _, error = messages(KEPT_PAST_ITS_TURN[name], "c.a = use(c)")
    assert any("past its turn" in d.message and d.line for d in error.diagnostics), error
