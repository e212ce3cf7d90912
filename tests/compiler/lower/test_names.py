"""The names that loaders see: the rule is an interface, so its results are written down."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.compiler.lower.names import Names, legal, qualified


@pytest.mark.parametrize(
    ("package", "name", "expected"),
    [
        ("main", "Event", "Event"),
        ("", "Event", "Event"),
        ("net", "Event", "net_Event"),
        ("main", "Pair[int, string]", "Pair_int_string"),
        ("main", "Pair[int32,[12]uint8]", "Pair_int32_12_uint8"),
        ("main", "T.M", "T_M"),
        ("main", "(*T).M", "T_M"),
        ("main", "f$1", "f_1"),
        ("main", "init#1", "init_1"),
        ("main", "größe", "gr_u00f6_u00dfe"),
        ("main", "π", "_u03c0"),
        ("main", "_", "_"),
        ("größe", "x", "gr_u00f6_u00dfe_x"),
    ],
)
def test_qualified(package: str, name: str, expected: str) -> None:
    assert qualified(package, name) == expected


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
