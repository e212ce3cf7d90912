"""A large module in halves gives the programs, variables and types that it gives whole."""

from __future__ import annotations

import io
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from benchmarks.large import source
from elftools.elf.elffile import ELFFile

from tinybpf.compiler import compile_go, llvm
from tinybpf.compiler.elf import read
from tinybpf.compiler.lower import assembly, halves
from tinybpf.errors import CompileError
from tinybpf.libbpf.btf import Btf, BtfKind
from tinybpf.libbpf.btf_ext import BtfExt


def seen(data: bytes) -> dict[str, Any]:
    """What an object has, by name: where it stands may differ."""
    file = ELFFile(io.BytesIO(data))
    contents = {n: s.data() for n, s in enumerate(file.iter_sections())}
    symbols = {
        s.name: (str(s["st_info"]), contents[s["st_shndx"]][s["st_value"] : s["st_value"] + s["st_size"]])
        for s in file.get_section_by_name(".symtab").iter_symbols()
        if s.name and isinstance(s["st_shndx"], int)
    }
    elf = read(data)
    found_btf, found_ext = elf.section(".BTF"), elf.section(".BTF.ext")
    assert found_btf is not None and found_ext is not None
    btf = Btf(found_btf.data)
    ext = BtfExt(found_ext.data, btf)
    records = [btf.record(n) for n in range(1, len(btf))]  # the same prototypes are joined
    code = sorted({elf.sections[s.section].name for s in elf.symbols if s.type == 2})
    return {
        "symbols": symbols,
        "programs": [p.name for p in elf.programs()],
        "lines": {name: ext.lines(name) for name in code},
        "types": sorted(
            (r.kind.name, r.name, r.size, r.vlen) for r in records if r.kind is not BtfKind.FUNC_PROTO
        ),
    }


def test_whole_and_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions and constants that both halves need are among them, and counters."""
    text = source(2000)
    taken: list[Any] = []
    second = llvm.Ahead.second

    def take(self: llvm.Ahead, *given: Any) -> Any:
        taken.append(second(self, *given))
        return taken[-1]

    monkeypatch.setattr(llvm.Ahead, "second", take)
    halved = compile_go(text).elf
    assert compile_go(text).elf == halved
    assert [sorted(answer) for answer in taken] == [["dumps", "first", "log", "object", "times"]] * 2
    monkeypatch.setattr(assembly, "LARGEST_WHOLE", 1 << 30)
    whole, parts = seen(compile_go(text).elf), seen(halved)
    assert len(taken) == 2
    assert "ebpf_lost_slow1" in whole["symbols"] and "filter0" in whole["symbols"]
    for what, value in whole.items():
        assert parts[what] == value, what


def test_an_error_in_the_second_half() -> None:
    """What LLVM was given ahead is given up; the next compile is none the worse."""
    text = source(2000)
    small = "package p\n\n//bpf:section xdp\nfunc x() int32 { return 7 }\n"
    before = compile_go(small).elf
    place = text.rindex("= mix(")
    for wrong in ("= [1]uint32{}[late()] + mix(", "= <-make(chan uint32) + mix("):
        with pytest.raises(CompileError):
            compile_go(text[:place] + text[place:].replace("= mix(", wrong, 1))
        assert compile_go(small).elf == before


PROGRAM = 'define i32 @{name}() section "s" {{\n  {body}\n  ret i32 0\n}}\n'


def functions(*made: tuple[str, str]) -> list[str]:
    return [PROGRAM.format(name=name, body=body) for name, body in made]


@pytest.mark.parametrize(
    ("single", "weights", "place"),
    [
        ([set(), set(), set(), set()], [1, 1, 1, 1], 2),
        ([set(), set(), {9}, {9}], [1, 1, 1, 1], 2),
        ([set(), {9}, {9}, {8}], [1, 1, 1, 1], 3),
        ([set(), {9}, {9}, {8}], [2, 1, 1, 1], 1),
        ([{9}, {9}, {9}, set()], [1, 1, 1, 1], 3),
        ([{9}, {9}, {9}, {9}], [1, 1, 1, 1], None),
        ([{9}, set(), set(), {9}], [1, 1, 1, 1], None),
        ([set(), set()], [9, 1], None),
        ([set()], [1], None),
    ],
)
def test_where(single: list[set[int]], weights: list[int], place: int | None) -> None:
    """Near the middle; a subprogram is on the side of its callers."""
    assert halves.middle(single, weights) == place


def halved(head: list[str], first: list[str], second: list[str]) -> list[list[str] | None]:
    made = halves.Halves(head, first)
    return [made.first, made.second(head, second)]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("@v = internal global [8 x i8] zeroinitializer, align 8", "store i64 0, ptr @v"),
        ("", "%f = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr null, i32 0, i32 0)"),
        ("@v = global i64 0", ""),
    ],
)
def test_nowhere(head: str, body: str) -> None:
    """Where both halves would need what can be there once only, or what has another form."""
    assert halved([head], functions(("a", body)), functions(("b", body)))[1] is None


def test_a_constant_that_grows() -> None:
    """The first half has it as it was."""
    made = halves.Halves(
        ['@z = internal constant [8 x i8] zeroinitializer, section ".rodata", align 8'],
        functions(("a", "store ptr @z, ptr null")),
    )
    grown = ['@z = internal constant [16 x i8] zeroinitializer, section ".rodata", align 8']
    assert made.second(grown, functions(("b", ""))) is None


def test_variables() -> None:
    """The second half declares what it uses; constants and counters are in both."""
    head = [
        'target triple = "bpfel"',
        '@m = dso_local global [8 x i8] zeroinitializer, section ".maps", align 8, !dbg !3',
        '@r = dso_local externally_initialized constant [1 x i8] c"\\01", section ".rodata", align 1',
        '@ebpf_n = internal externally_initialized global i64 0, section ".bss", align 8, !dbg !4',
        '@k = internal constant [1 x i8] c"\\02", section ".rodata", align 1',
        '@only = internal global [1 x i8] zeroinitializer, section ".bss", align 1',
    ]
    use = "store ptr @{}, ptr null"
    programs = [functions(*((f"{n}{s}", use.format(n)) for n in ("r", "ebpf_n", "k"))) for s in "xy"]
    programs[1] += functions(("z", use.format("only")))
    first, second = halved(head, *programs)
    assert first is not None and second is not None
    first, second = ([line for line in half if line.startswith("@")] for half in (first, second))
    shared = [line.replace("internal", "linkonce_odr") for line in head[3:5]]
    assert first == [*head[1:3], *shared]
    assert second == [
        '@r = external dso_local externally_initialized constant [1 x i8], section ".rodata", align 1',
        *shared,
        head[5],
    ]


@pytest.mark.parametrize("broken", [0, 1])
def test_a_half_that_is_refused(broken: int) -> None:
    """The whole is compiled then, and says what is wrong."""
    ir = 'target triple = "bpfel"\ndefine i32 @p() section "s" {\n  ret i32 7\n}\n'
    parts = [ir, 'target triple = "bpfel"\n']
    made = llvm.Ahead(parts[0]).finish(parts[1], "", None)
    assert made is not None and made.elf == llvm.emit(ir).elf
    parts[broken] = "define broken"
    assert llvm.Ahead(parts[0]).finish(parts[1], "", None) is None


def test_the_whole_in_place_of_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    text, begin = source(2000), llvm.Ahead.__init__
    with monkeypatch.context() as patch:
        patch.setattr(assembly, "LARGEST_WHOLE", 1 << 30)
        known = seen(compile_go(text).elf)
    refused: list[str] = []

    def broken(self: llvm.Ahead, ir: str, **given: Any) -> None:
        refused.append(ir)
        begin(self, "define broken", **given)

    monkeypatch.setattr(llvm.Ahead, "__init__", broken)
    assert seen(compile_go(text).elf) == known
    assert len(refused) == 1


@pytest.mark.parametrize("given_up", [False, True])
def test_a_half_whose_process_was_ended(given_up: bool) -> None:
    """What follows the half is not taken for a request of its own."""
    ir = 'target triple = "bpfel"\ndefine i32 @p() section "s" {{\n  ret i32 {}\n}}\n'
    known = [llvm.emit(ir.format(n)).elf for n in range(2)]
    ahead = llvm.Ahead(ir.format(0))
    worker = ahead._worker.pid
    waiting = f"/proc/{worker}/task/{worker}/children"
    while not any(children(int(pid)) for pid in Path(waiting).read_text().split()):
        time.sleep(0.001)  # it has the half once it has a process for it
    for pid in Path(waiting).read_text().split():
        if children(int(pid)):
            os.kill(int(pid), signal.SIGKILL)
    if given_up:
        ahead.give_up()
    else:
        assert ahead.finish('target triple = "bpfel"\n', "", None) is None
    for n in (1, 0, 1):
        assert llvm.emit(ir.format(n)).elf == known[n]


def children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def test_what_goes_on_meanwhile() -> None:
    """It runs while LLVM works; what it raises ends the wait, and the answer is not taken for the next."""
    ir = 'target triple = "bpfel"\ndefine i32 @p() section "s" {{\n  ret i32 {}\n}}\n'
    known = [llvm.emit(ir.format(n)).elf for n in range(2)]
    assert known[0] != known[1]

    def interrupt() -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            llvm.emit(ir.format(0), meanwhile=interrupt)
        with pytest.raises(KeyboardInterrupt):
            llvm.Ahead(ir.format(0)).finish(ir, "", interrupt)
        llvm.Ahead(ir.format(0)).give_up()
        assert llvm.emit(ir.format(1)).elf == known[1]
