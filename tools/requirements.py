#!/usr/bin/env python3
"""Print, one to a line, all that pyproject.toml requires to build, run and develop the project.

An argument is the name of another extra, such as ``docs``: then that one's alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib


def main() -> None:
    project = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    needs = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *extras["dev"],
    ]
    if len(sys.argv) > 1:
        needs = extras[sys.argv[1]]
    print("\n".join(dict.fromkeys(needs)))


if __name__ == "__main__":
    main()
