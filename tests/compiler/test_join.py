"""Two objects as one: calls, addresses and variables mean what they meant in each."""

from __future__ import annotations

import struct

import msgspec
import pytest

from tinybpf.compiler import llvm
from tinybpf.compiler.btf_join import Unjoinable
from tinybpf.compiler.elf import REL, SHT_REL, Elf, read, write
from tinybpf.compiler.join import join

HEAD = 'target triple = "{triple}"\n'
HELPER = """
define internal i64 @{name}(i64 %n) noinline nounwind {{
  %r = mul i64 %n, {factor}
  ret i64 %r
}}
"""
CALLER = """
define i32 @{name}(ptr %c) nounwind section "{section}" {{
  %v = load i64, ptr @{variable}
  %a = call i64 @{called}(i64 %v)
  %b = call i64 inttoptr (i64 181 to ptr)(i64 %a, ptr @{passed}, ptr null, i64 0)
  %t = trunc i64 %b to i32
  ret i32 %t
}}
"""


def emitted(text: str, triple: str = "bpfel") -> Elf:
    return llvm.emit(HEAD.format(triple=triple) + text, triple=triple).elf


def targets(elf: Elf) -> dict[str, list[str]]:
    """What each program's relocations mean: a function's name, or a variable's with what is added to it."""
    found: dict[str, list[str]] = {}
    for section in elf.sections:
        if section.type != SHT_REL or section.name.startswith(".rel."):
            continue
        code = elf.sections[section.info]
        for at, info in struct.iter_unpack(elf.order + REL, section.data):
            symbol, kind = elf.symbols[info >> 32], info & 0xFFFFFFFF
            (more,) = struct.unpack_from(elf.order + "i", code.data, at + 4)
            value = symbol.value + (8 * (more + 1) if kind == 10 else more)
            inside = [
                s.name
                for s in elf.symbols
                if s.section == symbol.section and s.name and s.value <= value < s.value + s.size
            ]
            by = next(s for s in elf.programs() if s.section == code.name and _has(elf, s.name, at))
            found.setdefault(by.name, []).append(*inside or [symbol.name])
    return found


def _has(elf: Elf, name: str, at: int) -> bool:
    symbol = next(s for s in elf.symbols if s.name == name)
    return symbol.value <= at < symbol.value + symbol.size


def half(name: str, section: str, own: str, variable: str, called: str, factor: int) -> str:
    return "\n".join(
        [
            own,
            HELPER.format(name=called, factor=factor),
            HELPER.format(name=f"passed_{name}", factor=factor + 1),
            CALLER.format(
                name=name, section=section, variable=variable, called=called, passed=f"passed_{name}"
            ),
        ]
    )


@pytest.mark.parametrize("triple", ["bpfel", "bpfeb"])
@pytest.mark.parametrize("section", ["tc", "xdp"])
def test_both(triple: str, section: str) -> None:
    """In a section of both, and in one that the second object has alone."""
    first = half("one", "tc", '@shared = global i64 7, section ".data"', "shared", "by_three", 3)
    second = half("two", section, "@shared = external global i64", "shared", "by_five", 5)
    made = join(emitted(first, triple), emitted(second, triple))
    assert read(write(made, lambda s: True)).programs() == made.programs()
    assert [(p.name, p.section) for p in made.programs()] == [("one", "tc"), ("two", section)]
    assert targets(made) == {
        "one": ["shared", "by_three", "passed_one"],
        "two": ["shared", "by_five", "passed_two"],
    }
    sizes = {s.name: s.size for s in made.symbols if s.type == 2}
    assert made.instructions() * 8 == sum(sizes.values()) and len(sizes) == 6


def test_variables_of_the_second_only() -> None:
    """Counters, constants; of what both have there is one."""
    data = '@{} = {} i64 {}, section "{}"\n'
    first = data.format("n", "global", 0, ".bss") + data.format("k", "internal constant", 9, ".rodata")
    more = data.format("m", "global", 0, ".bss") + data.format("l", "internal constant", 8, ".rodata")
    use = 'define i64 @{}() nounwind section "tc" {{\n{}  ret i64 %x{}\n}}\n'

    def uses(name: str, *variables: str) -> str:
        lines = ["  %x0 = add i64 0, 0\n"]
        for number, variable in enumerate(variables):
            lines.append(f"  %v{number} = load volatile i64, ptr @{variable}\n")
            lines.append(f"  %x{number + 1} = add i64 %x{number}, %v{number}\n")
        return use.format(name, "".join(lines), len(variables))

    made = join(
        emitted(first + uses("one", "n", "k")), emitted(first + more + uses("two", "m", "k", "l", "n"))
    )
    assert targets(made) == {"one": ["n", "k"], "two": ["m", "k", "l", "n"]}
    places = {s.name: (made.sections[s.section].name, s.value, s.size) for s in made.symbols if s.type == 1}
    assert places == {
        "n": (".bss", 0, 8),
        "m": (".bss", 8, 8),
        "k": (".rodata", 0, 8),
        "l": (".rodata", 8, 8),
    }
    constants = made.section(".rodata")
    assert constants is not None and struct.unpack("<2Q", constants.data) == (9, 8)


POINTER = '@p = global ptr @q, section ".data"\n@q = global i32 0, section ".data"\n'
USING = """
@{0} = external global i32
define i32 @two() section "tc" {{
  %v = load i32, ptr @{0}
  ret i32 %v
}}
"""
PROGRAM = 'define i32 @{}() section "tc" {{\n  ret i32 {}\n}}\n'
DEBUG = """
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!1}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !2, emissionKind: FullDebug, globals: !{!3})
!1 = !{i32 2, !"Debug Info Version", i32 3}
!2 = !DIFile(filename: "f", directory: "")
!3 = !DIGlobalVariableExpression(var: !4, expr: !DIExpression())
!4 = distinct !DIGlobalVariable(name: "v", scope: !0, file: !2, line: 1, type: !5, isDefinition: true)
!5 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
"""


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (PROGRAM.format("one", 2), "function one in both"),
        ('@v = global i32 0, section ".data", !dbg !3\n' + DEBUG, "one object without BTF"),
        ('@a = global i32 2, section ".data"\n', "variable a in both objects, and not the same"),
        (USING.format("missing"), "missing is in neither object"),
        (POINTER, "addresses in section .data"),
        ('@v = constant i32 0, section "tc"\n' + PROGRAM.format("two", 2), "sections tc of two kinds"),
    ],
)  # fmt: skip
def test_what_is_not_joined(second: str, words: str) -> None:
    with pytest.raises(Unjoinable, match=words):
        join(emitted('@a = global i32 1, section ".data"\n' + PROGRAM.format("one", 1)), emitted(second))


def test_names_of_constants() -> None:
    """Of constants in one object: the other's may be another."""
    table = '@t = internal constant [2 x i64] [i64 {}, i64 5], section ".rodata"\n'
    use = 'define i64 @{}(i64 %n) nounwind section "tc" {{\n'
    use += "  %p = getelementptr i64, ptr @t, i64 %n\n  %v = load volatile i64, ptr %p\n  ret i64 %v\n}}\n"
    made = join(*(emitted(table.format(n) + use.format(f"p{n}")) for n in (1, 2)))
    places = [(s.value, s.size) for s in made.symbols if s.name == "t"]
    assert places == [(0, 16), (16, 16)]
    for section in made.sections:
        if section.name == ".reltc":
            code = next(s.data for s in made.sections if s.name == "tc")
            relocations = list(struct.iter_unpack("<QQ", section.data))
            added = [struct.unpack_from("<i", code, at + 4)[0] for at, _ in relocations]
            assert [
                made.symbols[info >> 32].value + more
                for (_, info), more in zip(relocations, added, strict=True)
            ] == [0, 16]


def test_contents_without_a_symbol() -> None:
    second = emitted('@v = constant [64 x i8] zeroinitializer, section ".rodata"\n')
    nameless = msgspec.structs.replace(second, symbols=tuple(s for s in second.symbols if s.name != "v"))
    assert join(emitted(PROGRAM.format("one", 1)), second).section(".rodata")
    with pytest.raises(Unjoinable, match=r"section \.rodata has what no symbol names"):
        join(emitted(PROGRAM.format("one", 1)), nameless)
