"""What the kernel tells of a program: its facts, its instructions, its lines."""

from __future__ import annotations

import time
from typing import Any

from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.info import ProgramInfo

_LONGEST_NAME = 15  # the kernel keeps no more of it; BTF has the rest


class Arrays:
    """Room for what ``struct bpf_prog_info`` has by address, each an array of so many bytes."""

    def __init__(self, **sizes: int) -> None:
        self.rooms = {name: ffi.new("char[]", max(size, 1)) for name, size in sizes.items()}
        self.sizes = sizes

    def bytes(self, name: str, size: int | None = None) -> bytes:
        """What the kernel wrote there, as far as it has that much."""
        whole = ffi.buffer(self.rooms[name], self.sizes[name])
        return bytes(whole if size is None else whole[:size])


def read(fd: int, what: str, prepare: Any = None) -> Any:
    """The kernel's ``struct bpf_prog_info``; ``prepare`` puts addresses and numbers of arrays into it."""
    info = ffi.new("struct bpf_prog_info *")
    size = ffi.new("__u32 *", ffi.sizeof("struct bpf_prog_info"))
    if prepare is not None:
        prepare(info)
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, size)
    return info


def address(room: Any) -> int:
    return int(ffi.cast("uintptr_t", room))


def facts(fd: int, label: str, name: str | None = None, section: str = "") -> ProgramInfo:
    """What a program is, by its descriptor. Kernel 4.13 or later."""
    what = f"read what the kernel knows of {label}"
    info = read(fd, what)
    maps = _map_ids(fd, what, info.nr_map_ids) if info.nr_map_ids else ()
    return ProgramInfo(
        full_name(fd, what, info) if name is None else name,
        section,
        BpfProgType(info.type),
        id=info.id,
        tag=bytes(info.tag).hex(),
        xlated_size=info.xlated_prog_len,
        jited_size=info.jited_prog_len,
        verified_instructions=info.verified_insns,
        loaded_at=_since_1970(info.load_time),
        uid=info.created_by_uid,
        gpl=_is_gpl(info),
        map_ids=maps,
        btf_id=info.btf_id,
        run_time_ns=info.run_time_ns,
        run_count=info.run_cnt,
        recursion_misses=info.recursion_misses,
        attach_btf_id=info.attach_btf_id,
        attach_btf_object_id=info.attach_btf_obj_id,
    )


def full_name(fd: int, what: str, info: Any) -> str:
    """The function's name; the kernel cuts it after 15 bytes, BTF does not."""
    short = text(info.name)
    if len(short) < _LONGEST_NAME or not info.btf_id or not info.nr_func_info:
        return short
    functions = functions_of(fd, what, info)
    return functions[0][1] if functions and functions[0][1].startswith(short) else short


def functions_of(fd: int, what: str, info: Any) -> list[tuple[int, str]]:
    """The functions of a program: number of the first instruction, and name; empty without BTF."""
    from tinybpf.libbpf._pins import _kernel_btf

    count, step = info.nr_func_info, info.func_info_rec_size
    btf = _kernel_btf(info.btf_id) if info.btf_id and count and step >= 8 else None
    if btf is None:
        return []
    arrays = Arrays(func_info=count * step)

    def prepare(asked: Any) -> None:
        asked.nr_func_info, asked.func_info_rec_size = count, step
        asked.func_info = address(arrays.rooms["func_info"])

    read(fd, what, prepare)
    words = memoryview(arrays.bytes("func_info")).cast("I")
    return [(words[at], btf.record(words[at + 1]).name) for at in range(0, len(words), step // 4)]


def _map_ids(fd: int, what: str, count: int) -> tuple[int, ...]:
    arrays = Arrays(map_ids=4 * count)

    def prepare(asked: Any) -> None:
        asked.nr_map_ids, asked.map_ids = count, address(arrays.rooms["map_ids"])

    found = read(fd, what, prepare).nr_map_ids
    return tuple(memoryview(arrays.bytes("map_ids")).cast("I")[: min(found, count)])


def _is_gpl(info: Any) -> bool:
    """A bit field, which cffi does not know: the first bit behind ``ifindex``."""
    offset = ffi.offsetof("struct bpf_prog_info", "ifindex") + 4
    word = int(ffi.cast("__u32 *", ffi.cast("char *", info) + offset)[0])
    return bool(word & 1 if _little() else word >> 31)


def _little() -> bool:
    import sys

    return sys.byteorder == "little"


def _since_1970(boot_ns: int) -> float | None:
    """The time of day for a time since the machine's start, both as of now."""
    if not boot_ns:
        return None
    return time.time() - (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - boot_ns) / 1e9
