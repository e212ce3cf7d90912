"""What the pages in docs/ show is true: their programs compile, their links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md"))
)
ESTABLISHED = "## The established dialect"
HEAD = 'package main\n\nimport "unsafe"\n\n'


def typed_head(code: str) -> str:
    """What a file with this code begins with."""
    needed = {"ebpf": "tinybpf/ebpf", "atomic": "sync/atomic"}
    imports = [f'import "{path}"\n' for name, path in needed.items() if re.search(rf"\b{name}\.", code)]
    return "package bpf\n\n" + "".join(imports) + "\n"


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page} leads to {link}"
        assert not anchor or anchor in anchors(target.read_text()), f"{page} leads to {link}"


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_is_python(page, blocks_of):
    for code in blocks_of((ROOT / page).read_text(), "python"):
        ast.parse(code)


def test_the_typed_go_of_the_language_page_compiles(blocks_of):
    typed, established, _ = (ROOT / "docs" / "go.md").read_text().partition(ESTABLISHED)
    assert established
    code = "\n".join(blocks_of(typed, "go"))
    compiled = compile_go(typed_head(code) + code)
    sections = {program.name: program.section for program in compiled.programs}
    assert sections == {
        "allow": "xdp",
        "Syscalls_SysEnterWrite": "tracepoint/syscalls/sys_enter_write",
        "signalled": "tracepoint/signal/signal_generate",
        "count": "xdp",
        "changes": "tracepoint/syscalls/sys_enter_setuid",
    }
    assert compiled.warnings == ()


def test_the_established_go_of_the_language_page_compiles(blocks_of):
    _, _, established = (ROOT / "docs" / "go.md").read_text().partition(ESTABLISHED)
    code = blocks_of(established, "go")
    assert len(code) >= 4
    compiled = compile_go(HEAD + "\n".join(code))
    assert [program.name for program in compiled.programs] == ["count_packets"]
    assert compiled.warnings == ()


def test_the_go_of_the_panics_page_compiles(blocks_of):
    for code in blocks_of((ROOT / "docs" / "panics.md").read_text(), "go"):
        compiled = compile_go((HEAD if "unsafe." in code else typed_head(code)) + code)
        assert compiled.programs
        assert compiled.warnings == ()
