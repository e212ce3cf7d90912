from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.show.histogram import bar, buckets, draw, label, slots_of


def slots(**counts: int) -> list[int]:
    found = [0] * 64
    for name, count in counts.items():
        found[int(name[1:])] = count
    return found


def test_drawn():
    assert draw(slots(s0=1, s1=2, s3=4), 40) == [
        "     [0]  1 |██████▎                  |",
        "     [1]  2 |████████████▌            |",
        "  [2, 4)  0 |                         |",
        "  [4, 8)  4 |█████████████████████████|",
    ]


def test_drawn_without_unicode():
    assert draw(slots(s1=1, s2=4), 30, blocks=False) == [
        "     [1]  1 |@@@@           |",
        "  [2, 4)  4 |@@@@@@@@@@@@@@@|",
    ]


def test_where_there_is_no_room_for_bars():
    assert draw(slots(s1=1), 10) == ["  [1]  1"]


def test_empty():
    assert draw([0] * 64, 80) == ["  (empty)"]


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        (0, "[0]"),
        (1, "[1]"),
        (2, "[2, 4)"),
        (10, "[512, 1K)"),
        (11, "[1K, 2K)"),
        (21, "[1M, 2M)"),
        (63, "[4E, …)"),
    ],
)
def test_labels(slot, text):
    (bucket,) = buckets(slots(**{f"s{slot}": 1}))
    assert label(*bucket[:2]) == text


@given(st.lists(st.integers(0, 1 << 60), min_size=64, max_size=64), st.integers(1, 200))
def test_every_line_fits_and_nothing_is_left_out(counts, width):
    lines = draw(counts, width)
    assert len({len(line) for line in lines}) == 1
    if width >= 60:
        assert len(lines[0]) < width
    assert sum(count for _, _, count in buckets(counts)) == sum(counts)


@given(st.integers(1, 1 << 40), st.integers(1, 1 << 40), st.booleans())
def test_a_bar_is_seen_and_not_too_long(count, most, blocks):
    count = min(count, most)
    drawn = bar(count, most, 20, blocks)
    assert len(drawn) == 20 and drawn.strip()
    assert (drawn in ("█" * 20, "@" * 20)) or count < most


def test_slots_of():
    assert slots_of(struct.pack("=64Q", *range(64))) == tuple(range(64))
