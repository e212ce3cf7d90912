"""What tests note of what they have seen."""

from __future__ import annotations

import errno
from enum import Enum

import pytest
from observing import observed, observed_errno, shown


class Color(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        ("two\n words", "two words"),
        (b"ab\0", "b'ab\\x00'"),
        (Color.RED, "RED"),
        ({2: Color.RED, 1: [(1, Color.RED), ()]}, "{1: [(1, RED), ()], 2: RED}"),
        ("x" * 200, "x" * 100 + "…"),
    ],
)
def test_values_on_one_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_the_value_comes_back_and_is_in_the_report(request: pytest.FixtureRequest) -> None:
    numbers = [1, 2]
    assert observed("numbers", numbers) is numbers
    assert observed_errno("refused with", errno.EPERM) == errno.EPERM
    noted = [value for name, value in request.node.user_properties if name == "observed"]
    assert noted == [("numbers", "[1, 2]"), ("refused with", "EPERM")]
