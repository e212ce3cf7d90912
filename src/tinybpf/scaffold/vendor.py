"""The package that programs import, as a vendored module of a project.

Go's own tools find ``tinybpf/ebpf`` in ``vendor/`` without network: no module of this path can be
downloaded, as its first element has no dot, but one that is vendored is taken as it is. It needs
three things that agree: the files, ``vendor/modules.txt``, and a ``require`` in ``go.mod``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tinybpf._version import __version__

MODULE = "tinybpf"
PACKAGE = "tinybpf/ebpf"
GO = "1.24"
"""The language version of the package, and of new projects: that of the oldest Go that they work with."""

FOLDER = Path("vendor") / MODULE
MODULES = Path("vendor") / "modules.txt"


class Unvendorable(ValueError):
    """A project that has other modules in a way that a vendored package would break."""


def version(text: str = __version__) -> str:
    """The package's version as Go writes versions: ``0.2.0rc1`` is ``v0.2.0-rc1``."""
    number, rest = re.fullmatch(r"([0-9]+(?:\.[0-9]+){0,2})(.*)", text, re.S).groups()  # type: ignore[union-attr]
    number += ".0" * (2 - number.count("."))
    rest = re.sub(r"[^0-9A-Za-z]+", ".", rest).strip(".")
    return f"v{number}{'-' if rest else ''}{rest}"


def files(source: Path) -> dict[str, bytes]:
    """The files to vendor, by their paths below ``vendor/tinybpf``; ``source`` is the package's directory.

    As ``go mod vendor`` does it: without tests and what belongs to them.
    """
    found: dict[str, bytes] = {}
    for root, folders, names in os.walk(source):
        folders[:] = sorted(f for f in folders if f != "testdata" and f[0] not in "._")
        for name in sorted(names):
            if name.endswith(".go") and not name.endswith("_test.go") and name[0] not in "._":
                path = Path(root, name)
                found[f"ebpf/{path.relative_to(source).as_posix()}"] = path.read_bytes()
    return found


def packages(paths: Mapping[str, bytes]) -> list[str]:
    """The import paths of the vendored files."""
    return sorted({f"{MODULE}/{PurePosixPath(path).parent}" for path in paths})


def modules_text(before: str, vendored: list[str]) -> str:
    """``vendor/modules.txt`` with the package in it; what it says of other modules stays."""
    lines, ours = [], False
    for line in before.splitlines():
        if line.startswith("# "):
            ours = line.split()[1:2] == [MODULE]
        if not ours:
            lines.append(line)
    lines += [f"# {MODULE} {version()}", f"## explicit; go {GO}", *vendored]
    return "\n".join(lines) + "\n"


_REQUIRE = re.compile(r"^(?P<indent>[ \t]*)(?P<word>require[ \t]+)?tinybpf[ \t]+v[^\s/]+(?P<rest>.*)$", re.M)


def go_mod_text(before: str) -> str:
    """``go.mod`` with the ``require`` that ``modules.txt`` goes with."""
    if _REQUIRE.search(before):
        return _REQUIRE.sub(
            lambda m: f"{m['indent']}{m['word'] or ''}{MODULE} {version()}{m['rest']}", before
        )
    return f"{before.rstrip()}\n\nrequire {MODULE} {version()}\n"


def check(go_mod: str, modules: str | None) -> None:
    """`Unvendorable` where the module takes packages of other modules, which are not vendored.

    With a ``vendor`` directory Go looks for packages of other modules there and nowhere else.
    """
    if modules is not None:
        return
    others = sorted({path for path in _required(go_mod) if path != MODULE})
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise Unvendorable(
            f"go.mod requires {others[0]}{more}, and with a vendor directory Go would look for it there "
            "only\n  hint: run `go mod vendor` before, or give the programs a module of their own: "
            "tinybpf init NAME makes one in a directory NAME"
        )


def _required(go_mod: str) -> list[str]:
    text = re.sub(r"//[^\n]*", "", go_mod)
    lines = re.findall(r"^[ \t]*require[ \t]+([^\s(]\S*)[ \t]+v", text, re.M)
    for block in re.findall(r"^[ \t]*require[ \t]*\(([^)]*)\)", text, re.M):
        lines += re.findall(r"^[ \t]*(\S+)[ \t]+v", block, re.M)
    return [line.strip('"`') for line in lines]
