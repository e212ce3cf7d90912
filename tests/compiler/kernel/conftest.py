"""What the running kernel says of itself: its enums from BTF, and whether it takes a map or a program."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tinybpf.compiler.kernel.sections import SectionDef

VMLINUX = Path("/sys/kernel/btf/vmlinux")
SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_MAP_CREATE, BPF_PROG_LOAD = 0, 5
BPF_F_SLEEPABLE = 1 << 4

ENUM, TYPEDEF, FUNC = 6, 8, 12
EXTRA_BYTES = {1: 4, 3: 12, 14: 4, 17: 4}
"""What follows a BTF type of a kind once (INT, ARRAY, VAR, DECL_TAG)."""
ENTRY_BYTES = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
"""What follows it for each member (STRUCT, UNION, ENUM, FUNC_PROTO, DATASEC, ENUM64)."""


class KernelTypes:
    """What the tests want of the running kernel's BTF: enums, and the ids of functions and typedefs."""

    def __init__(self, data: bytes) -> None:
        self.enums: dict[str, dict[str, int]] = {}
        self.ids: dict[str, int] = {}
        header_length, types_offset, types_length, strings_offset = struct.unpack_from("<IIII", data, 4)
        strings = header_length + strings_offset

        def text(offset: int) -> str:
            return data[strings + offset : data.index(b"\0", strings + offset)].decode()

        at, end = header_length + types_offset, header_length + types_offset + types_length
        number = 0
        while at < end:
            number += 1
            name, info, _ = struct.unpack_from("<III", data, at)
            kind, count = info >> 24 & 0x1F, info & 0xFFFF
            at += 12
            if kind == ENUM:
                rows = struct.iter_unpack("<Ii", data[at : at + 8 * count])
                self.enums.setdefault(text(name), {text(label): value for label, value in rows})
            elif kind in (FUNC, TYPEDEF):
                self.ids[text(name)] = number
            at += EXTRA_BYTES.get(kind, 0) + count * ENTRY_BYTES.get(kind, 0)


@pytest.fixture(scope="session")
def kernel_types() -> KernelTypes:
    """Types of the running kernel."""
    if not VMLINUX.exists():
        pytest.skip("this kernel has no BTF")
    return KernelTypes(VMLINUX.read_bytes())


@pytest.fixture(scope="session")
def kernel_enums(kernel_types: KernelTypes) -> dict[str, dict[str, int]]:
    """All enums of the running kernel by name."""
    return kernel_types.enums


def _bpf(command: int, attributes: bytes) -> int:
    """The system call: a file descriptor, or ``OSError``."""
    number = SYS_BPF.get(platform.machine())
    if number is None:
        pytest.skip(f"no system call number for {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result: int = libc.syscall(number, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@pytest.fixture
def create_map() -> Callable[..., None]:
    """Create a map and close it again; ``OSError`` where the kernel refuses."""

    def create(kind: int, key: int, value: int, entries: int, flags: int) -> None:
        os.close(_bpf(BPF_MAP_CREATE, struct.pack("<IIIII", kind, key, value, entries, flags)))

    return create


@pytest.fixture
def load_returning() -> Callable[..., str | None]:
    """Load ``return value`` as a program of a section; the verifier's words where it refuses.

    ``target`` is the BTF id of what the program attaches to, where the section wants one.
    """

    def load(definition: SectionDef, value: int, target: int = 0) -> str | None:
        code = struct.pack("<BBhi", 0xB7, 0, 0, value) + struct.pack("<BBhi", 0x95, 0, 0, 0)
        instructions = ctypes.create_string_buffer(code, len(code))
        licence = ctypes.create_string_buffer(b"GPL")
        log = ctypes.create_string_buffer(1 << 16)
        texts = ctypes.addressof(instructions), ctypes.addressof(licence)
        attributes = struct.pack("<IIQQ", definition.program_type_number, 2, *texts)
        attributes += struct.pack("<IIQ", 1, len(log), ctypes.addressof(log))
        flags = BPF_F_SLEEPABLE if definition.sleepable else 0
        attributes += struct.pack("<II16sII", 0, flags, b"", 0, definition.attach_type_number)
        attributes += struct.pack("<IIQIIQII", 0, 0, 0, 0, 0, 0, 0, target)
        try:
            os.close(_bpf(BPF_PROG_LOAD, attributes))
        except OSError as error:
            if error.errno != errno.EINVAL or not log.value:
                raise
            return log.value.decode()
        return None

    return load
