"""What is in an object: BTF, line information, maps, variables, licence, names; and the kernel takes it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinybpf.compiler import CompiledObject, compile_go
from tinybpf.compiler.elf import INSTRUCTION, SHF_EXECINSTR, STT_FUNC, read, strip_debug, write
from tinybpf.libbpf.btf import Btf, BtfKind, MapDefinition
from tinybpf.libbpf.btf_ext import BtfExt

EVERYTHING = Path(__file__).parent / "objects" / "everything.go"
MINIMAL = """package main

import "unsafe"

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 { return 0 }
"""

SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_OBJ_GET_INFO_BY_FD, BPF_BTF_LOAD = 15, 18
BTF_HEADER = 24


class Inside:
    """An object taken apart."""

    def __init__(self, compiled: CompiledObject) -> None:
        self.compiled = compiled
        self.elf = read(compiled.elf)
        self.btf = Btf(self.section(".BTF"))
        self.ext = BtfExt(self.section(".BTF.ext"), self.btf)

    def section(self, name: str) -> bytes:
        found = self.elf.section(name)
        assert found is not None, f"no section {name}"
        return found.data

    def symbol(self, name: str) -> Any:
        return next(s for s in self.elf.symbols if s.name == name)

    def home(self, name: str) -> str:
        """The section that a symbol is in."""
        return self.elf.sections[self.symbol(name).section].name

    def value(self, name: str) -> bytes:
        """The bytes of a variable."""
        s = self.symbol(name)
        section = self.elf.sections[s.section]
        return section.data[s.value : s.value + s.size] if section.data else bytes(s.size)

    def describe(self, type_id: int | None) -> str:
        """A type in short, by the names that BTF has."""
        if type_id is None:
            return "-"
        record = self.btf.record(type_id)
        if record.kind == BtfKind.ARRAY:
            elem, count = self.btf.array_of(record)
            return f"{self.describe(elem)}[{count}]"
        if record.kind == BtfKind.PTR:
            return f"*{self.describe(record.ref)}"
        return record.name

    def map(self, name: str) -> tuple[str, str, str]:
        """The types of a map's keys, values and events."""
        m: MapDefinition = self.btf.map_definitions()[name]
        return self.describe(m.key_type), self.describe(m.value_type), self.describe(m.event_type)


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside(compile_go(EVERYTHING))


# --- programs, maps, variables


def test_programs(inside: Inside) -> None:
    assert [(p.name, p.section) for p in inside.compiled.programs] == [
        ("trace", "tracepoint/syscalls/sys_enter_connect"),
        ("drop", "xdp"),
        ("allow", "cgroup/connect4"),
    ]
    for p in inside.compiled.programs:
        assert p.instructions == inside.symbol(p.name).size // INSTRUCTION > 1


@pytest.mark.parametrize(
    ("name", "kind", "key_size", "value_size", "max_entries"),
    [
        ("counts", "HASH", 4, 8, 1 << 20),
        ("events", "RINGBUF", 0, 0, 1 << 30),
        ("sizes", "ARRAY", 4, 32, 4),
        ("unusedMap", "PERCPU_ARRAY", 4, 8, 1),
        ("routes", "LPM_TRIE", 8, 4, 16),
    ],
)
def test_maps(inside: Inside, name: str, kind: str, key_size: int, value_size: int, max_entries: int) -> None:
    found = next(m for m in inside.compiled.maps if m.name == name)
    assert (found.type, found.key_size, found.value_size, found.max_entries) == (
        kind, key_size, value_size, max_entries,
    )  # fmt: skip
    assert inside.home(name) == ".maps"


def definition(inside: Inside, name: str) -> dict[str, int]:
    """The numbers of a map's definition, as loaders read them: the counts of arrays pointed to."""
    (var,) = [v for v in inside.btf.section_vars(".maps") if v.name == name]
    found = {}
    for member in inside.btf.members(inside.btf.record(var.type_id)):
        target = inside.btf.record(inside.btf.record(member.type_id).ref)
        if target.kind == BtfKind.ARRAY:
            found[member.name] = inside.btf.array_of(target)[1]
    return found


def test_definitions(inside: Inside) -> None:
    """Flags, pinning and sizes beyond what an array of ints could count."""
    assert definition(inside, "counts") == {"type": 1, "max_entries": 1 << 20, "map_flags": 1}
    assert definition(inside, "events") == {"type": 27, "max_entries": 1 << 30}
    assert definition(inside, "sizes") == {"type": 2, "max_entries": 4, "pinning": 1}
    assert definition(inside, "unusedMap") == {"type": 6, "key_size": 4, "value_size": 8, "max_entries": 1}
    assert definition(inside, "perf") == {"type": 4, "key_size": 4, "value_size": 4}


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("counts", ("uint32", "uint64", "-")),
        ("events", ("-", "-", "Event")),
        ("reports", ("-", "-", "Report")),
        ("perf", ("-", "-", "Event")),
        ("sizes", ("uint32", "Gr_u00f6_u00dfe", "-")),
        ("unusedMap", ("-", "-", "-")),
        ("pairs", ("Pair_int32__12_byte", "uint32", "-")),
        ("locals", ("uint32", "local", "-")),
        ("others", ("uint32", "local_2", "-")),
        ("routes", ("prefix", "unsigned char[4]", "-")),
        ("mixed", ("uint32", "unsigned char[8]", "-")),
    ],
)
def test_map_types(inside: Inside, name: str, types: tuple[str, str, str]) -> None:
    """Of several maps each has its own; what the uses do not tell is bytes, for the kernel wants both."""
    assert inside.map(name) == types


def test_fields(inside: Inside) -> None:
    """Under their Go names where C has such; blank ones are gaps."""
    fields = inside.btf.type("Gr_u00f6_u00dfe").fields
    assert fields is not None
    assert [(f.name, f.offset, f.size) for f in fields] == [
        ("L_u00e4nge", 0, 4), ("Name", 8, 16), ("On", 24, 1), ("Delta", 26, 2), ("Kind", 28, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "section", "type_name", "value"),
    [
        ("zero", ".rodata", "uint64", bytes(8)),
        ("limit", ".rodata", "uint32", struct.pack("<I", 7)),
        ("table", ".rodata", "int32[3]", struct.pack("<3i", 1, -2, 3)),
        ("unusedVar", ".rodata", "int16", struct.pack("<h", -2)),
        ("flag", ".rodata", "bool", b"\1"),
        ("computed", ".rodata", "uint16[4]", struct.pack("<4H", 0, 1, 4, 9)),
        ("written", ".data", "int64", struct.pack("<q", -5)),
        ("_u00fc_u00df", ".bss", "uint32", bytes(4)),
        ("pairVar", ".bss", "Pair_uint32_int8", bytes(8)),
    ],
)
def test_variables(inside: Inside, name: str, section: str, type_name: str, value: bytes) -> None:
    assert inside.home(name) == section
    assert inside.value(name) == value
    (var,) = [v for v in inside.btf.section_vars(section) if v.name == name]
    assert (inside.describe(var.type_id), var.size, var.linkage) == (type_name, len(value), 1)


def test_each_variable_is_in_btf(inside: Inside) -> None:
    """Those that the program does not use, too: user space sets and reads them."""
    for section in (".rodata", ".data", ".bss", ".maps"):
        in_elf = {
            s.name for s in inside.elf.symbols if s.section and s.type == 1 and inside.home(s.name) == section
        }
        assert {v.name for v in inside.btf.section_vars(section)} == in_elf


def test_names_are_legal(inside: Inside) -> None:
    special = re.compile(r"\.?[a-z]+|[a-z_]+( [a-z]+)*")
    for type_id in range(1, len(inside.btf)):
        name = inside.btf.record(type_id).name
        assert not name or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or special.fullmatch(name), name
    functions = {s.name for s in inside.elf.symbols if s.type == STT_FUNC}
    assert functions == {
        "trace", "drop", "allow", "add", "larger_int32", "larger_uint64", "Pair_uint32_bool_swap",
        "Gr_u00f6_u00dfe_gr_u00f6_u00dfer",
    }  # fmt: skip


# --- debug information


def test_func_info_for_each_function(inside: Inside) -> None:
    for n, section in enumerate(inside.elf.sections):
        if section.flags & SHF_EXECINSTR and section.data:
            symbols = {s.value: s.name for s in inside.elf.symbols if s.type == STT_FUNC and s.section == n}
            assert dict(inside.ext.functions(section.name)) == symbols


def test_parameters_have_names(inside: Inside) -> None:
    """The kernel refuses all of the BTF for one that has none."""
    for type_id in range(1, len(inside.btf)):
        record = inside.btf.record(type_id)
        if record.kind == BtfKind.FUNC:
            assert all(name for name, _ in inside.btf.parameters(inside.btf.record(record.ref)))


def test_lines_are_those_of_the_source(inside: Inside) -> None:
    lines = EVERYTHING.read_text().split("\n")
    seen = set()
    for section in inside.elf.sections:
        if not section.flags & SHF_EXECINSTR or not section.data:
            continue
        found = inside.ext.lines(section.name)
        assert found, section.name
        for _, place in found:
            assert place.path.endswith("everything.go")
            if place.line:
                assert place.text == lines[place.line - 1]
                seen.add(place.line)
    for text in ("return uint64(a) + b", "return zero < 5", "g.Länge++", "submit(unsafe.Pointer(r), 0)"):
        assert any(text in lines[n - 1] for n in seen), text


def test_each_function_begins_with_a_line(inside: Inside) -> None:
    """The kernel refuses line information where a subprogram has none for its first instruction."""
    for section in inside.elf.sections:
        if section.flags & SHF_EXECINSTR and section.data:
            starts = {offset for offset, _ in inside.ext.lines(section.name)}
            assert {offset for offset, _ in inside.ext.functions(section.name)} <= starts


def test_source_text_has_no_file() -> None:
    found = Inside(compile_go(MINIMAL)).ext.lines("syscall")
    assert found[0][1].text == MINIMAL.split("\n")[6]


def test_variables_without_a_byte() -> None:
    source = MINIMAL.replace(
        "return 0", "p := &empty; q := &none; if p == nil || q == nil { return 1 }; return 0"
    )
    compiled = compile_go(source + "\nvar empty struct{}\nvar none [0]int\n")
    assert not Inside(compiled).btf.section_vars(".rodata")


# --- licence


@pytest.mark.parametrize(
    ("line", "licence"),
    [("", "GPL"), ("//bpf:license Dual MIT/GPL\n\n", "Dual MIT/GPL"), ('//bpf:license "MIT"\n\n', "MIT")],
)
def test_licence(line: str, licence: str) -> None:
    compiled = compile_go(line + MINIMAL)
    assert compiled.license == licence
    assert Inside(compiled).section("license") == licence.encode() + b"\0"


# --- the same bytes, whatever is beside


def test_reproducible(inside: Inside, tmp_path: Path) -> None:
    """In another process with another hash seed, and the second time here."""
    assert compile_go(EVERYTHING).elf == inside.compiled.elf
    code = (
        "import sys; from tinybpf.compiler import compile_go;"
        "sys.stdout.buffer.write(compile_go(sys.argv[1]).elf)"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(EVERYTHING)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        )
        assert done.stdout == inside.compiled.elf


CORE = """package main

import "unsafe"

type bpfCoreTaskStruct struct {
	Pid  int32
	Tgid int32
}

//go:extern bpf_get_current_task_btf
func current() *bpfCoreTaskStruct

//export prog
//bpf:section tp_btf/sched_switch
func prog(ctx unsafe.Pointer) int32 {
	t := current()
	return t.Pid + t.Tgid
}
"""


def test_kernel_structs_twice() -> None:
    """LLVM's pass for relocations does not survive a second module in one process."""
    first, second = compile_go(CORE), compile_go(CORE)
    assert first.elf == second.elf
    header = struct.unpack_from("<HBBIIIIIII", Inside(first).section(".BTF.ext"))
    assert header[9] > 8, "no relocations"
    assert Inside(first).btf.find("task_struct", BtfKind.STRUCT) is not None


# --- leaving out what nobody loads


def test_no_dwarf(inside: Inside) -> None:
    assert not [s.name for s in inside.elf.sections if "debug" in s.name]


def test_strip_keeps_everything_else(inside: Inside) -> None:
    """What is stripped already stays as it is, and what is rewritten whole says the same."""
    data = inside.compiled.elf
    assert strip_debug(read(data)) == data
    again = read(write(inside.elf, lambda s: True))
    assert [(s.name, s.type, s.flags, s.size, s.align, s.entsize) for s in again.sections] == [
        (s.name, s.type, s.flags, s.size, s.align, s.entsize) for s in inside.elf.sections
    ]
    assert again.symbols == inside.elf.symbols
    assert [s.data for s in again.sections if s.flags & SHF_EXECINSTR] == [
        s.data for s in inside.elf.sections if s.flags & SHF_EXECINSTR
    ]


# --- the kernel


def as_loaded(inside: Inside) -> bytes:
    """The ``.BTF`` as a loader hands it over: with the sections' sizes and the variables' offsets."""
    data = bytearray(inside.section(".BTF"))
    for type_id in range(1, len(inside.btf)):
        record = inside.btf.record(type_id)
        if record.kind != BtfKind.DATASEC:
            continue
        at = BTF_HEADER + 4 * record.word
        section = inside.elf.section(record.name)
        assert section is not None
        struct.pack_into("<I", data, at - 4, section.size)
        rows = [struct.unpack_from("<III", data, at + 12 * n) for n in range(record.vlen)]
        placed = [(inside.symbol(inside.btf.record(v).name).value, v, size) for v, _, size in rows]
        for n, (offset, var, size) in enumerate(sorted(placed)):
            struct.pack_into("<III", data, at + 12 * n, var, offset, size)
    return bytes(data)


def bpf(command: int, attributes: bytes) -> int:
    packed = ctypes.create_string_buffer(attributes, len(attributes))
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(SYS_BPF[platform.machine()], command, packed, len(attributes))
    return result


def give_to_kernel(btf: bytes) -> None:
    """By itself: libbpf goes on without BTF where the kernel refuses it, and nobody notices."""
    log = ctypes.create_string_buffer(1 << 20)
    held = ctypes.create_string_buffer(btf, len(btf))
    where = ctypes.addressof(held), ctypes.addressof(log), len(btf), len(log), 1, 0
    fd = bpf(BPF_BTF_LOAD, struct.pack("<QQIIII", *where))
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{errno.errorcode[number]}: {log.value.decode(errors='replace')[-2000:]}")
    os.close(fd)


def info(fd: int) -> bytes:
    """What the kernel knows of a map or a program: ``struct bpf_map_info`` or ``bpf_prog_info``."""
    found = ctypes.create_string_buffer(256)
    assert bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", fd, len(found), ctypes.addressof(found))) == 0
    return found.raw


@pytest.mark.kernel
def test_kernel_takes_the_btf(inside: Inside) -> None:
    give_to_kernel(as_loaded(inside))


@pytest.mark.kernel
@pytest.mark.parametrize("source", [MINIMAL, CORE], ids=["minimal", "kernel struct"])
def test_kernel_takes_the_btf_of(source: str) -> None:
    give_to_kernel(as_loaded(Inside(compile_go(source))))


@pytest.mark.kernel
def test_kernel_takes_the_examples_btf(project: Path) -> None:
    give_to_kernel(as_loaded(Inside(compile_go(project / "tests" / "data" / "tracepoint-connect" / "bpf"))))


@pytest.mark.kernel
def test_kernel_refuses_btf_that_is_wrong(inside: Inside) -> None:
    """So that the tests above can fail."""
    wrong = as_loaded(inside).replace(b"L_u00e4nge", b"L$u00e4nge")
    with pytest.raises(OSError, match="EINVAL"):
        give_to_kernel(wrong)


WITHOUT_TYPES = {"unusedMap", "perf", "events", "reports"}
MAP_INFO_BTF, PROGRAM_INFO_BTF, PROGRAM_INFO_COUNTS = 64, 128, 144


@pytest.mark.kernel
def test_libbpf_gives_the_kernel_all_of_it(inside: Inside) -> None:
    """No map is made without its types, no program without its functions and lines."""
    from tinybpf.libbpf import load

    compiled = compile_go(EVERYTHING.read_text().replace(", Pinning: 1", ""))
    with load(compiled) as obj:
        for name in (m.name for m in inside.compiled.maps if m.name not in WITHOUT_TYPES):
            assert all(struct.unpack_from("<III", info(obj.map(name).fd), MAP_INFO_BTF)), name
        for program in inside.compiled.programs:
            found = info(obj.program(program.name).fd)
            assert struct.unpack_from("<I", found, PROGRAM_INFO_BTF) > (0,)
            functions, lines = struct.unpack_from("<II", found, PROGRAM_INFO_COUNTS)
            assert functions >= 1 and lines >= 1
        trace = info(obj.program("trace").fd)
        assert struct.unpack_from("<I", trace, PROGRAM_INFO_COUNTS) == (5,), "trace and four subprograms"
