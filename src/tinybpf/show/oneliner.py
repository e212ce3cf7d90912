"""A program given as text on the command line: what every file begins with may be left out."""

from __future__ import annotations

import re

NAME = "-e"
EXAMPLE = """tinybpf run -e '
//bpf:section tracepoint/syscalls/sys_enter_openat
func hello(ctx *ebpf.SysEnter) int32 { ebpf.Printk("hello"); return 0 }'"""


def complete(text: str) -> str:
    """The text with ``package`` and the import of ``tinybpf/ebpf`` where it has none and needs them.

    Positions in messages stay those of the text. ``ValueError`` where it has no function.
    """
    if not text.strip():
        raise ValueError(f"the program is empty; a whole one is:\n{EXAMPLE}")
    code = without_comments(text)
    if not re.search(r"\bfunc\b", code):
        raise ValueError(f"there is no function in it; a whole program is:\n{EXAMPLE}")
    if re.search(r"^\s*package\s", code, re.M):
        return text + "\n"
    head = "package main\n"
    if re.search(r"\bebpf\s*\.", code) and '"tinybpf/ebpf"' not in code:
        head += 'import "tinybpf/ebpf"\n'
    return f"{head}//line {NAME}:1:1\n{text}\n"


def without_comments(text: str) -> str:
    """Go source without comments; what looks like one in a string stays."""
    token = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|//[^\n]*|/\*.*?\*/'
    return re.sub(token, lambda found: found[0] if found[0][0] in '"`' else " ", text, flags=re.S)
