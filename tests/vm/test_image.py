"""The uncompressed kernel inside a bootable image."""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess

import pytest

from tinybpf.vm import image

KERNEL = b"\x7fELF" + bytes(range(256)) * 8


def bootable(payload: bytes, sectors: int = 3) -> bytes:
    head = bytearray((sectors + 1) * 512)
    head[0x1F1] = sectors
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    return bytes(head) + bytes(16) + payload + b"behind"


def test_xz() -> None:
    assert image.uncompressed(bootable(lzma.compress(KERNEL))) == KERNEL


def test_zstd() -> None:
    zstd = shutil.which("zstd")
    if zstd is None:
        pytest.skip("no zstd on this machine")
    packed = subprocess.run([zstd, "-c"], input=KERNEL, stdout=subprocess.PIPE, check=True).stdout
    assert image.uncompressed(bootable(packed + bytes(4))) == KERNEL


@pytest.mark.parametrize("data", [b"", bootable(b"\x1f\x8bgzip"), bootable(lzma.compress(b"no ELF"))])
def test_what_is_not_known_is_left_to_the_image_itself(data: bytes) -> None:
    assert image.uncompressed(data) is None
