"""The uncompressed kernel inside the image that boot loaders take.

The image begins with a program that decompresses the rest, which takes seconds where the processor
is emulated. QEMU starts the ELF file that comes out of it, too.
"""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess

_SETUP_SECTORS = 0x1F1
_PAYLOAD = 0x248
"""Where the header has the place and the size of what is compressed, since protocol 2.08."""

_ELF = b"\x7fELF"
_XZ = b"\xfd7zXZ\0"
_ZSTD = b"\x28\xb5\x2f\xfd"


def uncompressed(image: bytes) -> bytes | None:
    """The kernel as an ELF file; None where the image is compressed in a way not known here."""
    if len(image) < _PAYLOAD + 8:
        return None
    start, size = struct.unpack_from("<II", image, _PAYLOAD)
    start += ((image[_SETUP_SECTORS] or 4) + 1) * 512
    found = _decompressed(image[start : start + size])
    return found if found and found.startswith(_ELF) else None


def _decompressed(data: bytes) -> bytes | None:
    if data.startswith(_XZ):
        return lzma.LZMADecompressor().decompress(data)
    zstd = shutil.which("zstd")
    if data.startswith(_ZSTD) and zstd:
        done = subprocess.run([zstd, "-dqc"], input=data[:-4], stdout=subprocess.PIPE, check=False)
        return done.stdout if done.returncode == 0 else None
    return None
