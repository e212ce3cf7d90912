"""Kernel packages by their names and versions, and the newest of a line.

A line is what the kernel's own versions begin with: ``6.12`` for 6.12.117. The names of Debian's
packages have it, too: ``linux-image-6.12.117+deb13-amd64``, ``linux-image-5.10.0-46-amd64``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tinybpf.vm.errors import VmError

# The generic kernels: cloud kernels have no 9p, real-time ones are something else.
_NAME = re.compile(r"linux-image-(\d+\.\d+)\.\d\S*-amd64$")
_FLAVOURS = re.compile(r"-(cloud|rt)-amd64$")
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:~rc(\d+))?(.*)$")


class Package(NamedTuple):
    """A kernel's package: ``linux-image-…``, its version, and the suite that has it."""

    name: str
    version: str
    suite: str

    @property
    def release(self) -> str:
        """What ``uname -r`` says under it."""
        return self.name.removeprefix("linux-image-")

    @property
    def line(self) -> str:
        found = _NAME.match(self.name)
        return found[1] if found else ""


def is_kernel(name: str) -> bool:
    """Whether a package is a generic kernel."""
    return bool(_NAME.match(name)) and not _FLAVOURS.search(name)


def key(package: Package) -> tuple[int, ...]:
    """What orders the packages of a line by age: release candidates first, backports before the original."""
    found = _VERSION.match(package.version)
    if not found:
        return ()
    major, minor, patch, candidate, revision = found.groups()
    number = -1 if candidate else int(patch or 0)
    own = re.split(r"~", revision)[0]
    digits = [int(d) for d in re.findall(r"\d+", own)] or [0]
    return (int(major), int(minor), number, int(candidate or 0), digits[0], "~" not in revision, *digits[1:])


def newest(packages: Iterable[Package], line: str) -> Package | None:
    """The newest package of a line, or None."""
    return max((p for p in packages if p.line == line), key=key, default=None)


def lines(packages: Iterable[Package]) -> list[str]:
    """All lines that there are, oldest first."""
    return sorted({p.line for p in packages}, key=numbers)


def numbers(line: str) -> tuple[int, ...]:
    """A line as numbers, to compare."""
    return tuple(int(part) for part in line.split("."))


def check_line(text: str) -> str:
    """A line as somebody gave it; ``VmError`` where it is none."""
    if re.fullmatch(r"\d+\.\d+", text):
        return text
    shorter = re.match(r"\d+\.\d+(?=\.)", text)
    hint = f": give {shorter[0]}, and the newest of it is taken" if shorter else ", such as 6.12"
    raise VmError(f"{text!r} is not a kernel's line{hint}")
