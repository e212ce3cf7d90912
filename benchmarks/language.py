"""Six programs that exercise the language, in Go and in C: instructions, the verifier's work, time of a run.

Both run on the same packets, and what they answer and keep must be the same. Needs root.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import packets
from benchmarks.pairs import HERE, Pair
from benchmarks.timing import Sample

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfObject, BpfProgram

REPEAT = 20_000
"""How often the kernel runs a program for one figure."""

PACKETS: dict[str, Sequence[bytes]] = {
    "hashing": packets.WORDS,
    "histogram": packets.HISTOGRAM,
    "packet-parser": packets.PARSER,
    "state-machine": packets.CONNECTIONS,
    "string-matcher": packets.REQUESTS,
    "table-lookup": packets.TEXT,
}


@dataclass(frozen=True)
class Program:
    """One of the two: instructions in slots of 8 bytes, those that the verifier walked, seconds of a run."""

    instructions: int
    verified: int
    run: Sample


@dataclass(frozen=True)
class Compared:
    """A program in both languages."""

    name: str
    go: Program
    c: Program

    def ratios(self) -> tuple[float, float, float]:
        """Instructions, the verifier's work and the least time of a run, in parts of what the C takes."""
        return (
            self.go.instructions / self.c.instructions,
            self.go.verified / self.c.verified,
            self.go.run.least / self.c.run.least,
        )


def pairs() -> list[Pair]:
    """The six, by name."""
    return [Pair(name, HERE / "language" / name, HERE / "c" / f"{name}.bpf.c") for name in sorted(PACKETS)]


def measure(runs: int) -> list[Compared]:
    """All six."""
    return [_compare(pair, runs) for pair in pairs()]


def _compare(pair: Pair, runs: int) -> Compared:
    import tinybpf
    from tinybpf.compiler import compile_go

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        files = [bytes(compile_go(pair.go)), _clang(pair, folder)]
        objects = [stack.enter_context(tinybpf.load(file)) for file in files]
        for packet in PACKETS[pair.name]:
            told = [_told(obj, packet) for obj in objects]
            if told[1:] != told[:-1]:
                raise SystemExit(f"{pair.name}: Go and C differ on {packet.hex()}:\n{told}")
        took = _in_turn([_only(obj) for obj in objects], PACKETS[pair.name], runs)
        return Compared(pair.name, *(_figures(*of) for of in zip(files, objects, took, strict=True)))


def _clang(pair: Pair, folder: str) -> bytes:
    path = Path(folder, "c.o")
    subprocess.run(pair.clang(str(path)), check=True)
    return path.read_bytes()


def _only(obj: BpfObject) -> BpfProgram:
    (program,) = obj.programs.values()
    return program


def _told(obj: BpfObject, packet: bytes) -> tuple[Any, ...]:
    """What the program answers, and all that it keeps."""
    answer = _only(obj).test_run(packet)
    variables = {
        name.lower(): _plain(value)
        for name, value in obj.globals.items()
        if not obj.globals.variable(name).is_constant and not name.startswith("ebpf_")
    }
    maps = [m for m in obj.maps.values() if "." not in m.name]
    kept = {m.name: {k: _plain(v) for k, v in m.items()} for m in maps}
    return answer.retval, answer.data_out, variables, kept


def _plain(value: Any) -> Any:
    """Numbers, and tuples of them: each language spells the names of fields in its own way."""
    return tuple(_plain(v) for v in value) if isinstance(value, (list, tuple)) else value


def _in_turn(programs: Sequence[BpfProgram], packets: Sequence[bytes], runs: int) -> list[Sample]:
    """Seconds of one run of each, the mean over the packets."""
    seconds: list[list[float]] = [[] for _ in programs]
    for run in range(runs + 1):
        for kept, program in zip(seconds, programs, strict=True):
            took = sum(program.test_run(packet, repeat=REPEAT).duration_ns for packet in packets)
            if run:
                kept.append(took / len(packets) / 1e9)
    return [Sample(tuple(s)) for s in seconds]


def _figures(file: bytes, obj: BpfObject, took: Sample) -> Program:
    from tinybpf.compiler import elf

    return Program(elf.read(file).instructions(), _verified(_only(obj).fd), took)


BPF_OBJ_GET_INFO_BY_FD = 15
SYS_BPF = {"x86_64": 321, "aarch64": 280}
VERIFIED = 216
"""Where ``verified_insns`` is in the kernel's ``struct bpf_prog_info`` (Linux 5.16)."""


def _verified(fd: int) -> int:
    """How many instructions the verifier walked through before it took the program."""
    info = ctypes.create_string_buffer(VERIFIED + 4)
    attributes = struct.pack("IIQ", fd, len(info), ctypes.addressof(info))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYS_BPF[platform.machine()], BPF_OBJ_GET_INFO_BY_FD, attributes, len(attributes)):
        raise OSError(ctypes.get_errno(), "BPF_OBJ_GET_INFO_BY_FD")
    return int.from_bytes(info.raw[VERIFIED:], sys.byteorder)
