"""docs/maps.md: its Python runs, over the Go that it shows, and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

import pytest

import tinybpf
from tinybpf.libbpf.kinds import _CLASSES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "maps.md").read_text()


@pytest.mark.kernel
def test_what_it_prints(blocks_of):
    names: dict[str, Any] = {"tinybpf": tinybpf, "dataclass": dataclass, "Annotated": Annotated}
    names |= {"ip_network": ip_network, "program": blocks_of(PAGE, "go")[0], "__name__": __name__}
    shown = re.findall(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```$)?", PAGE, re.M | re.S)
    assert len(shown) == len(blocks_of(PAGE, "python")) > 5
    try:
        for code, printed in shown:
            written = io.StringIO()
            with contextlib.redirect_stdout(written):
                exec(compile(code, "docs/maps.md", "exec", dont_inherit=True), names)
            assert written.getvalue() == printed, code
    finally:
        if "obj" in names:
            names["obj"].close()


def test_every_kind_is_on_the_page():
    for kind in _CLASSES:
        words = {"LPM_TRIE": "**Tries**", "QUEUE": "**Queues", "STACK": "and stacks**"}
        assert words.get(kind.name, f"`{kind.name}`") in PAGE, kind.name
