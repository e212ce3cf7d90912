"""Instructions as text."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import tinybpf
from tinybpf.libbpf.disasm import decode

DATA = Path(__file__).parent / "data"


def code(op: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> bytes:
    """One instruction, little-endian."""
    return struct.pack("<BBhi", op, dst | src << 4, off, imm)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (code(0x07, 1, imm=-4), "r1 += -4"),
        (code(0x1C, 1, 2), "w1 -= w2"),
        (code(0x2F, 9, 2), "r9 *= r2"),
        (code(0x37, 1, imm=3), "r1 /= 3"),
        (code(0x3F, 1, 2, off=1), "r1 s/= r2"),
        (code(0x9C, 1, 2, off=1), "w1 s%= w2"),
        (code(0x97, 1, imm=7), "r1 %= 7"),
        (code(0x47, 1, imm=1), "r1 |= 1"),
        (code(0x57, 1, imm=255), "r1 &= 255"),
        (code(0x67, 1, imm=32), "r1 <<= 32"),
        (code(0x77, 1, imm=32), "r1 >>= 32"),
        (code(0xC7, 1, imm=32), "r1 s>>= 32"),
        (code(0xA4, 1, imm=-1), "w1 ^= -1"),
        (code(0x87, 3), "r3 = -r3"),
        (code(0x84, 3), "w3 = -w3"),
        (code(0xB7, 0, imm=5), "r0 = 5"),
        (code(0xBC, 1, 2), "w1 = w2"),
        (code(0xBF, 1, 2, off=8), "r1 = (s8)r2"),
        (code(0xBC, 1, 2, off=16), "w1 = (s16)w2"),
        (code(0xBF, 1, 2, off=1, imm=1 << 16), "r1 = addr_space_cast(r2, 1, 0)"),
        (code(0xBF, 1, 2, off=-1), "r1 = &(void __percpu *)(r2)"),
        (code(0xD4, 1, imm=16), "r1 = le16 r1"),
        (code(0xDC, 1, imm=32), "r1 = be32 r1"),
        (code(0xD7, 1, imm=64), "r1 = bswap64 r1"),
        (code(0x61, 1, 10, off=-8), "r1 = *(u32 *)(r10 -8)"),
        (code(0x79, 1, 2), "r1 = *(u64 *)(r2 +0)"),
        (code(0x91, 1, 2, off=1), "r1 = *(s8 *)(r2 +1)"),
        (code(0x72, 10, off=-1, imm=9), "*(u8 *)(r10 -1) = 9"),
        (code(0x6B, 10, 3, off=-2), "*(u16 *)(r10 -2) = r3"),
        (code(0xDB, 1, 2, off=8), "lock *(u64 *)(r1 +8) += r2"),
        (code(0xC3, 1, 2, imm=0x50), "lock *(u32 *)(r1 +0) &= r2"),
        (code(0xDB, 1, 2, imm=0x01), "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)"),
        (code(0xC3, 1, 2, imm=0x41), "r2 = atomic_fetch_or((u32 *)(r1 +0), r2)"),
        (code(0xDB, 1, 2, imm=0xE1), "r2 = atomic64_xchg((u64 *)(r1 +0), r2)"),
        (code(0xC3, 1, 2, imm=0xE1), "w2 = atomic_xchg((u32 *)(r1 +0), w2)"),
        (code(0xDB, 1, 2, imm=0xF1), "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)"),
        (code(0xDB, 1, 2, off=4, imm=0x100), "r1 = load_acquire((u64 *)(r2 +4))"),
        (code(0xCB, 1, 2, imm=0x110), "store_release((u16 *)(r1 +0), r2)"),
        (code(0x28, imm=12), "r0 = *(u16 *)skb[12]"),
        (code(0x50, src=6, imm=4), "r0 = *(u8 *)skb[r6 + 4]"),
        (code(0x18, 1, imm=-1) + code(0, imm=1), "r1 = 0x1ffffffff"),
        (code(0x18, 1, 1, imm=7) + code(0), "r1 = map[id:7]"),
        (code(0x18, 1, 2, imm=7) + code(0, imm=16), "r1 = map[id:7][0]+16"),
        (code(0x18, 1, 5, imm=3) + code(0), "r1 = map[idx:3]"),
        (code(0x18, 1, 6, imm=3) + code(0, imm=4), "r1 = map[idx:3]+4"),
        (code(0x18, 1, 4, imm=-2) + code(0), "r1 = subprog[-2]"),
        (code(0x15, 1, off=3, imm=-1), "if r1 == 0xffffffff goto pc+3"),
        (code(0x6E, 1, 2, off=-3), "if w1 s> w2 goto pc-3"),
        (code(0xCD, 1, 2, off=0), "if r1 s< r2 goto pc+0"),
        (code(0x45, 1, off=1, imm=8), "if r1 & 0x8 goto pc+1"),
        (code(0x05, off=-1), "goto pc-1"),
        (code(0x06, imm=70000), "gotol pc+70000"),
        (code(0x0D, 4), "gotox r4"),
        (code(0xE5, off=2), "may_goto pc+2"),
        (code(0x85, imm=1), "call unknown#1"),
        (code(0x85, src=1, imm=-5), "call pc-5"),
        (code(0x85, src=2, imm=99), "call kernel-function#99"),
        (code(0x95), "exit"),
        (code(0xE7, 1), "unknown opcode e7"),
        (code(0x19, 1), "unknown opcode 19"),
        (code(0xDB, 1, 2, imm=0x33), "unknown opcode db"),
    ],
)
def test_each_kind_of_instruction(raw: bytes, text: str):
    (instruction,) = decode(raw)
    assert instruction.text == text
    assert str(instruction) == f"   0: ({raw[0]:02x}) {text}"
    assert instruction.code == raw


def test_numbers_count_what_jumps_count():
    program = [
        code(0x18, 1, imm=1),
        code(0),
        code(0x05, off=-3),
        code(0x85, src=1, imm=1),
        code(0x95),
        code(0x95),
    ]
    found = decode(b"".join(program))
    assert [(i.number, i.target) for i in found] == [(0, None), (2, 0), (3, 5), (4, None), (5, None)]


def test_what_is_called_can_be_named():
    named = decode(code(0x85, imm=6) + code(0x85, src=1, imm=0), lambda number, raw: f"f{number}")
    assert [i.text for i in named] == ["call f0#6", "call pc+0#f1"]


def test_bytes_that_are_none():
    with pytest.raises(ValueError, match="12 bytes are no whole instructions of 8"):
        decode(bytes(12))
    assert decode(b"") == []
    for value in range(256):  # any byte is an instruction, or an unknown one
        assert decode(code(value) + code(0))[0].text


def sources(build) -> dict[str, bytes]:
    made = {name: build(name) for name in ("tracing", "maps", "packets", "knobs", "filters")}
    return made | {name: (DATA / f"{name}.elf").read_bytes() for name in ("sample", "network", "configured")}


def configure(opened: tinybpf.OpenObject) -> None:
    if "broken" in opened.programs:
        opened.programs["broken"].autoload = False
        opened.maps["kept"].pin_path = None


@pytest.mark.kernel
def test_the_kernels_own_tool_says_the_same(build):
    if shutil.which("bpftool") is None:
        pytest.skip("no bpftool on this machine")
    compared = 0
    for content in sources(build).values():
        with tinybpf.load(content, configure=configure, kconfig={"CONFIG_HZ": 250}) as obj:
            for program in obj.programs.values():
                command = ["bpftool", "prog", "dump", "xlated", "id", str(program.info.id)]
                said = subprocess.run(command, capture_output=True, text=True)
                if said.returncode:
                    pytest.skip(f"bpftool does not work with this kernel: {said.stderr}")
                theirs = re.findall(r"^ *(\d+: \(..\).*)$", said.stdout, re.M)
                ours = [str(line).strip() for line in program.disassembly()]
                assert [_plain(line) for line in ours] == [_plain(line) for line in theirs]
                compared += len(ours)
    assert compared > 300


def _plain(line: str) -> str:
    """Without what bpftool does otherwise: hashes before the names of functions, and addresses of CPUs."""
    line = re.sub(r"&\(void __percpu \*\)\((r\d)\)", r"\1", line)
    return re.sub(r"(call pc[+-]\d+)#.*", r"\1", line)
