"""Objects of clang that the verifier refuses get the same messages as those of Go: line, variable, reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
SOURCE = (DATA / "refused.c").read_text().splitlines()


@pytest.mark.parametrize(
    ("program", "line", "variable", "reason", "notes"),
    [
        ("nil", "*count += 1;", "count", "count can be nil here", ["u64 *count ="]),
        (
            "leak",
            "if (*event & 1)",
            "event",
            "event is not given back on the way from here to the return",
            ["u64 *event ="],
        ),
        (
            "small",
            "bpf_get_current_comm((void *)name, 16);",
            "name",
            "bpf_get_current_comm writes 16 bytes to name, which has fewer",
            [],
        ),
        (
            "spins",
            "while (n != 7)",
            "n",
            " depends on n alone",  # some verifiers walk a million turns before they say so
            [],
        ),
    ],
)
def test_refused(program: str, line: str, variable: str, reason: str, notes: list[str]):
    opened = tinybpf.open(DATA / "refused.elf")
    opened.programs[program].autoload = True
    with pytest.raises(tinybpf.VerifierError) as caught:
        opened.load()
    error = caught.value
    assert error.reason is not None and error.reason.endswith(reason) and error.variable == variable
    observed("reasons", error.reason)
    assert error.hint and error.source is not None and error.source.path.endswith("refused.c")
    assert error.source.text.strip() == line == SOURCE[error.source.line - 1].strip()
    assert error.source.column > 1
    assert [at.text.strip()[: len(begin)] for (at, _), begin in zip(error.notes, notes, strict=True)] == notes
    assert all(SOURCE[at.line - 1] == at.text for at, _ in error.notes)
