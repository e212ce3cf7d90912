from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.show.shape import Group, Leaf
from tinybpf.show.table import Table, cells, cut, wrap

PID = Leaf("PID", 0, 4, "int", "I")
COMM = Leaf("Comm", 4, 16, "text", "16s")
PATH = Leaf("Path", 20, 64, "text", "64s")
ADDRESS = Leaf("Addr", 4, 4, "ip", "4s")
MESSAGE = Leaf("message", 4, 64, "message", "64s")


def table(*groups: tuple[Leaf, ...], **given: bool) -> Table:
    return Table([(f"map{n}", Group("", 0, 84, group)) for n, group in enumerate(groups)], **given)


def lines(made: Table, rows: list[tuple[str, ...]], width: int | None, index: int = 0) -> list[str]:
    made.fit(index, rows, width)
    header = [made.header()] if made.header() else []
    return [*header, *(made.line(index, row) for row in rows)]


def test_numbers_on_the_right_and_text_on_the_left():
    assert lines(table((PID, COMM)), [("7", "bash"), ("12345", "a longer name")], 80) == [
        "    PID  Comm",
        "      7  bash",
        "  12345  a longer name",
    ]


def test_columns_grow_with_what_comes():
    made = table((PID, COMM))
    assert not made.fit(0, [("7", "bash")], 80) or made.header() == "    PID  Comm"
    assert made.fit(0, [("1234567890", "bash")], 80)
    assert made.header() == "       PID  Comm"
    assert made.line(0, ("7", "bash")) == "         7  bash"


def test_text_is_cut_where_the_terminal_is_narrow():
    made = table((PID, PATH))
    rows = [("7", "/usr/lib/x86_64-linux-gnu/libc.so.6")]
    assert lines(made, rows, 30) == ["    PID  Path", "      7  /usr/lib/x86_64-linu…"]
    assert lines(made, rows, 80)[1] == "      7  /usr/lib/x86_64-linux-gnu/libc.so.6"
    assert lines(made, rows, None)[1] == "      7  /usr/lib/x86_64-linux-gnu/libc.so.6"


def test_pairs_where_nothing_fits():
    made = table((PID, COMM, PATH))
    assert lines(made, [("7", "Web Content", "/a")], 20) == ['PID=7\n  Comm="Web Content"\n  Path=/a']


def test_several_sources_share_columns():
    made = table((PID, COMM), (PID, ADDRESS))
    made.fit(0, [("7", "bash")], 80)
    made.fit(1, [("8", "1.2.3.4")], 80)
    assert made.header() == "map       PID  Comm             Addr"
    assert made.line(0, ("7", "bash")) == "map0        7  bash             -"
    assert made.line(1, ("8", "1.2.3.4")) == "map1        8  -                1.2.3.4"


def test_a_pipe_keeps_its_layout():
    leaves = tuple(Leaf(f"F{n}", 4 * n, 4, "int", "I") for n in range(20))
    made = table(leaves, (COMM,))
    made.fit(0, [("1",) * 20], None)
    header = made.header()
    assert header is not None
    made.fit(0, [("1" * 30,) * 20], None)  # far wider than anybody's line
    assert made.header() is not None


def test_a_pipe_with_too_many_columns_gets_pairs():
    made = table(
        *((Leaf(f"F{n}a", 0, 16, "text", "16s"), Leaf(f"F{n}b", 16, 16, "text", "16s")) for n in range(8))
    )
    made.fit(3, [("x", "y z")], None)
    assert made.header() is None
    assert made.line(3, ("x", "y z")) == 'map3 F3a=x F3b="y z"'


def test_messages_go_on_to_the_end_of_the_line():
    made = table((PID, MESSAGE))
    long = "word " * 40 + "end"
    assert lines(made, [("7", long)], 40) == ["    PID  message", f"      7  {long}"]


def test_names_cannot_move_the_cursor():
    made = table((Leaf("\x1b[2J", 0, 4, "int", "I"), COMM), (COMM,))
    made.fit(0, [("7", "sh")], 80)
    assert made.header() is not None and made.header().isprintable()
    made.fit(0, [("7", "sh")], 10)
    assert "\\x1b[2J=7" in made.line(0, ("7", "sh"))


def test_exact_widths_for_maps():
    assert lines(table((PID, COMM), usual=False), [("7", "sh")], None) == ["PID  Comm", "  7  sh"]


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("…", 1), ("ü", 1)]
)
def test_cells(text, count):
    assert cells(text) == count


@given(st.text(), st.integers(1, 20))
def test_what_is_cut_fits(text, width):
    assert cells(cut(text, width)) <= width


@given(st.lists(st.text("abc=", min_size=1, max_size=12), min_size=1), st.integers(16, 60))
def test_wrapped_lines_fit_and_lose_nothing(pairs, width):
    text = wrap(pairs, width)
    assert text.split() == pairs
    assert all(len(line) <= width for line in text.split("\n"))


@given(
    st.lists(st.tuples(st.text("ab日", max_size=40), st.text("xy", max_size=60)), min_size=1, max_size=5),
    st.integers(24, 120),
)
def test_no_line_of_a_table_is_wider_than_the_terminal(rows, width):
    made = table((COMM, PATH))
    for line in lines(made, rows, width):
        if made.header() is not None:
            assert cells(line) <= width
