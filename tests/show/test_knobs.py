from __future__ import annotations

from collections.abc import Iterator

import pytest

from tinybpf.libbpf.open import OpenObject
from tinybpf.libbpf.open import open as open_object
from tinybpf.show.durations import nanoseconds, seconds
from tinybpf.show.knobs import WrongKnob, knobs, parse, pid_knob, set_all
from tinybpf.show.shape import Group, Leaf


def leaf(form: str, size: int = 4, code: str = "I", **given: object) -> Leaf:
    return Leaf("x", 0, size, form, code, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (leaf("int"), "42", 42),
        (leaf("int"), "0x2a", 42),
        (leaf("int"), "-1", -1),
        (leaf("int"), "007", 7),
        (leaf("int"), "1_000", 1000),
        (leaf("int"), "4k", 4096),
        (leaf("int"), "0b101", 5),
        (leaf("bool"), "true", True),
        (leaf("bool"), "0", False),
        (leaf("float"), "1.5", 1.5),
        (leaf("enum", names=(("A", 1), ("B", 2))), "B", 2),
        (leaf("enum", names=(("A", 1),)), "7", 7),
        (leaf("ip"), "1.2.3.4", b"\1\2\3\4"),
        (leaf("ip", 16), "::1", bytes(15) + b"\1"),
        (leaf("mac", 6), "02:00:00:00:00:fe", b"\2\0\0\0\0\xfe"),
        (leaf("text", 8), "abc", "abc"),
        (leaf("duration", 8), "10ms", 10_000_000),
        (leaf("duration", 8), "10", 10),
        (leaf("hexbytes", 2), "0x01ff", b"\1\xff"),
        (leaf("list", 8), "[1, 2]", [1, 2]),
        (Group("S", 0, 4, ()), '{"A": 1}', {"A": 1}),
    ],
)
def test_values(shape, text, value):
    assert parse(shape, text) == value


@pytest.mark.parametrize(
    ("shape", "text", "says"),
    [
        (leaf("int"), "many", "'many' is no integer"),
        (leaf("int"), "", "'' is no integer"),
        (leaf("int"), "1.5", "'1.5' is no integer"),
        (leaf("bool"), "maybe", "neither true nor false"),
        (leaf("float"), "x", "x"),
        (leaf("enum", names=(("A", 1), ("B", 2))), "C", "'C' is not one of A, B"),
        (leaf("ip"), "1.2.3", "'1.2.3' is no IPv4 address"),
        (leaf("ip", 16), "1.2.3.4", "'1.2.3.4' is no IPv6 address"),
        (leaf("mac", 6), "02:00", "2 bytes given, exactly 6 needed"),
        (leaf("mac", 6), "zz", "hexadecimal"),
        (leaf("duration", 8), "10 parsecs", "'10 parsecs' is no duration"),
        (leaf("list", 8), "1, 2", "is no JSON; give it as [1, 2, 3]"),
        (Group("S", 0, 4, ()), "[1]", 'give it as {"Field": 1}'),
    ],
)
def test_values_that_are_none(shape, text, says):
    with pytest.raises(ValueError) as raised:
        parse(shape, text)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"), [("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("10", 10), ("0.25", 0.25), ("1h", 3600)]
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "s", "10x", "-1s", "1s ", "1e3s", "٣s", "nan", "inf", "1..5s"])
def test_durations_that_are_none(text):
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)


def test_nanoseconds_are_exact():
    assert nanoseconds("1.000001ms") == 1_000_001


@pytest.fixture
def opened(shapes_elf: bytes) -> Iterator[OpenObject]:
    opened = open_object(shapes_elf)
    yield opened
    opened.close()


def test_set_all(opened):
    set_all(opened, ["target_pid=7", "want=PASS"])
    assert opened.globals["target_pid"] == 7
    assert opened.globals["want"] == 1


def test_names(opened):
    assert set(knobs(opened.globals)) == {"target_pid", "want"}
    assert pid_knob(opened.globals) == "target_pid"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("target_pdi=1", "there is no knob 'target_pdi' (did you mean 'target_pid'?); there is: "),
        ("target_pid", "give it as name=value; there is: "),
        ("=1", "there is no knob ''; there is: "),
        ("target_pid=-1", "variable 'target_pid': value -1 is out of range"),
        ("ebpf_lost_conns=1", "there is no knob 'ebpf_lost_conns'"),
    ],
)
def test_wrong_knobs(opened, text, says):
    with pytest.raises(WrongKnob) as raised:
        set_all(opened, [text])
    assert str(raised.value).startswith(f"--set {text}: ") and says in str(raised.value)
