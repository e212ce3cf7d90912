"""The validator: damaged objects are an error or a result, never a crash."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import tinybpf
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import read_sections

CSRC = Path(__file__).resolve().parents[2] / "csrc"
SAMPLE = Path(__file__).parent / "data" / "sample.elf"
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")


def validate(content: bytes) -> str:
    """The validator's reason, empty for a good object."""
    reason = ffi.new("char[256]")
    return text(reason) if lib.tb_validate(content, len(content), reason, 256) else ""


def damage(content: bytes, offset: int, value: bytes) -> bytes:
    return content[:offset] + value + content[offset + len(value) :]


class Sections:
    """Where things are in the sample, to damage them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.table = int.from_bytes(content[40:48], "little")
        count, names = struct.unpack_from("<HH", content, 60)
        headers = [SECTION_HEADER.unpack_from(content, self.table + 64 * i) for i in range(count)]
        strings = headers[names][4]
        self.index = {}
        for i, header in enumerate(headers):
            end = content.index(b"\0", strings + header[0])
            self.index[content[strings + header[0] : end].decode()] = i
        self.headers = headers

    def offset(self, name: str) -> int:
        """Where the section's bytes start in the file."""
        return self.headers[self.index[name]][4]

    def header(self, name: str, field: int) -> int:
        """Where a field of the section's header is in the file: 4 is sh_offset, 5 sh_size, 6 sh_link …"""
        at = [0, 4, 8, 16, 24, 32, 40, 44, 48, 56][field]
        return self.table + 64 * self.index[name] + at


@pytest.fixture(scope="module")
def good() -> bytes:
    return SAMPLE.read_bytes()


@pytest.fixture(scope="module")
def places(good: bytes) -> Sections:
    return Sections(good)


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def test_a_good_object(good: bytes):
    assert validate(good) == ""


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"\x7fELG", "this is no ELF file"),
        (4, b"\1", "no 64-bit ELF file"),
        (5, b"\2", "its byte order is not this machine's"),
        (16, b"\2\0", "no relocatable object, but of ELF type 2"),
        (18, b"\x3e\0", "for machine 62, not for BPF"),
        (40, u64(1 << 62), "its section headers would be at 0x4000000000000000"),
        (58, b"\x10\0", "section headers have 16 bytes, 64 are right"),
        (60, b"\0\0", "it has 0 sections"),
        (62, b"\xff\xff", "section names would be in section 65535"),
    ],
)
def test_the_file_header(good: bytes, offset: int, value: bytes, reason: str):
    assert reason in validate(damage(good, offset, value))


@pytest.mark.parametrize(
    ("section", "field", "value", "reason"),
    [
        (".BTF", 4, u64(1 << 63), "but the file ends at"),
        (".BTF", 5, u64((1 << 64) - 8), "but the file ends at"),
        (".BTF", 0, u32(0xFFFFFF), "has its name at 0xffffff"),
        (".symtab", 6, u32(4000), "section 4000 has no names for it"),
        (".symtab", 9, u64(23), "are no symbols of 24 each"),
        (".BTF", 8, u64(3), "has an alignment of 0x3"),
        (".strtab", 1, u32(1), "section"),
    ],
)
def test_section_headers(good: bytes, places: Sections, section: str, field: int, value: bytes, reason: str):
    assert reason in validate(damage(good, places.header(section, field), value))


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"\0\0", "section '.BTF' at offset 0: magic number 0"),
        (4, u32(1 << 30), "section '.BTF' at offset 0x4: the header has 0x40000000 bytes"),
        (12, u32(1 << 31), "section '.BTF' at offset 0x8: types of 0x80000000 bytes"),
        (20, u32(0xFFFFFFFF), "section '.BTF' at offset 0x10: strings of 0xffffffff bytes"),
        (24, u32(1 << 30), "section '.BTF' at offset 0x18: type 1 has a name at 0x40000000"),
        (28, u32(31 << 24), "section '.BTF' at offset 0x18: type 1 is of kind 31, which is unknown"),
        (32, u32(1 << 20), "section '.BTF' at offset 0x18: type 1 refers to type 1048576, but there are"),
    ],
)
def test_btf(good: bytes, places: Sections, offset: int, value: bytes, reason: str):
    start = places.offset(".BTF")
    assert good[start + 28 : start + 32] == u32(2 << 24), "the sample's first type is a pointer"
    assert validate(damage(good, start + offset, value)).startswith(reason)


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ("typedef to itself", "runs in a circle of typedefs"),
        ("struct in itself", "contains itself, or types nested too deep"),
        ("array of itself", "contains itself, or types nested too deep"),
        ("variable of a variable", "which is no type of a value"),
        ("function of an integer", "a function without a prototype"),
    ],
)
def test_types_that_make_no_sense(good: bytes, places: Sections, btf_maker, kinds: str, reason: str):
    maker = btf_maker()
    number = maker.integer("int", 4)
    if kinds == "typedef to itself":
        maker.typedef("t", 2)
    elif kinds == "struct in itself":
        maker.struct("s", 4, ("inner", 2, 0))
    elif kinds == "array of itself":
        maker.array(2, 4)
    elif kinds == "variable of a variable":
        maker.type(14, "v", 2, 0)
    else:
        maker.type(12, "f", number)
    data = maker.data()
    changed = good + data
    changed = damage(changed, places.header(".BTF", 4), u64(len(good)) + u64(len(data)))
    changed = damage(changed, places.header(".rel.BTF", 5), u64(0))
    assert reason in validate(changed)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"\0", "magic number"),
        (4, u32(0xFFFFFFF0), "the header has 0xfffffff0 bytes"),
        (12, u32(0xFFFFFFF0), "a table has 0xfffffff0 bytes"),
        (32, u32(3), "records have 3 bytes"),
        (36, u32(1 << 29), "a section's name is beyond the strings"),
        (40, u32(1 << 29), "records of 8 bytes do not fit"),
        (44, u32(4), "within an instruction"),
        (48, u32(1 << 29), "a record refers to type 536870912"),
    ],
)
def test_btf_ext(good: bytes, places: Sections, offset: int, value: bytes, reason: str):
    start = places.offset(".BTF.ext")
    assert int.from_bytes(good[start + 4 : start + 8], "little") == 32
    found = validate(damage(good, start + offset, value))
    assert found.startswith("section '.BTF.ext' at offset 0x") or "offset 0:" in found
    assert reason in found


def test_instructions_are_whole(good: bytes, places: Sections):
    name = next(n for n, i in places.index.items() if places.headers[i][2] & 4 and places.headers[i][5])
    size = places.headers[places.index[name]][5]
    cut = damage(good, places.header(name, 5), u64(size - 4))
    assert validate(cut)
    split = damage(good, places.offset(name) + size - 8, b"\x18")
    assert "the second half of a 64-bit load is missing" in validate(split)


def test_relocations_point_inside(good: bytes, places: Sections):
    name = next(n for n, i in places.index.items() if places.headers[i][1] == 9 and not n.startswith(".rel."))
    start = places.offset(name)
    assert "it relocates offset 0x7fff0" in validate(damage(good, start, u64(0x7FFF0)))
    assert "it refers to symbol 65535 of" in validate(damage(good, start + 12, u32(0xFFFF)))
    assert "it relocates section 60000 of" in validate(damage(good, places.header(name, 7), u32(60000)))


def test_symbols_point_inside(good: bytes, places: Sections):
    start = places.offset(".symtab")
    symbol = next(
        at
        for at in range(start, start + places.headers[places.index[".symtab"]][5], 24)
        if good[at + 4] & 15 == 2
    )
    assert "the symbol has 0xffffffff bytes at" in validate(damage(good, symbol + 16, u64(0xFFFFFFFF)))
    assert "the symbol is in section 40000 of" in validate(damage(good, symbol + 6, b"\x40\x9c"))
    assert "the symbol's name is at 0x7fffffff" in validate(damage(good, symbol, u32(0x7FFFFFFF)))


def test_each_length(good: bytes):
    assert all(validate(good[:length]) for length in range(0, len(good) - 64 * 4, 7))


def test_the_loader_says_it(good: bytes, tmp_path: Path):
    path = tmp_path / "short.bpf.o"
    path.write_bytes(good[:100])
    with pytest.raises(
        tinybpf.ObjectError, match=rf"^load '{path}' failed: ELF file at offset 0x28: its section"
    ):
        tinybpf.load(path)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_with_sanitizers(tmp_path: Path):
    """Cut at every length and damaged everywhere: no read out of bounds, no undefined behaviour."""
    program = tmp_path / "fuzz"
    sources = [Path(__file__).parent / "fuzz_validate.c", CSRC / "validate.c", CSRC / "validate_btf.c"]
    flags = ["-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover", f"-I{CSRC}"]
    built = subprocess.run(
        ["cc", *flags, "-o", program, *sources], capture_output=True, text=True, check=False
    )
    if (built.returncode and "sanitize" in built.stderr + built.stdout) or "asan" in built.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([program, SAMPLE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    refused, passed = (int(word) for word in done.stdout.split() if word.isdigit())
    assert refused > 10_000 and passed > 1_000


LOADS = """
import random, signal, sys
import tinybpf
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.open import open as open_object

def memory(opened):  # bytes that the maps want: a damaged number may mean all that the machine has
    total, found = 0, lib.bpf_object__next_map(opened._handle.pointer, ffi.NULL)
    while found != ffi.NULL:
        size = 64 + lib.bpf_map__key_size(found) + lib.bpf_map__value_size(found)
        total += size * lib.bpf_map__max_entries(found)
        found = lib.bpf_object__next_map(opened._handle.pointer, found)
    return total

content, seed, count = open(sys.argv[1], "rb").read(), int(sys.argv[2]), int(sys.argv[3])
words = [0, 1, 0xff, 0x7fffffff, 0x80000000, 0xffffffff]
for number in range(seed, seed + count):
    print(number, flush=True)
    signal.alarm(30)  # a hang is a failure, too
    chance, damaged = random.Random(number), bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.5:
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 255, chance.randrange(256)])
        else:
            at = chance.randrange(len(damaged) // 4) * 4
            damaged[at : at + 4] = chance.choice(words + [chance.randrange(64)] * 3).to_bytes(4, "little")
    try:
        opened = open_object(bytes(damaged[: len(content)]))
        if memory(opened) < 1 << 24:
            opened.load().close()
        opened.close()
    except tinybpf.BpfError as error:
        assert str(error), number
print("done")
"""


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["tracing", "packets", "maps"])
def test_damaged_objects_are_loaded_or_refused(build, tmp_path: Path, name: str):
    """The whole way through libbpf and the kernel, in a process that may die without harm."""
    path = tmp_path / f"{name}.o"
    path.write_bytes(build(name))
    seed = random.randrange(1 << 30)
    done = subprocess.run(
        [sys.executable, "-c", LOADS, str(path), str(seed), "500"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    last = done.stdout.split()[-1] if done.stdout else "none"
    assert (done.returncode, last) == (0, "done"), f"seed {last}: {done.stderr[-2000:]}"


@pytest.mark.kernel
def test_a_map_of_struct_ops_outside_of_its_section(build):
    """libbpf would look for what it has made of the section, and there is nothing."""
    content = bytearray(build("maps"))
    data = bytes(read_sections(bytes(content))[".BTF"])
    btf = Btf(data)
    definition = next(v for v in btf.section_vars(".maps") if v.name == "numbers")
    kind = next(m for m in btf.members(btf.resolve(definition.type_id)) if m.name == "type")
    array = btf.record(btf.record(kind.type_id).ref)
    header, size, word = 24, 4, array.word + 2  # its number of elements is the map's type
    at = content.index(data) + header + size * word
    assert content[at : at + size] == u32(1)
    content[at : at + size] = u32(26)
    with pytest.raises(tinybpf.ObjectError, match="map 'numbers' has the type struct_ops, which"):
        tinybpf.load(bytes(content))


@pytest.mark.kernel
def test_what_the_compiler_makes_is_good(build):
    for name in ("tracing", "packets", "maps", "connect", "refused"):
        assert validate(build(name)) == ""
        assert ".BTF.ext" in read_sections(build(name))
