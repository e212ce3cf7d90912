"""Puts the programs of go/programs into docs/ebpf.md: each code block behind a link to a file of theirs.

python tools/docs_programs.py            writes the page
python tools/docs_programs.py --check    says what is out of date; exit status 1 then
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "ebpf.md"
BLOCK = re.compile(
    r"(?<=^\[go/programs/)(?P<shown>[^]]+\]\(\.\./(?P<path>[^)]+)\)\n\n```go\n)(?P<code>.*?)(?=^```$)",
    re.M | re.S,
)


def programs(text: str) -> dict[str, str]:
    """The code blocks that are programs, by the paths of their files."""
    return {block["path"]: block["code"] for block in BLOCK.finditer(text)}


def refreshed(text: str) -> str:
    """The page with the files as they are."""
    return BLOCK.sub(lambda block: block["shown"] + (ROOT / block["path"]).read_text(), text)


def main(arguments: list[str]) -> int:
    before = PAGE.read_text()
    after = refreshed(before)
    if "--check" in arguments:
        now = programs(before)
        stale = [path for path, code in programs(after).items() if now[path] != code]
        for path in stale:
            print(f"{PAGE.name} has an old {path}: run tools/docs_programs.py", file=sys.stderr)
        return 1 if stale else 0
    PAGE.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
