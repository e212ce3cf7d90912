from __future__ import annotations

import struct
import time

import pytest

from tinybpf.show import words
from tinybpf.show.shape import Group, Leaf


def word(form: str, value: object, signed: bool = False, **given: object) -> str:
    return words.word_of(Leaf("x", 0, 8, form, "Q", signed, **given))(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("int", -5, "-5"),
        ("bool", True, "true"),
        ("bool", False, "false"),
        ("float", 1.5, "1.5"),
        ("text", b"bash\0junk", "bash"),
        ("text", bytes(16), "-"),
        ("text", "käse".encode() + b"\0", "käse"),
        ("text", b"a\xffb\0", "a\\xffb"),
        ("guess", b"abc\0\0", "abc"),
        ("guess", b"abc\0d", "6162630064"),
        ("guess", bytes(4), "-"),
        ("guess", b"\x01\x02", "0102"),
        ("hexbytes", b"\x01\xff", "01ff"),
        ("ip", b"\x7f\0\0\x01", "127.0.0.1"),
        ("ip", bytes(15) + b"\x01", "::1"),
        ("ip", bytes.fromhex("20010db8000000000000000000000042"), "2001:db8::42"),
        ("mac", b"\x02\0\0\0\0\xfe", "02:00:00:00:00:fe"),
        ("be", b"\x01\xbb", "443"),
        ("hex", 0xDEAD, "0xdead"),
        ("oct", 0o644, "0644"),
        ("pointer", 0xFFFF888000000000, "0xffff888000000000"),
        ("size", 0, "0B"),
        ("size", 1023, "1023B"),
        ("size", 1024, "1.00KiB"),
        ("size", (1 << 20) - 1, "1.00MiB"),
        ("size", 123456, "121KiB"),
        ("size", 10**7, "9.54MiB"),
        ("size", (1 << 64) - 1, "16.0EiB"),
        ("duration", 0, "0ns"),
        ("duration", 999, "999ns"),
        ("duration", 1500, "1.50us"),
        ("duration", 999_499, "999us"),
        ("duration", 999_999, "1.00ms"),
        ("duration", 12_345_678, "12.3ms"),
        ("duration", 5_000_000_000, "5.00s"),
        ("duration", 125 * 10**9, "2m05s"),
        ("duration", 7300 * 10**9, "2h01m"),
        ("duration", -1500, "-1.50us"),
        ("histogram", struct.pack("=64Q", *([3, 2] + [0] * 62)), "5 in 2 slots"),
        ("wide", (1 << 100).to_bytes(16, "little"), str(1 << 100)),
    ],
)
def test_words(form, value, text):
    assert word(form, value) == text


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (-2, True, "ENOENT"),
        (0, True, "0"),
        (3, True, "3"),
        (-5000, True, "-5000"),
        (2, False, "ENOENT"),
        (0, False, "0"),
        (99999, False, "99999"),
    ],
)
def test_errno(value, signed, text):
    assert word("errno", value, signed) == text


def test_enum():
    names = (("A", 1), ("B", 2), ("AlsoA", 1))
    assert [word("enum", value, names=names) for value in (1, 2, 3)] == ["A", "B", "3"]


def test_time_is_the_clock_on_the_wall():
    now = time.time()
    shown = word("time", time.monotonic_ns())
    assert shown[:6] in (time.strftime("%H:%M:", time.localtime(now)), time.strftime("%H:%M:"))
    assert len(shown) == len("12:34:56.123456")
    assert word("time", 0) == "-"


def test_times_since_1970():
    assert words.unix_ns(1_700_000_000 * 10**9) == 1_700_000_000 * 10**9
    assert abs(words.unix_ns(time.monotonic_ns()) - time.time_ns()) < 10**9


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eevil", "\\u202eevil"),
        ("plain ü", "plain ü"),
    ],
)
def test_nothing_reaches_the_terminal_that_could_move_its_cursor(text, shown):
    assert words.clean(text) == shown
    assert word("text", text.encode()) == shown


def test_lists():
    numbers = Leaf("x", 0, 6, "list", "6s", element=Leaf("", 0, 2, "be", "2s"), count=3)
    assert words.word_of(numbers)(b"\0\x01\0\x02\0\x03") == "[1 2 3]"
    long = Leaf("x", 0, 80, "list", "80s", element=Leaf("", 0, 4, "int", "I"), count=20)
    assert words.word_of(long)(bytes(80)) == "[" + "0 " * 16 + "…+4]"


def test_lists_of_structs():
    pair = Group("", 0, 8, (Leaf("A", 0, 4, "int", "I"), Leaf("B", 4, 4, "hex", "I")))
    pairs = Leaf("x", 0, 16, "list", "16s", element=pair, count=2)
    assert words.word_of(pairs)(struct.pack("=4I", 1, 2, 3, 4)) == "[{A=1 B=0x2} {A=3 B=0x4}]"


def test_what_is_remembered_has_an_end():
    remembered = words.Remember(str)
    for number in range(3 * words.MOST_REMEMBERED):
        assert remembered[number] == str(number)
    assert len(remembered) <= words.MOST_REMEMBERED
