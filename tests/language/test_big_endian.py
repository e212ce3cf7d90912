"""The language cases for big-endian machines, which the kernel here cannot run: in a machine in Python."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go

from . import inputs, wrappers
from .conftest import FILES
from .inputs import pack
from .interpreter import Machine
from .kernel import UNWRITTEN
from .outcome import Outcome, differences
from .source import Case, CaseFile

CALLS = 20
"""The first calls of each case: Python is slow, and variables keep what a call leaves in them."""

BY_MEMORY = ("NativeEndian", "Unsafe", "Switch", "CompareThenWrite")
"""Parts of the names of cases that look at the bytes of a number in memory: there gc says something else."""


def run(machine: Machine, case: Case, call: tuple[int, ...], effects: bool) -> Outcome:
    """As ``kernel.Loaded`` does it, with the context in the machine's byte order."""
    form = struct.Struct(f"{machine.order}{2 * wrappers.WORDS}Q")
    words = [pack(v) for v in call] + [0] * (wrappers.WORDS - len(call)) + [UNWRITTEN] * wrappers.WORDS
    context = bytearray(form.pack(*words))
    returned = machine.run(f"t_{case.name}", context)
    results = form.unpack(context)[wrappers.WORDS :]
    seen = 0
    if effects:
        context = bytearray(form.size)
        machine.run("harness_effects", context)
        seen = form.unpack(context)[wrappers.WORDS]
    if returned == wrappers.PANICKED:
        return Outcome(True, tuple(w for w in results if w != UNWRITTEN), seen)
    return Outcome(False, results[: len(case.results)], seen)


@pytest.mark.parametrize(
    ("file", "order"),
    [*((f, "big") for f in FILES), *((f, "little") for f in FILES[-3:])],
    ids=lambda x: getattr(x, "stem", x),
)
def test_cases(
    file: CaseFile, order: str, tmp_path: Path, reference_outcomes: dict[Case, list[Outcome]]
) -> None:
    """Some in little-endian: that the machine itself is right is seen there."""
    (tmp_path / f"{file.stem}.go").write_text(file.text)
    (tmp_path / "programs.go").write_text(wrappers.bpf(file))
    wrong = []
    compiled = compile_go(tmp_path, byte_order=order)
    assert compiled.byte_order == order
    same = [c for c in file.cases if order == "little" or not any(part in c.name for part in BY_MEMORY)]
    for case in same:
        calls = inputs.of(case)
        machine = Machine(compiled.elf)
        got = [run(machine, case, call, file.has_effects) for call in calls[:CALLS]]
        wrong += differences(case, calls[:CALLS], reference_outcomes[case][:CALLS], got)
    assert not wrong, "\n".join(wrong[:12])
