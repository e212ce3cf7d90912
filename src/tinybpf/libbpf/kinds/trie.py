"""Tries for longest prefix matches: networks as keys.

A key is the number of bits that count and the data that they are of, the first byte first. Where the data
has 4 or 16 bytes it is an IP network, unless the object's BTF tells more than one field.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
)
from typing import Any

from tinybpf.libbpf.btf import COMPOSITE
from tinybpf.libbpf.codec import Codec
from tinybpf.libbpf.map import BpfMap

_BITS = struct.Struct("=I")
_NETWORKS = {4: IPv4Network, 16: IPv6Network}


class Trie(BpfMap[Any, Any]):
    """Keys go in as ``"10.0.0.0/8"``, ``ipaddress`` objects, ``(bits, bytes)``, structs or bytes.

    They come out as ``IPv4Network`` or ``IPv6Network`` where they can be one. Looking up finds the
    longest prefix of a key that is there; an address is a prefix of all its bits. Kernel 4.11 or later.
    """

    def _default_key(self) -> Codec:
        plain = super()._default_key()
        size = self._core.key_size - _BITS.size
        network: Any = _NETWORKS.get(size) if self._is_address() else None
        if network is None:
            return Codec(plain.label, plain.size, plain.python_type, _encoder(plain, size), plain.decode)
        return Codec(network.__name__, plain.size, network, _encoder(plain, size), _decoder(network, size))

    def _is_address(self) -> bool:
        """Whether nothing says that the key's data is more than one field."""
        btf, key = self._core.types.btf, self._core.types.key
        if btf is None or not key:
            return True
        record = btf.resolve(key)
        return record.kind not in COMPOSITE or len(list(btf.members(record))) == 2


def _encoder(plain: Codec, size: int) -> Callable[[Any], bytes]:
    def encode(key: Any) -> bytes:
        if isinstance(key, str):
            key = _parsed(key)
        if isinstance(key, (IPv4Interface, IPv6Interface)):  # which are addresses, too
            key = key.network
        if isinstance(key, (IPv4Network, IPv6Network)):
            return _packed(key.prefixlen, key.network_address.packed, key)
        if isinstance(key, (IPv4Address, IPv6Address)):
            return _packed(key.max_prefixlen, key.packed, key)
        if isinstance(key, tuple) and len(key) == 2 and not hasattr(key, "to_bytes"):
            bits, data = key
            if isinstance(bits, int) and isinstance(data, (bytes, bytearray, memoryview)):
                return _packed(bits, bytes(data), key)
        return plain.encode(key)

    def _packed(bits: int, data: bytes, key: Any) -> bytes:
        if len(data) != size:
            raise ValueError(f"{key} has {len(data)} bytes, the map's keys have {size}")
        if not 0 <= bits <= 8 * size:
            raise ValueError(f"a prefix has 0 to {8 * size} bits, not {bits}")
        return _BITS.pack(bits) + data

    return encode


def _parsed(text: str) -> IPv4Interface | IPv6Interface:
    try:
        return ip_interface(text)
    except ValueError:
        raise ValueError(f"'{text}' is no address, and no network such as '10.0.0.0/8'") from None


def _decoder(network: type[IPv4Network] | type[IPv6Network], size: int) -> Callable[[bytes], Any]:
    def decode(raw: bytes) -> Any:
        bits = min(_BITS.unpack_from(raw)[0], 8 * size)
        return network((raw[_BITS.size :], bits), strict=False)

    return decode
