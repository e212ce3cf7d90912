"""The process that may die: ``python -m fuzz.border.child SEEDS SEED FIRST COUNT``.

It says which mutant it begins with and what became of it, a line each; who reads them knows the one
that it died of. A hang ends it with a traceback.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from tinybpf.errors import BpfError, ObjectError
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import read_sections
from tinybpf.libbpf.object import BpfObject
from tinybpf.libbpf.open import OpenObject
from tinybpf.libbpf.open import open as open_object

HANG = 40
"""Seconds of CPU time after which a mutant hangs: the verifier may take 20 for one."""
DEADLOCK = 900
"""Seconds on the clock."""
MOST_MEMORY = 16 << 20
"""Bytes of maps that a mutant may have: a damaged number may mean all that the machine has."""
PINS = f"/sys/fs/bpf/fuzz-{os.getpid()}"


def exercise(content: bytes) -> str:
    """Open, look at everything, load, look again: what it came to. What is raised is a fault."""
    opened = None
    try:
        opened = open_object(content, pin_root=PINS)
        _look_at_open(opened)
        if _memory(opened) > MOST_MEMORY or not _harmless(opened):
            return "too large"
    except BpfError as error:
        return _refusal("open", error)
    finally:
        if opened is not None:
            opened.close()
    try:
        with open_object(content, pin_root=PINS).load() as obj:
            _look_at_loaded(obj)
    except BpfError as error:
        return _refusal("load", error)
    return "loaded"


def _refusal(step: str, error: BpfError) -> str:
    words = str(error)
    if not words or len(words) < 10:
        raise AssertionError(f"an error without words: {error!r}")
    if step == "open" and isinstance(error, ObjectError):
        return "validator"
    return f"{step} refused"


def _look_at_open(opened: OpenObject) -> None:
    repr(opened)
    for found in opened.maps.values():
        repr(found)
    for program in opened.programs.values():
        repr(program)
    _look_at_variables(opened.globals)


def _look_at_variables(variables: Any) -> None:
    for name in variables:
        try:
            variables[name] = variables[name]
        except (BpfError, TypeError, ValueError):  # such as a constant, or a value of a type without values
            continue


def _look_at_loaded(obj: BpfObject) -> None:
    repr(obj)
    for found in obj.maps.values():
        repr(found)
        _tried(lambda f=found: f.info)
        _tried(lambda f=found: f.btf_value)
        _tried(lambda f=found: f.typed())
    for program in obj.programs.values():
        repr(program)
        _tried(lambda p=program: p.info)
    _look_at_variables(obj.globals)


def _tried(use: Any) -> None:
    try:
        use()
    except (BpfError, TypeError, ValueError):
        return


def _maps(opened: OpenObject) -> list[Any]:
    maps, found = [], lib.bpf_object__next_map(opened._handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        maps.append(found)
        found = lib.bpf_object__next_map(opened._handle.pointer, found)
    return maps


def _memory(opened: OpenObject) -> int:
    """Bytes that the maps want."""
    return sum(
        (64 + lib.bpf_map__key_size(m) + lib.bpf_map__value_size(m)) * lib.bpf_map__max_entries(m)
        for m in _maps(opened)
    )


def _harmless(opened: OpenObject) -> bool:
    """Registering a struct_ops map would change how this machine's network works."""
    return all(lib.bpf_map__type(found) != 26 for found in _maps(opened))


def read_types(content: bytes) -> None:
    """Python's own reader of types, which objects of any origin reach, too."""
    try:
        btf = Btf(read_sections(content).get(".BTF", b""))
        for name in (".maps", ".data", ".bss", ".rodata"):
            btf.section_vars(name)
        btf.map_definitions()
    except BpfError:
        return


def begin() -> None:
    """Where a mutant may pin its maps; what processes that died left there goes."""
    for left in Path(PINS).parent.glob("fuzz-*"):
        if not Path(f"/proc/{left.name.partition('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    os.makedirs(PINS, exist_ok=True)


def end() -> None:
    shutil.rmtree(PINS, ignore_errors=True)


def main(arguments: list[str]) -> int:
    from .mutants import numbered
    from .seeds import read

    place, seed, first, count = Path(arguments[0]), *(int(word) for word in arguments[1:4])
    seeds = read(place)
    faulthandler.enable()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    faulthandler.register(signal.SIGPROF, chain=True)  # says where, then ends
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    begin()
    try:
        for number in range(first, first + count):
            print(number, end=" ", flush=True)
            faulthandler.dump_traceback_later(DEADLOCK, exit=True)
            signal.setitimer(signal.ITIMER_PROF, HANG)
            content = numbered(seeds, seed, number)
            outcome = exercise(content)
            read_types(content)
            print(outcome, flush=True)
        print("done", flush=True)
    finally:
        end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
