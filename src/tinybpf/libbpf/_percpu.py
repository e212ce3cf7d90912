"""Values of per-CPU maps: one for each possible CPU, each padded to 8 bytes."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._mapcore import MapCore

if TYPE_CHECKING:
    from tinybpf.libbpf.codec import Codec

_INTEGERS = tuple("bBhHiIqQ")


def decoder(core: MapCore, codec: Codec) -> Callable[[bytes], list[Any]]:
    """What makes one value per CPU of what the kernel gives."""
    size, stride, cpus = core.value_size, core.stride, core.cpus
    if codec.form in _INTEGERS:
        unpack = Struct("=" + f"{codec.form}{stride - size}x" * cpus).unpack
        return lambda raw: list(unpack(raw))
    return lambda raw: [codec.decode(raw[at : at + size]) for at in range(0, stride * cpus, stride)]


def encode(core: MapCore, codec: Codec, values: Any) -> bytes:
    """What the kernel takes, from a sequence with one value per CPU."""
    count = core.cpus
    if isinstance(values, (bytes, bytearray, memoryview, str)) or not hasattr(values, "__len__"):
        raise TypeError(
            f"map '{core.name}' is per-CPU: a value is a list of {count}, one for each possible CPU"
        )
    if len(values) != count:
        raise ValueError(f"map '{core.name}' is per-CPU: {count} values are needed, not {len(values)}")
    padding = bytes(core.stride - core.value_size)
    return b"".join(codec.encode(value) + padding for value in values)
