"""docs/arguments.md: its programs compile, its tables and messages are what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.kernel import arguments
from tinybpf.compiler.kernel.sections import parse_section
from tinybpf.libbpf import _since
from tinybpf.libbpf.program import BpfProgram

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "arguments.md").read_text()
ROWS = re.findall(r"^\| (`[a-z].*?) \| (.*?) \| (.*?) \| ([\d.]+) \|$", PAGE, re.M)


def test_the_programs_compile(blocks_of):
    programs = blocks_of(PAGE, "go")
    assert len(programs) == 2
    for code in programs:
        assert compile_go(code).warnings == ()


def test_every_section_with_arguments_is_there():
    named = {name.partition("/")[0] for row in ROWS for name in re.findall(r"`([^`]+)`", row[0])}
    assert named | {"raw_tracepoint"} == set(arguments._BY_PREFIX)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row(row):
    sections, parameters, methods, version = row
    for name in re.findall(r"`([^`]+)`", sections):
        section = parse_section(name.partition("/")[0])
        assert section is not None
        convention = arguments.convention(section)
        assert convention is not None
        if parameters != "the same":
            assert (convention.kind == "result") == (parameters == "the result")
        fact = _since.ATTACHMENTS.get(name.partition("/")[0])
        assert fact is None or fact.name == "uprobe.multi" or fact.since == version
    for method in re.findall(r"`(\w+)\(", methods):
        assert hasattr(BpfProgram, method)
