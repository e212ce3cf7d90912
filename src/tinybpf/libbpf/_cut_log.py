"""The reason of a refusal whose log the kernel cut.

Before Linux 6.4 a log that is longer than its room loses its end, where the reason stands. Linux 5.10 fills
256 MiB with one loop, for it tells of each step back in search of what a register's value depends on. The
program is then loaded once more with log level 4, which leaves out the instructions: what is left are
the verifier's messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._lib import ffi, lib, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinybpf.libbpf._handle import ObjectHandle

_MESSAGES_ALONE = 4  # BPF_LOG_STATS: no instructions
_ROOM = 1 << 20
_END = re.compile(r"^processed \d+ insn", re.M)

_SETTINGS = (
    (lib.bpf_map__autocreate, lib.bpf_map__set_autocreate),
    (lib.bpf_map__type, lib.bpf_map__set_type),
    (lib.bpf_map__key_size, lib.bpf_map__set_key_size),
    (lib.bpf_map__value_size, lib.bpf_map__set_value_size),
    (lib.bpf_map__max_entries, lib.bpf_map__set_max_entries),
    (lib.bpf_map__map_flags, lib.bpf_map__set_map_flags),
    (lib.bpf_map__map_extra, lib.bpf_map__set_map_extra),
    (lib.bpf_map__numa_node, lib.bpf_map__set_numa_node),
)


def is_cut(words: str) -> bool:
    """Whether a log lacks the line that the verifier ends each one with."""
    return _END.search(words, max(len(words) - 4096, 0)) is None


def messages(handle: ObjectHandle, program: str) -> tuple[int, str] | None:
    """The errno and the verifier's messages of a second load, of this program alone.

    The object is opened anew, with the settings and the variables that it had. None where that fails
    in another way, or the program is taken.
    """
    content = handle.source
    again = lib.bpf_object__open_mem(content, len(content), handle.options)
    if again == ffi.NULL:
        return None
    try:
        room = ffi.new("char[]", _ROOM)
        _as_before(handle.pointer, again)
        if not _choose(handle.pointer, again, program, room):
            return None
        result = lib.bpf_object__load(again)
    finally:
        lib.bpf_object__close(again)
        lib.tb_log_clear()
    words = text(room)
    return (-result, words) if result < 0 and not is_cut(words) else None


def _as_before(first: Any, again: Any) -> None:
    for old, new in zip(_maps(first), _maps(again), strict=True):
        lib.bpf_map__set_pin_path(new, ffi.NULL)
        for get, set in _SETTINGS:
            value = get(old)
            if get(new) != value:
                set(new, value)
        size = ffi.new("size_t *")
        target = lib.bpf_map__initial_value(new, size)
        room = size[0]
        source = lib.bpf_map__initial_value(old, size)
        if target != ffi.NULL and source != ffi.NULL:
            ffi.memmove(target, source, min(room, size[0]))


def _choose(first: Any, again: Any, program: str, room: Any) -> bool:
    """Of the programs this one is to be loaded, as it was before; False where it is not there."""
    there = False
    for old, new in zip(_programs(first), _programs(again), strict=True):
        mine = text(lib.bpf_program__name(new)) == program
        lib.bpf_program__set_autoload(new, mine)
        if not mine:
            continue
        there = True
        lib.bpf_program__set_type(new, lib.bpf_program__type(old))
        lib.bpf_program__set_expected_attach_type(new, lib.bpf_program__expected_attach_type(old))
        lib.bpf_program__set_flags(new, lib.bpf_program__flags(old))
        lib.bpf_program__set_log_buf(new, room, _ROOM)
        lib.bpf_program__set_log_level(new, _MESSAGES_ALONE)
    return there


def _maps(pointer: Any) -> Iterator[Any]:
    found = lib.bpf_object__next_map(pointer, ffi.NULL)
    while found != ffi.NULL:
        yield found
        found = lib.bpf_object__next_map(pointer, found)


def _programs(pointer: Any) -> Iterator[Any]:
    found = lib.bpf_object__next_program(pointer, ffi.NULL)
    while found != ffi.NULL:
        yield found
        found = lib.bpf_object__next_program(pointer, found)
