"""Events that a ring buffer had no room for, as the program counts them."""

from __future__ import annotations

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

FIT = 4096 // (64 + 8)


@pytest.fixture
def obj(build):
    with tinybpf.load(build("losing")) as loaded:
        yield loaded


def fill(obj, count: int) -> None:
    assert obj.program("fill").test_run(ctx=count.to_bytes(8, "little")).retval == 0


def test_a_stream_tells_what_was_lost(obj):
    stream = obj.ring_buffer("events", timeout=0.1)
    assert stream.lost == obj.lost("events") == 0
    fill(obj, 100)
    assert stream.lost == obj.lost("events") == 100 - FIT
    assert [event.Number for event in stream] == list(range(FIT))
    fill(obj, 100)
    assert obj.lost("events") == 2 * (100 - FIT)
    assert stream.closed and stream.lost == 100 - FIT  # what it was when the stream ended


def test_nobody_counts_for_the_other_map(obj):
    assert obj.lost("quiet") is None and obj.ring_buffer("quiet").lost is None


@pytest.mark.parametrize("first", ["stream", "object"])
def test_after_the_end_it_still_tells(obj, first: str):
    stream = obj.ring_buffer("events")
    fill(obj, 100)
    if first == "stream":
        stream.close()
    obj.close()
    assert stream.lost == 100 - FIT
