"""What a line of Go says at a column."""

from __future__ import annotations

import pytest

from tinybpf.libbpf import go_text
from tinybpf.libbpf.verifier_calls import argument, call_of


def column(line: str, mark: str = "@") -> tuple[str, int]:
    """The line without its mark, and the column (in bytes, from 1) where that stood."""
    before, _, after = line.partition(mark)
    return before + after, len(before.encode()) + 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("\te.@A = 2", "e"),
        ("\tx := @*p", "p"),
        ("\tx := @*p.next", "p.next"),
        ("\tproto := @*(*byte)(unsafe.Pointer(start + 23))", "start"),
        ("\treturn @*(*uint32)(unsafe.Add(unsafe.Pointer(v), i*4))", "v"),
        ("\tif eth.@Type.Uint16() == ebpf.EtherTypeIPv4 {", "eth"),
        ("\ta.b@[i].c++", "a.b"),
        ("\ta[i].@c++", "a"),
        ("\t*n @+= 1", "n"),
        ("\t*n@++", "n"),
        ("\tatomic.@AddUint64(&v.count, 1)", "v.count"),
        ("\tü.@b = 1", "ü"),
        ("\treturn @0", None),
        ("\tif @true {", None),
        ("}@", None),
        ("", None),
        ('\tf("a.@b")', None),
        ("\tx := y // e.@A", None),
    ],
)
def test_the_pointer(line: str, name: str | None) -> None:
    assert go_text.pointer_at(*column(line)) == name


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a + b.c*2", ["a", "b.c"]),
        ("unsafe.Pointer(&e.Text)", ["e.Text"]),
        ("(*Event)(unsafe.Pointer(&a))", ["a"]),
        ("f(x, g(y.z()))", ["x", "y"]),
        ("uint32(n) & 0xff", ["n"]),
        ("ctx.Args[2]", ["ctx.Args"]),
        ("ebpf.PID() + iota", []),
        ("'a' + \"x y\" + `z`", []),
        ("", []),
    ],
)
def test_variables(expression: str, names: list[str]) -> None:
    assert go_text.variables(expression) == names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("\te := events.Reserve()", "e"),
        ("\tif e, ok := f(a); ok {", "e"),
        ("\tvar e *Event = f()", "e"),
        ("\ts.e, x = f()", "s.e"),
        ("\tf(a)", None),
        ("\tif a == b {", None),
    ],
)
def test_what_is_assigned(line: str, name: str | None) -> None:
    assert go_text.assigned(line) == name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("\tfor i := uint32(0); i < n; i++ {", ("i < n", ("i", "n"), "n", True)),
        ("\tfor n != 7 {", ("n != 7", ("n",), "7", False)),
        ("\tfor *p == 0 {", ("*p == 0", ("p",), "", False)),
        ("\tfor {", ("", (), "", False)),
        ("outer: for {", ("", (), "", False)),
        ("\tfor i := range 10 {", ("range 10", (), "10", True)),
        ("\tfor i, b := range buf[:n] {", ("range buf[:n]", ("buf", "n"), "buf[:n]", True)),
        ("\tfor ; i <= len(x); {", ("i <= len(x)", ("i", "x"), "len(x)", False)),
        ("\tfor at := head; at != 0; at = at.next {", ("at != 0", ("at",), "0", False)),
        ("\tfor i := 8; i > 0; i -= 2 {", ("i > 0", ("i",), "0", True)),
        ("\tfor (__u32 i = 0; i < n; i++)", ("i < n", ("i", "n"), "n", True)),
        ("\t} while (n != 7);", ("n != 7", ("n",), "7", False)),
        ("\tfor (;;) {", ("", (), "", False)),
    ],
)
def test_heads_of_loops(line: str, found: tuple[str, tuple[str, ...], str, bool]) -> None:
    assert go_text.loop(line) == found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("    __u64 *e = bpf_ringbuf_reserve(&events, 8, 0);", "e"),
        ("    const struct event *e = reserve();", "e"),
        ("    struct event e = {};", "e"),
        ("    unsigned int n = 4;", "n"),
        ("\t*p = 4", "p"),
        ("\tvar e = f()", "e"),
    ],
)
def test_what_is_assigned_in_c(line: str, name: str) -> None:
    assert go_text.assigned(line) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(void *)&key", "&key"),
        ("(char*)buf", "buf"),
        ("(const struct event *)e", "e"),
        ("(*uint32)(x)", "(*uint32)(x)"),
        ("(a * b)", "(a * b)"),
        ("&key", "&key"),
    ],
)
def test_a_cast_of_c(text: str, found: str) -> None:
    assert go_text.without_cast(text) == found


@pytest.mark.parametrize("line", ["\tx := before(y)", "// for ever", "", "\tformat := 1", '\tf("for {")'])
def test_no_head_of_a_loop(line: str) -> None:
    assert go_text.loop(line) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("\tw := (*uint32)(unsafe.@Add(unsafe.Pointer(v), i*4))", ("v", "i")),
        ("\tx := a.b@[i+1]", ("a.b", "i")),
        ("\tx := start @+ off", ("start", "off")),
        ("\tx := start @- f(y).z", ("start", "y")),
        ("\tx := @start", (None, None)),
        ("\tx := 1", (None, None)),
    ],
)
def test_sums(line: str, found: tuple[str | None, str | None]) -> None:
    assert go_text.sum_at(*column(line)) == found


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("unsafe.Pointer(&x)", "&x"),
        ("(*T)(unsafe.Pointer(&x))", "&x"),
        ("unsafe.Pointer(uintptr(f(1)))", "f(1)"),
        ("f(x)", "f(x)"),
        ("unsafe.Pointer(a) + unsafe.Pointer(b)", "unsafe.Pointer(a) + unsafe.Pointer(b)"),
        ("x", "x"),
        ("", ""),
        (None, None),
    ],
)
def test_what_is_converted(text: str | None, inner: str | None) -> None:
    assert go_text.converted(text) == inner


@pytest.mark.parametrize(
    ("helper", "line", "register", "found"),
    [
        ("bpf_probe_read_user", "\tebpf.ProbeReadUser(unsafe.Pointer(&b), n, ctx.Args[1])", 2, "n"),
        ("bpf_probe_read_user", "\tif ebpf.ReadUser(&b, at) != 0 {", 3, "at"),
        ("bpf_map_lookup_elem", "\tv := counts.Lookup(key)", 1, "counts"),
        ("bpf_map_lookup_elem", "\tv := bpfMapLookupElem(m, unsafe.Pointer(&k))", 2, "unsafe.Pointer(&k)"),
        ("bpf_ringbuf_output", "\tevents.Output(&e)", 2, "&e"),
        ("bpf_spin_lock", "\tv.Lock.Lock()", 1, "v.Lock"),
        ("bpf_spin_lock", "\tv.Lock.Lock()", 2, None),
        ("bpf_get_current_comm", "\tf(ebpf.CurrentComm(&a[0].Comm), g[int](1, 2))", 1, "&a[0].Comm"),
    ],
)
def test_arguments_of_helpers(helper: str, line: str, register: int, found: str | None) -> None:
    call = call_of(helper, line)
    assert call is not None
    assert argument(helper, call, register) == found


def test_calls_that_are_no_helper() -> None:
    assert call_of("bpf_redirect", "\tevents.Output(&e)") is None
    assert call_of("bpf_redirect", "\tebpf.Redirect(1,") is None  # goes on in the next line


def test_any_text_is_read() -> None:
    """Lines are cut, or of another language: nothing of it may raise."""
    line = "\tif a[i].b(unsafe.Add(p, (*T)(x)), `q`, 'c') { for i := range f[int](1) { *p += 1 } } // x"
    for start in range(len(line)):
        for end in range(start, len(line) + 1):
            text = line[start:end]
            go_text.loop(text), go_text.assigned(text), go_text.variables(text), go_text.converted(text)
            go_text.sum_in(text), go_text.pointer_at(text, 1), go_text.pointer_at(text, len(text))
    for at in range(len(line) + 2):
        go_text.pointer_at(line, at), go_text.sum_at(line, at), go_text.selected_at(line, at)
        go_text.call_at(line, at)
