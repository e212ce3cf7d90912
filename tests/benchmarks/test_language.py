"""What the language programs of the benchmarks find, by other means; the C is compared with them there."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from benchmarks import packets
from benchmarks.language import pairs

import tinybpf

pytestmark = pytest.mark.kernel

XDP_DROP, XDP_PASS = 1, 2


@contextmanager
def loaded(name: str) -> Iterator[tuple[Any, Any]]:
    (pair,) = (pair for pair in pairs() if pair.name == name)
    with tinybpf.load_go(pair.go) as obj:
        (program,) = obj.programs.values()
        yield obj, program


def test_the_packet_parser() -> None:
    results = []
    with loaded("packet-parser") as (obj, program):
        for packet in packets.PARSER:
            answer = program.test_run(packet).retval
            results.append((answer, *(obj.globals[n] for n in ("vlans", "protocol", "payload", "mss"))))
            if answer == XDP_PASS and packet is not packets.PARSER[-1]:
                udp = obj.globals["protocol"] == packets.UDP
                assert obj.globals["ports"] == (53 << 16 | 4711 if udp else 4711 << 16 | 443)
    syn = 20 + 12
    assert results == [
        (XDP_PASS, 1, packets.TCP, 14 + 4 + 20 + syn, 1460),
        (XDP_PASS, 3, packets.TCP, 14 + 8 + 40 + 16 + syn, 1460),
        (XDP_PASS, 3, packets.UDP, 14 + 28 + 8, 1460),
        (XDP_PASS, 3, packets.TCP, 14 + 20 + 20, 0),
        (XDP_PASS, 3, packets.TCP, 14 + 20 + 24, 0),
        *((answer, 3, packets.TCP, 14 + 20 + 24, 0) for answer in (XDP_DROP, XDP_DROP)),
        (XDP_PASS, 3, packets.TCP, 14 + 40, 0),
        (XDP_PASS, 3, packets.TCP, 14 + 40, 0),
    ]


def test_the_histogram() -> None:
    seen: list[list[int]] = [[], [], [], []]
    with loaded("histogram") as (obj, program):
        for packet in packets.HISTOGRAM:
            if program.test_run(packet).retval == XDP_DROP:
                assert len(packet) < 16 + 15
                continue
            for kept, n in zip(seen, struct.unpack_from("<QIHB", packet, 16), strict=True):
                kept.append(n)
        for name, numbers in zip(("transfer", "delays", "lengths", "hops"), seen, strict=True):
            h = obj.globals[name]
            counts = [sum(n.bit_length() % 64 == slot for n in numbers) for slot in range(64)]
            assert (list(h.Counts), h.Sum) == (counts, sum(numbers) % 2**64), name
            begins = max(i for i in range(len(numbers)) if sum(numbers[: i + 1]) == numbers[i])
            assert (h.Min, h.Max) == (min(numbers[begins:]), max(numbers[begins:])), name


def test_the_state_machine() -> None:
    """A connection from its first segment to its end, and one that is reset."""
    fin, syn, rst, ack, ours = 1, 2, 4, 16, 1
    steps = [(7, syn, ours), (7, ack, 0), (9, syn, 0), (7, fin, ours), (7, ack, 0), (9, rst, 0), (7, fin, 0)]
    events = [struct.pack(">IBBH", *step, 100) for step in steps]
    events += [struct.pack(">IBBH", 11, ack, 0, 1)] * (16 - len(events))
    with loaded("state-machine") as (obj, program):
        assert program.test_run(bytes(16) + b"".join(events)).retval == XDP_PASS
        conns = {key: tuple(value) for key, value in obj.map("conns").items()}
        time_wait, closed = 6, 0
        assert conns == {
            7: (time_wait, 0, 4, 5, 500),
            9: (closed, 1, 2, 2, 200),
            11: (closed, 0, 0, 9, 9),
        }
        assert program.test_run(packets.CONNECTIONS[-1]).retval == XDP_DROP


def test_the_table_lookup() -> None:
    with loaded("table-lookup") as (obj, program):
        for packet in packets.TEXT:
            text = packet[14:78]
            assert program.test_run(packet).retval == XDP_PASS
            assert obj.globals["checksum"] == zlib.crc32(text)
            words, numbers = read(text)
            assert (obj.globals["words"], obj.globals["numbers"]) == (words, len(numbers))
            assert obj.globals["sum"] == sum(numbers) % 2**64


def read(text: bytes) -> tuple[int, list[int]]:
    """How many words begin in a text, and the numbers that end in it, each modulo 2**64."""
    words, numbers, digits, in_word = 0, [], "", False
    for c in map(chr, text):
        if c.isascii() and c.isdigit():
            digits += "" if in_word else c
            continue
        if digits:
            numbers.append(int(digits) % 2**64)
        digits = ""
        letter = c.isascii() and c.isalpha()
        words += letter and not in_word
        in_word = letter
    return words, numbers


def test_the_string_matcher() -> None:
    with loaded("string-matcher") as (obj, program):
        for packet in packets.REQUESTS:
            text = packet[14:62].upper()
            host = text[8:].find(b"HOST:")
            before = obj.globals["found"][2]
            assert program.test_run(packet).retval == (XDP_DROP if host < 0 else XDP_PASS)
            year = re.search(rb"1..7", text[16:])
            number = before if host < 0 else year.start() if year else -1
            assert tuple(obj.globals["found"]) == (text.find(b"GET "), host, number)


def test_the_hashes() -> None:
    def rotated(v: int, n: int) -> int:
        return (v << n | v >> 32 - n) & 0xFFFFFFFF

    with loaded("hashing") as (obj, program):
        for packet in packets.WORDS[:-1]:
            assert program.test_run(packet).retval == XDP_PASS
            h = 0x9747B28C
            for k in struct.unpack_from("<16I", packet, 16):
                h ^= rotated(k * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF
                h = (rotated(h, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
            h ^= 64
            for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
                h = (h ^ h >> shift) * factor & 0xFFFFFFFF
            assert obj.globals["shortHash"] == h
        assert program.test_run(packets.WORDS[-1]).retval == XDP_DROP
