"""What is made of a module's text between LLVM's optimiser and its code generator."""

from __future__ import annotations

import pytest

from tinybpf.compiler import llvm
from tinybpf.compiler._llvm_text import compared

RANGE = """\
 i32 @p(ptr %c) section "s" {{
  %n = load {of}, ptr %c, align 8
  %1 = add nsw {of} %n, -{least}
  %2 = icmp ult {of} %1, {count}
  br i1 %2, label %in, label %out

in:
  %3 = call i64 inttoptr (i64 130 to ptr)(ptr %c, {of} {used})
  br label %out

out:
  ret i32 0
"""


@pytest.mark.parametrize(("of", "letter"), [("i64", "r"), ("i32", "w")])
def test_a_range_is_two_comparisons(of: str, letter: str) -> None:
    """Of a value that is used behind them; as instructions they are there, too."""
    text = compared(RANGE.format(of=of, least=3, count=57, used="%n"))
    assert f"  %least.0 = icmp sge {of} %n, 3\n  %below.0 = icmp ult {of} %n, 60\n" in text
    assert "  %2 = and i1 %least.0, %below.0\n" in text
    module = f'target triple = "bpfel"\ndefine{text}}}\n'
    emitted = llvm.emit(module, dump=True)
    assert [p.name for p in emitted.elf.programs()] == ["p"]
    (assembly,) = [dump for name, dump in emitted.dumps if name == "assembly.s"]
    register = next(line.split()[1] for line in assembly.splitlines() if f"if {letter}" in line)
    compares = [line.split() for line in assembly.splitlines() if line.strip().startswith("if ")]
    assert [(c[1], c[2], c[3]) for c in compares] == [(register, "s<", "3"), (register, ">", "59")]


@pytest.mark.parametrize(
    "changes",
    [
        {"used": "%1"},  # nobody wants to know of the value itself
        {"count": (1 << 63) - 3},  # negative ones are within the range
        {"count": 57, "least": 0},
    ],
)
def test_other_comparisons_stay(changes: dict[str, object]) -> None:
    text = RANGE.format(**{"of": "i64", "least": 3, "count": 57, "used": "%n", **changes})
    if changes.get("least") == 0:
        text = text.replace("add nsw i64 %n, -0", "add nsw i64 %n, 3")
    assert compared(text) == text


def test_only_for_a_branch() -> None:
    text = RANGE.format(of="i64", least=1, count=56, used="%n").replace("br i1 %2,", "br i1 %c2,")
    assert compared(text) == text
