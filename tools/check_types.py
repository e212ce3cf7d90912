#!/usr/bin/env python3
"""Check the types of the Python that users see: mypy --strict and pyright over examples/ and the pages.

Of a page it takes each program: what begins with an import of tinybpf, and the blocks after it that go
on. tests/docs/typed_uses.py says what checkers must know. Files go to build/typed; the arguments name the
checkers, without any both.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "build" / "typed"
PAGES = ["README.md", "docs/attaching.md", "docs/buffers.md", "docs/guide.md", "docs/threads.md"]
"""Those with whole programs; on others code goes on from what the text has described."""

PYTHON = "3.10"
"""The oldest Python that tinybpf is for."""

CACHE = str(ROOT / ".mypy_cache" / "typed")
CHECKERS = {
    "mypy": ["mypy", "--strict", "--python-version", PYTHON, "--config-file", "", "--cache-dir", CACHE, "."],
    "pyright": ["pyright", "--project", "."],
}
SETTINGS = {"extraPaths": [str(ROOT / "src")], "pythonVersion": PYTHON, "typeCheckingMode": "strict"}


def main(wanted: list[str]) -> int:
    write()
    return max(check(name) for name in wanted or CHECKERS)


def check(name: str) -> int:
    print(f"{name}: {len(list(MADE.glob('*.py')))} programs", flush=True)
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    return subprocess.run([sys.executable, "-m", *CHECKERS[name]], cwd=MADE, env=environment).returncode


def write() -> None:
    """Each program as a module with a name of its own, as a checker wants them."""
    shutil.rmtree(MADE, ignore_errors=True)
    MADE.mkdir(parents=True)
    (MADE / "pyrightconfig.json").write_text(json.dumps(SETTINGS))
    programs = {module(path): path.read_text() for path in ROOT.glob("examples/*/*.py")}
    programs["uses"] = (ROOT / "tests" / "docs" / "typed_uses.py").read_text()
    for page in PAGES:
        for number, code in enumerate(programs_of((ROOT / page).read_text()), 1):
            programs[f"{module(ROOT / page)}_{number}"] = code
    for name, code in programs.items():
        (MADE / f"{name}.py").write_text(code)


def module(path: Path) -> str:
    return re.sub(r"\W", "_", str(path.relative_to(ROOT).with_suffix("")))


def programs_of(text: str) -> list[str]:
    """The Python of a page, as one text for each program."""
    found: list[str] = []
    for code in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S):
        if not found or re.search(r"^(import|from) tinybpf\b", code, re.M):
            found.append(code)
        else:
            found[-1] += "\n\n" + code
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
