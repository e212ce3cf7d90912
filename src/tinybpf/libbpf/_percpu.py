"""Values of per-CPU maps: one for each possible CPU, each padded to 8 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._mapcore import MapCore

if TYPE_CHECKING:
    from tinybpf.libbpf.codec import Codec


def decode(core: MapCore, codec: Codec, buffer: Any) -> list[Any]:
    """One value per CPU from what the kernel gave."""
    size, stride = core.value_size, core.stride
    raw = bytes(buffer)
    return [codec.decode(raw[at : at + size]) for at in range(0, stride * core.cpus, stride)]


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
