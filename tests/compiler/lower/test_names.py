"""The names that loaders see: the rule is an interface, so its results are written down."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.compiler.lower.names import Names, legal, qualified
from tinybpf.compiler.ssa import NO_POS, Function


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("", "Event", "Event"),
        ("example.org/net", "Event", "net_Event"),
        ("", "Pair[int, string]", "Pair_int_string"),
        ("", "Pair[int32,[12]uint8]", "Pair_int32_12_uint8"),
        ("", "T.M", "T_M"),
        ("", "(*T).M", "T_M"),
        ("", "f$1", "f_1"),
        ("", "init#1", "init_1"),
        ("", "größe", "gr_u00f6_u00dfe"),
        ("", "π", "_u03c0"),
        ("", "_", "_"),
        ("größe", "x", "gr_u00f6_u00dfe_x"),
        ("example.org/net", "net.f", "net_f"),
        ("example.org/net", "(*net.T).M", "net_T_M"),
    ],
)
def test_qualified(path: str, name: str, expected: str) -> None:
    package = path.rpartition("/")[2] or "bpf"
    assert qualified(Function(name, package, 0, NO_POS, path=path)) == expected


@given(st.text(max_size=40))
def test_always_legal(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", legal(name))


def test_each_key_has_a_name_of_its_own() -> None:
    names = Names()
    assert names.give(("function", 1), "f") == "f"
    assert names.give(("function", 2), "f") == "f_2"
    assert names.give(("global", 1), "f_2") == "f_2_2"
    assert names.give(("function", 3), "f") == "f_3"
    assert names.give(("function", 2), "f") == "f_2", "the same for good"
