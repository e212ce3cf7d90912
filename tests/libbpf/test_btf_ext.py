from __future__ import annotations

import random

import pytest

from tinybpf.errors import ObjectError, SourceLine
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import BtfExt, read_sections


@pytest.fixture
def ext(sample_elf: bytes, sample_btf: Btf) -> BtfExt:
    return BtfExt(read_sections(sample_elf)[".BTF.ext"], sample_btf)


def test_sections(sample_elf: bytes) -> None:
    sections = read_sections(sample_elf)
    assert {".text", "xdp", ".maps", ".rodata", ".bss", "license", ".BTF", ".BTF.ext"} <= set(sections)
    assert bytes(sections["license"]) == b"GPL\0" and len(sections["xdp"]) % 8 == 0
    assert bytes(sections[".rodata"]) == b"\x07\0\0\0" and len(sections[".bss"]) == 0
    assert sections == read_sections(memoryview(sample_elf))


def test_functions(ext: BtfExt) -> None:
    assert ext.functions(".text") == [(0, "twice")]
    (zero, first), (start, second) = ext.functions("xdp")
    assert (zero, first, second) == (0, "first", "second") and start % 8 == 0
    assert ext.function_start("xdp", "second") == start
    assert ext.function_start("xdp", "third") is None and ext.functions("nothing") == []


def test_each_instruction_has_the_line_it_comes_from(ext: BtfExt, sample_elf: bytes) -> None:
    size = len(read_sections(sample_elf)["xdp"])
    second = ext.function_start("xdp", "second")
    assert second is not None
    by_function: dict[str, set[str]] = {"first": set(), "second": set()}
    for offset in range(0, size, 8):
        source = ext.source("xdp", offset)
        assert source is not None and source.path == "./sample.c" and source.column > 0
        by_function["first" if offset < second else "second"].add(f"{source.line} {source.text.strip()}")
    assert by_function["first"] == {"76 last.pid += target;", "77 return twice(last.pid) > 4;"}
    assert by_function["second"] == {"82 last.pid = 9;", "83 return 2;"}
    assert ext.source("nothing", 0) is None
    assert [offset for offset, _ in ext.lines("xdp")] == sorted(offset for offset, _ in ext.lines("xdp"))


def test_locate_completes_what_the_kernels_log_shortens(ext: BtfExt) -> None:
    assert ext.locate("sample.c", 82, "last.pid = 9;") == SourceLine("./sample.c", 82, 11, "\tlast.pid = 9;")
    assert ext.locate("sample.c", 82, "other") is None and ext.locate("other.c", 82, "last.pid = 9;") is None


@pytest.mark.parametrize("length", [0, 4, 63])
def test_no_elf_file(sample_elf: bytes, length: int) -> None:
    with pytest.raises(ObjectError, match="not an ELF file"):
        read_sections(sample_elf[:length])


def test_a_32_bit_file(sample_elf: bytes) -> None:
    with pytest.raises(ObjectError, match="no 64-bit file"):
        read_sections(sample_elf[:4] + b"\x01" + sample_elf[5:])


def test_truncated_files(sample_elf: bytes) -> None:
    for length in range(64, len(sample_elf), 41):
        with pytest.raises(ObjectError):
            read_sections(sample_elf[:length])


def test_mutations_are_errors_or_results(sample_elf: bytes, sample_btf: Btf) -> None:
    original = bytes(read_sections(sample_elf)[".BTF.ext"])
    dice = random.Random(11)
    outcomes = {"error": 0, "result": 0}
    for _ in range(600):
        data = bytearray(original)
        for _ in range(dice.choice((1, 2, 6))):
            data[dice.randrange(len(data))] = dice.choice((0, 0xFF, dice.randrange(256)))
        try:
            ext = BtfExt(data, sample_btf)
            for section in ("xdp", ".text"):
                ext.lines(section), ext.functions(section), ext.source(section, 40)
            outcomes["result"] += 1
        except ObjectError:
            outcomes["error"] += 1
        elf = bytearray(sample_elf)
        for _ in range(3):
            elf[dice.choice((dice.randrange(64), -dice.randrange(1, 1200)))] = dice.randrange(256)
        try:
            read_sections(elf)
        except ObjectError:
            outcomes["error"] += 1
    assert all(outcomes.values()), outcomes


def test_truncated_line_information(sample_elf: bytes, sample_btf: Btf) -> None:
    data = bytes(read_sections(sample_elf)[".BTF.ext"])
    for length in range(0, len(data) - 100, 4):
        with pytest.raises(ObjectError, match=r"BTF\.ext"):
            BtfExt(data[:length], sample_btf)
