"""The packets that the language programs are run on."""

from __future__ import annotations

import random
import struct

ETHERNET = bytes(12)
IPV4, IPV6, VLAN = 0x0800, 0x86DD, 0x8100
TCP, UDP, HOP_BY_HOP, ROUTING, FRAGMENT = 6, 17, 0, 43, 44


def frame(kind: int, payload: bytes, tags: int = 0) -> bytes:
    """An Ethernet frame with VLAN tags."""
    tagged = b"".join(struct.pack(">HH", VLAN, tag) for tag in range(tags))
    return ETHERNET + tagged + struct.pack(">H", kind) + payload


def ipv4(protocol: int, payload: bytes, options: bytes = b"", fragment: int = 0) -> bytes:
    words = 5 + len(options) // 4
    length = 4 * words + len(payload)
    head = struct.pack(">BBHHHBBHII", 4 << 4 | words, 0, length, 0, fragment, 64, protocol, 0, 1, 2)
    return head + options + payload


def ipv6(protocol: int, payload: bytes, extensions: tuple[int, ...] = ()) -> bytes:
    chain = [*extensions, protocol]
    headers = b"".join(struct.pack("BB6x", after, 0) for after in chain[1:])
    return struct.pack(">IHBB", 6 << 28, len(headers + payload), chain[0], 64) + bytes(32) + headers + payload


def tcp(options: bytes = b"") -> bytes:
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4
    return struct.pack(">HHIIBBHHH", 4711, 443, 1, 2, words << 4, 2, 1024, 0, 0) + options


MSS = b"\x02\x04\x05\xb4"
SYN = tcp(b"\x01\x01\x03\x03\x07\x04\x02" + MSS)  # two fillers, a window scale, a permission, the size
UDP_HEADER = struct.pack(">HHHH", 53, 4711, 8, 0)

PARSER = (
    frame(IPV4, ipv4(TCP, SYN), tags=1),
    frame(IPV6, ipv6(TCP, SYN, (HOP_BY_HOP, ROUTING)), tags=2),
    frame(IPV4, ipv4(UDP, UDP_HEADER, b"\x01" * 8)),
    frame(IPV4, ipv4(TCP, tcp())),
    frame(IPV4, ipv4(TCP, tcp(b"\x05\x01"))),
    frame(IPV4, ipv4(TCP, SYN, fragment=7)),
    frame(IPV6, ipv6(UDP, UDP_HEADER, (FRAGMENT,))),
    frame(IPV6, ipv6(TCP, SYN)[:50]),
    frame(0x0806, bytes(28)),
)

_random = random.Random(1)


def _record() -> bytes:
    bits = _random.randrange(65)
    numbers = (_random.getrandbits(bits) & (1 << width) - 1 for width in (64, 32, 16, 8))
    return bytes(16) + struct.pack("<QIHBx", *numbers)


HISTOGRAM = (*(_record() for _ in range(8)), bytes(20))


def _event() -> bytes:
    flags = _random.choice((2, 16, 17, 17, 1, 4, 18))
    return struct.pack(">IBBH", _random.randrange(4), flags, _random.randrange(2), _random.randrange(1500))


CONNECTIONS = (*(bytes(16) + b"".join(_event() for _ in range(16)) for _ in range(8)), bytes(20))

_TEXTS = (
    b"in 1987, 42 of 1e3 x86 boards, R2D2 and 007 met 12345 times\tor 9",
    b"1 22 333",
    bytes(range(64)),
    b"a1 1a",
    b"7" * 64,
)
TEXT = tuple(bytes(14) + text.ljust(64, b".") for text in _TEXTS)

_REQUESTS = (
    b"get /index.html http/1.1 host: a.example 1987\r\n",
    b"no request",
    b"GET host: 1997",
    b"Host:" * 9,
    b"1007" * 12,
)
REQUESTS = tuple(bytes(14) + text.ljust(48) for text in _REQUESTS)

WORDS = (*(bytes(16) + _random.randbytes(64) for _ in range(4)), bytes(80), bytes(20))
