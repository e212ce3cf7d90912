"""Queues and stacks, seen from Python and from a program."""

from __future__ import annotations

import struct

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("kind", ["queue", "stack"])
def test_push_and_pop(kind):
    with create_map(kind, value="s32", max_entries=3) as made:
        assert made.pop(None) is None and made.peek() is None and made.peek(5) == 5
        with pytest.raises(IndexError, match=f"pop from empty {kind}"):
            made.pop()
        for number in (-1, 2, 3):
            made.push(number)
        with pytest.raises(tinybpf.BpfError, match="it is full; flags=BPF_EXIST drops the oldest"):
            made.push(4)
        made.push(4, tinybpf.BPF_EXIST)
        order = [2, 3, 4] if kind == "queue" else [4, 3, 2]
        assert made.peek() == order[0] and made.pop() == order[0]
        assert observed(f"what a {kind} gives", made.drain()) == order[1:] and made.drain() == []
        made.push(1)
        made.clear()
        assert made.peek() is None
        with pytest.raises(ValueError, match="out of range"):
            made.push(1 << 31)


def test_they_are_no_dictionaries():
    with create_map("queue", value="u32", max_entries=3, name="todo") as made:
        for use in (
            lambda: made[0],
            lambda: made.update(0, 1),
            lambda: 1 in made,
            lambda: list(made),
            lambda: len(made),
            made.items,
            made.to_dict,
            lambda: made.get(1),
        ):
            with pytest.raises(tinybpf.BpfError, match=r"map 'todo' is type QUEUE: .*use push\(\), pop\(\)"):
                use()
        with pytest.raises(tinybpf.BpfError, match="map 'todo' is type QUEUE, expected BLOOM_FILTER"):
            made.add(1)
        assert made and repr(made) == "<BpfMap 'todo' QUEUE: u32, 3 entries>"
    with create_map("hash", key=4, value=4, max_entries=1) as plain:
        with pytest.raises(tinybpf.BpfError, match="is type HASH, expected QUEUE or STACK"):
            plain.push(b"abcd")
        with pytest.raises(tinybpf.BpfError, match="is type HASH, expected QUEUE or STACK"):
            plain.peek()


def test_a_program_at_the_other_end(kinds):
    requests, numbers = kinds.map("requests"), kinds.map("numbers")
    run = kinds.program("queue_up").test_run
    for value in (10, 20):
        assert run(data=struct.pack("=IIQ", 0, 7, value)).retval == 0
    first = requests.pop()
    assert (first.index, first.key, first.value) == (0, 7, 10)
    assert (numbers.pop(), requests.peek().value) == (-20, 20)
    numbers.push(-77)
    requests.push({"index": 5})
    run_out = run(data=struct.pack("=IIQ", 1, 0, 0))
    assert run_out.retval == -77 & 0xFFFFFFFF and run_out.data_out == struct.pack("=IIQ", 0, 7, 20)
    assert [request.index for request in requests.drain()] == [5]
