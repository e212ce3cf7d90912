"""docs/loading.md: its Python runs, over the Go that it shows, and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

import tinybpf
from tinybpf.libbpf.openmap import OpenMap
from tinybpf.libbpf.openprogram import OpenProgram

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "loading.md").read_text()


@pytest.mark.kernel
def test_what_it_prints(blocks_of):
    names: dict[str, Any] = {"tinybpf": tinybpf, "program": blocks_of(PAGE, "go")[0]}
    shown = re.findall(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```$)?", PAGE, re.M | re.S)
    assert len(shown) == len(blocks_of(PAGE, "python")) > 7
    try:
        for code, printed in shown:
            written = io.StringIO()
            with contextlib.redirect_stdout(written):
                exec(compile(code, "docs/loading.md", "exec", dont_inherit=True), names)
            assert written.getvalue() == printed, code
    finally:
        if "obj" in names:
            names["obj"].close()


@pytest.mark.kernel
def test_the_disassembly_that_it_shows(blocks_of):
    shown = blocks_of(PAGE, "text")
    (listing,) = (text for text in shown if text.startswith("filter:"))
    program = blocks_of(PAGE, "go")[0]
    line = program.splitlines().index("\tseen.Update(1, 1)") + 1
    with tinybpf.load_go(program) as obj:
        printed = str(obj.program("filter").disassembly())
    _, source, instruction = listing.splitlines()
    assert f":{line}:7: seen.Update(1, 1)" in source
    assert re.search(rf"^; .*:{line}:\d+: seen\.Update\(1, 1\)$", printed, re.M)
    assert re.fullmatch(r" +\d+: \(..\) \*\(u32 \*\)\(r10 -\d+\) = r1", instruction)


def test_every_setting_is_on_the_page():
    for cls in (OpenMap, OpenProgram):
        for name, found in vars(cls).items():
            if isinstance(found, property) and found.fset is not None:
                assert f"`{name}`" in PAGE, name
