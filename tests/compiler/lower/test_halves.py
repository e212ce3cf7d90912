"""A large module in halves gives the programs, variables and types that it gives whole."""

from __future__ import annotations

import io
from typing import Any

import pytest
from benchmarks.large import source
from elftools.elf.elffile import ELFFile

from tinybpf.compiler import compile_go, llvm
from tinybpf.compiler.elf import read
from tinybpf.compiler.lower import halves, module
from tinybpf.libbpf.btf import Btf
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
    code = sorted({elf.sections[s.section].name for s in elf.symbols if s.type == 2})
    return {
        "symbols": symbols,
        "programs": [p.name for p in elf.programs()],
        "lines": {name: ext.lines(name) for name in code},
        "types": sorted(btf.record(n).name for n in range(1, len(btf))),
    }


def test_whole_and_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions and constants that both halves need are among them, and counters."""
    text = source(2000)
    cuts: list[bool] = []

    def cut(head: list[str], bodies: list[str]) -> Any:
        found = halves.cut(head, bodies)
        cuts.append(found is not None)
        return found

    monkeypatch.setattr(module, "cut", cut)
    halved = compile_go(text).elf
    assert cuts == [True]
    assert compile_go(text).elf == halved
    monkeypatch.setattr(module, "cut", lambda head, bodies: None)
    whole, parts = seen(compile_go(text).elf), seen(halved)
    assert "ebpf_lost_slow1" in whole["symbols"] and "filter0" in whole["symbols"]
    for what, value in whole.items():
        assert parts[what] == value, what


INNER = "define internal i64 @{name}() nounwind{how} {{\n  {body}\n  ret i64 0\n}}\n"
PROGRAM = 'define i32 @{name}() section "s" {{\n  {body}\n  ret i32 0\n}}\n'


def call(name: str) -> str:
    return f"%r = call i64 @{name}()"


def functions(*made: tuple[str, str]) -> list[str]:
    return [PROGRAM.format(name=name, body=body) for name, body in made]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "LARGE", 0)


def names(half: list[str]) -> list[str]:
    return [halves.Function(text).symbol for text in half if text.startswith("define")]


@pytest.mark.usefixtures("always")
def test_where() -> None:
    """Near the middle; what is inlined is on both sides, a subprogram on that of its callers."""
    small = INNER.format(name="small", how=" alwaysinline", body="")
    apart = INNER.format(name="apart", how="", body=call("small"))
    calls = [("a", "small"), ("b", "small"), ("c", "apart"), ("d", "apart")]
    found = halves.cut([], [small, apart, *functions(*((name, call(callee)) for name, callee in calls))])
    assert found is not None
    assert [names(half) for half in found] == [["small", "a", "b"], ["small", "apart", "c", "d"]]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", call("apart")),
        ("@v = internal global [8 x i8] zeroinitializer, align 8", "store i64 0, ptr @v"),
        ("", "%f = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr null, i32 0, i32 0)"),
    ],
)
def test_nowhere(head: str, body: str) -> None:
    """Where both halves would need what can be there once only."""
    apart = INNER.format(name="apart", how=" noinline", body="")
    programs = functions(*((name, body) for name in "abcd"))
    assert halves.cut([head], [apart, *programs]) is None
    assert halves.cut([head], [apart, *functions(*((name, "") for name in "abcd"))]) is not None


@pytest.mark.usefixtures("always")
def test_variables() -> None:
    """The second half declares what it uses; constants and counters are in both."""
    head = [
        'target triple = "bpfel"',
        '@m = dso_local global [8 x i8] zeroinitializer, section ".maps", align 8, !dbg !3',
        '@r = dso_local externally_initialized constant [1 x i8] c"\\01", section ".rodata", align 1',
        '@ebpf_n = internal externally_initialized global i64 0, section ".bss", align 8, !dbg !4',
        '@k = internal constant [1 x i8] c"\\02", section ".rodata", align 1',
    ]
    use = "store ptr @{}, ptr null"
    programs = functions(*((f"{n}{s}", use.format(n)) for s in "xy" for n in ("r", "ebpf_n", "k")))
    found = halves.cut(head, programs)
    assert found is not None
    first, second = ([line for line in half if line.startswith("@")] for half in found)
    assert first[:2] == head[1:3]
    assert first[2:] == [line.replace("internal", "linkonce_odr") for line in head[3:]]
    assert second == [
        '@r = external dso_local externally_initialized constant [1 x i8], section ".rodata", align 1',
        *first[2:],
    ]


@pytest.mark.parametrize("broken", [0, 1])
def test_a_half_that_is_refused(broken: int) -> None:
    """The whole is compiled then, and says what is wrong."""
    ir = 'target triple = "bpfel"\ndefine i32 @p() section "s" {\n  ret i32 7\n}\n'
    parts = [ir, 'target triple = "bpfel"\n']
    parts[broken] = "define broken"
    assert llvm.emit(ir, halves=parts).object == llvm.emit(ir).object
