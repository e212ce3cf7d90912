"""The run of bytes that has all string constants of a program."""

from __future__ import annotations

from tinybpf.compiler import frontend
from tinybpf.compiler.pool import BITS, Pool, packed
from tinybpf.compiler.project import resolve

SOURCE = """package main

var names = [...]string{"one", "two", "one", ""}

func prog(s string) bool {
	if s == "three" {
		panic("said by nobody")
	}
	return s == "two"
}

//export prog
//bpf:section syscall
func program() int32 {
	if prog(names[1]) {
		return 1
	}
	return 0
}
"""


def pool() -> Pool:
    return Pool(frontend.run(resolve(SOURCE).request()))


def test_what_is_kept() -> None:
    """Each constant once; none that only a panic would say."""
    made = pool()
    for text in (b"one", b"two", b"three"):
        assert made.data.count(text) == 1
        assert made.data[made.place(text) :].startswith(text)
    assert b"nobody" not in made.data
    assert b"said by nobody" not in made
    assert made.longest == 5


def test_a_mask_keeps_an_offset_inside() -> None:
    size = len(pool().data)
    assert size & (size - 1) == 0
    assert size == 64


def test_in_memory() -> None:
    """No address, for there is nobody who would fill it in; offset and length in one word."""
    made = pool()
    assert made.memory(b"") == bytes(16)
    word = int.from_bytes(made.memory(b"three")[8:], "little")
    assert made.memory(b"three")[:8] == bytes(8)
    assert word & (1 << BITS) - 1 == made.place(b"three")
    assert word >> BITS == 5
    assert packed(3, 4, 5) == 3 + (4 << 21) + (5 << 42)
