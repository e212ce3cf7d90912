"""What the pages in docs/ show is true: their programs compile, their links lead somewhere."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

import tinybpf
from tinybpf.compiler import compile_go

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md"))
)
FIRST_PID_NAMESPACE = 0xEFFFFFFC
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
        "ends": "tracepoint/syscalls/sys_enter_exit_group",
    }
    assert compiled.warnings == ()


@pytest.mark.kernel
def test_the_typed_programs_of_the_language_page_run(blocks_of):
    code = "\n".join(blocks_of((ROOT / "docs" / "go.md").read_text().partition(ESTABLISHED)[0], "go"))
    with tinybpf.load_go(typed_head(code) + code) as obj, tinybpf.trace_pipe(timeout=2) as printed:
        obj.program("signalled").attach()
        child = subprocess.Popen(["sleep", "60"])
        child.send_signal(signal.SIGUSR1)
        child.wait()
        obj.program("ends").attach()
        subprocess.run(["sleep", "0.3"], check=True)
        texts = [record.text for record in printed]
        usr1 = [text for text in texts if text.startswith(f"signal {int(signal.SIGUSR1)} for process ")]
        assert usr1
        if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
            assert usr1 == [f"signal {int(signal.SIGUSR1)} for process {child.pid}"]
        lives = [int(text.split()[2]) for text in texts if text.startswith("ends after ")]
        assert any(300 <= ms < 3000 for ms in lives)
        packet = bytes(12) + b"\x08\x00\x45" + bytes(11) + bytes([10, 1, 2, 3]) + bytes(30)
        results = [obj.program(name).test_run(data=packet).retval for name in ("allow", "count", "count")]
        assert results == [2, 1, 1]
        assert list(obj.map("drops").values()) == [2]
        assert [str(key) for key in obj.map("drops")] == ["10.1.2.3"]


def test_the_dialects_may_be_mixed():
    code = (
        "//export old\n//bpf:section xdp\nfunc old(ctx unsafe.Pointer) int32 { return 2 }\n\n"
        "//bpf:section xdp\nfunc new_(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }\n"
    )
    compiled = compile_go('package bpf\n\nimport (\n\t"tinybpf/ebpf"\n\t"unsafe"\n)\n\n' + code)
    assert sorted(program.name for program in compiled.programs) == ["new_", "old"]


def test_the_established_go_of_the_language_page_compiles(blocks_of):
    _, _, established = (ROOT / "docs" / "go.md").read_text().partition(ESTABLISHED)
    code = blocks_of(established, "go")
    assert len(code) >= 4
    compiled = compile_go(HEAD + "\n".join(code))
    assert [program.name for program in compiled.programs] == ["count_packets"]
    assert compiled.warnings == ()


def test_the_go_of_the_panics_page_compiles(blocks_of):
    code, head = blocks_of((ROOT / "docs" / "panics.md").read_text(), "go")
    for text in (typed_head(code) + code, head + 'import "tinybpf/ebpf"\n' + code):
        compiled = compile_go(text)
        assert compiled.programs
        assert compiled.warnings == ()
