from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.show.reader import json_lines_maker, json_maker, row_maker, rows_maker
from tinybpf.show.shape import Group, Leaf, shape_of

HEAD = {"kind": "event", "map": "m"}


def group(*fields: Leaf | Group, size: int = 64) -> Group:
    return Group("S", 0, size, fields)


def test_rows_and_json_say_the_same_of_clangs_struct(shapes):
    shape = shape_of(shapes, shapes.find("exec"))
    record = struct.pack("=QI16s4xQ", 0, 7, b"bash\0", 1 << 60)
    assert row_maker(shape)(record) == ("-", "7", "bash", str(1 << 60))
    assert json.loads(json_maker(shape)(record)) == {
        "When": None,
        "PID": 7,
        "Comm": "bash",
        "Big": str(1 << 60),
    }


def test_fields_are_found_behind_gaps():
    shape = group(Leaf("A", 3, 1, "int", "B"), Leaf("B", 8, 4, "int", "i", True))
    record = b"xxx\x07xxxx" + struct.pack("=i", -9)
    assert rows_maker(shape)([record, record]) == [("7", "-9")] * 2


def test_more_bytes_than_the_type_has_are_fine():
    assert row_maker(group(Leaf("A", 0, 1, "int", "B")))(b"\x05more") == ("5",)


def test_too_few_bytes_are_an_error():
    make = rows_maker(group(Leaf("A", 0, 4, "int", "I")))
    with pytest.raises(struct.error):
        make([b"abc"])


def test_unions_share_bytes():
    shape = group(
        Leaf("Number", 0, 4, "int", "I"),
        Leaf("Bytes", 0, 4, "hexbytes", "4s"),
        Leaf("Next", 4, 1, "int", "B"),
    )
    assert row_maker(shape)(b"\x01\0\0\0\x09") == ("1", "01000000", "9")


def test_bit_fields():
    shape = group(
        Leaf("A", 0, 1, "int", "1s", shift=0, bits=3),
        Leaf("B", 0, 1, "int", "1s", signed=True, shift=3, bits=5),
    )
    assert row_maker(shape)(bytes([0b11111_010])) == ("2", "-1")
    assert json.loads(json_maker(shape)(bytes([0b01111_010]))) == {"A": 2, "B": 15}


def test_nested_structs_are_nested_in_json():
    inner = Group("In", 4, 4, (Leaf("B", 4, 4, "int", "I"),))
    shape = group(Leaf("A", 0, 4, "int", "I"), inner)
    record = struct.pack("=II", 1, 2)
    assert row_maker(shape)(record) == ("1", "2")
    assert json.loads(json_maker(shape)(record)) == {"A": 1, "In": {"B": 2}}


def test_fields_called_like_our_keys_get_an_underscore():
    shape = group(
        Leaf("kind", 0, 1, "int", "B"), Leaf("map", 1, 1, "int", "B"), Leaf("map_", 2, 1, "int", "B")
    )
    line = json_lines_maker(shape, HEAD)([b"\x01\x02\x03"])[0]
    assert json.loads(line) == HEAD | {"kind_": 1, "map_": 2, "map__": 3}


@pytest.mark.parametrize("name", ["a'b", 'a"b', "{x}", "a\\b", "');import os#", "a\nb", "é", ""])
def test_names_are_only_names(name):
    """BTF is somebody else's: its names end up within the source of a function."""
    line = json_lines_maker(group(Leaf(name, 0, 1, "int", "B")), {"kind": name})([b"\x01"])[0]
    found = json.loads(line)
    assert found["kind"] == name and found[name or ""] == 1


def test_an_event_without_fields():
    assert json.loads(json_lines_maker(group(), HEAD)([b"", b"x"])[1]) == HEAD
    assert rows_maker(group())([b"", b"x"]) == [(), ()]


def test_a_scalar_event():
    assert json.loads(json_maker(Leaf("value", 0, 8, "int", "Q"))(bytes(8))) == {"value": 0}


@given(st.integers(0, (1 << 64) - 1), st.integers(-(1 << 63), (1 << 63) - 1))
def test_no_digit_is_lost_in_json(unsigned, signed):
    shape = group(Leaf("U", 0, 8, "int", "Q"), Leaf("S", 8, 8, "int", "q", True))
    found = json.loads(json_maker(shape)(struct.pack("=Qq", unsigned, signed)))
    for value, number in ((found["U"], unsigned), (found["S"], signed)):
        assert int(value) == number
        assert isinstance(value, int) == (abs(number) < 1 << 53)


@given(st.binary(min_size=16, max_size=16))
def test_any_bytes_make_one_line_of_json(data):
    forms = ("text", "guess", "hexbytes", "ip")
    shape = group(*(Leaf(form, 0, 16, form, "16s") for form in forms))
    line = json_lines_maker(shape, HEAD)([data])[0]
    assert line.isascii() and line.endswith("\n") and line.count("\n") == 1 and line[:-1].isprintable()
    assert set(json.loads(line)) == {*HEAD, *forms}


def test_json_of_every_form():
    fields = [
        (Leaf("bool", 0, 1, "bool", "?"), True, True),
        (Leaf("float", 0, 8, "float", "d"), 1.5, 1.5),
        (Leaf("nan", 0, 8, "float", "d"), float("nan"), None),
        (Leaf("mac", 0, 6, "mac", "6s"), bytes(6), "00:00:00:00:00:00"),
        (Leaf("be", 0, 2, "be", "2s"), b"\x01\xbb", 443),
        (Leaf("hex", 0, 4, "hex", "I"), 255, "0xff"),
        (Leaf("oct", 0, 4, "oct", "I"), 8, "010"),
        (Leaf("size", 0, 8, "size", "Q"), 4096, 4096),
        (Leaf("duration", 0, 8, "duration", "Q"), 10**9, 10**9),
        (Leaf("errno", 0, 4, "errno", "i", True), -1, "EPERM"),
        (Leaf("result", 0, 4, "errno", "i", True), 7, 7),
        (Leaf("enum", 0, 4, "enum", "I", names=(("A", 1),)), 1, "A"),
        (Leaf("other", 0, 4, "enum", "I", names=(("A", 1),)), 9, 9),
        (Leaf("pointer", 0, 8, "pointer", "Q"), 4096, "0x1000"),
        (Leaf("time", 0, 8, "time", "Q"), 1_700_000_000_000_000_001, "2023-11-14T22:13:20.000000001Z"),
        (Leaf("list", 0, 4, "list", "4s", element=Leaf("", 0, 2, "int", "H"), count=2), b"\1\0\2\0", [1, 2]),
    ]
    for leaf, value, expected in fields:
        found = json.loads(json_maker(leaf)(struct.pack("=" + leaf.code, value)))
        assert found == {leaf.name: expected}


def test_json_of_a_histogram():
    leaf = Leaf("h", 0, 512, "histogram", "512s")
    data = struct.pack("=64Q", *[0, 2, 0, 1], *([0] * 60))
    assert json.loads(json_maker(leaf)(data))["h"] == [
        {"min": 1, "max": 1, "count": 2},
        {"min": 2, "max": 3, "count": 0},
        {"min": 4, "max": 7, "count": 1},
    ]
