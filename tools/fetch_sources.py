#!/usr/bin/env python3
"""Put the sources of libbpf, libelf and zlib into a folder (``third_party/``) for the build.

What is there already is kept. What is not comes from, in this order:

1. the source tree or tarball that ``TINYBPF_LIBBPF_SOURCE``, ``TINYBPF_ELFUTILS_SOURCE`` or
   ``TINYBPF_ZLIB_SOURCE`` names (this one also replaces what is there);
2. the distribution's source package, by apt, which checks its signature: the first of the machine's
   own suites, then the distribution's stable, testing and unstable ones, that has a version that fits.

apt works in a private folder, so the machine's package lists and settings stay as they are, and neither
root nor dpkg-dev is needed. Only the upstream files that the build reads are unpacked; ``sources.json``
beside them says which versions they are.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import apt_sources
from apt_sources import AptError, Version

Say = Callable[[str], None]
Record = dict[str, dict[str, str]]  # for each library its version and where it is from


class FetchError(Exception):
    """A library's sources could not be had; the message says what was tried."""


@dataclass(frozen=True)
class Library:
    """One library: its source package, the versions that fit and the files that its build reads."""

    name: str
    least: Version
    below: Version | None
    version_file: str
    version_pattern: str
    keep: tuple[str, ...]

    @property
    def variable(self) -> str:
        return f"TINYBPF_{self.name.upper()}_SOURCE"

    @property
    def range(self) -> str:
        least = ".".join(map(str, self.least))
        return f"{self.name} >= {least}" + (f", < {'.'.join(map(str, self.below))}" if self.below else "")

    def fits(self, version: Version) -> bool:
        return version >= self.least and (self.below is None or version < self.below)


LIBRARIES = (
    Library(
        "libbpf",
        (1, 7),
        (2,),
        "src/Makefile",
        r"LIBBPF_MAJOR_VERSION := (\d+)\s+LIBBPF_MINOR_VERSION := (\d+)\s+LIBBPF_PATCH_VERSION := (\d+)",
        ("src/*.[ch]", "src/Makefile", "src/libbpf.map", "include/*.h", "LICENSE*", "README*"),
    ),
    Library(
        "elfutils",
        (0, 186),
        (1,),
        "configure.ac",
        r"AC_INIT\(\[elfutils\],\s*\[(\d+)\.(\d+)",
        ("libelf/*.[ch]", "libelf/libelf.map", "lib/*.[ch]", "configure.ac", "COPYING*", "AUTHORS", "README"),
    ),
    Library(
        "zlib",
        (1, 2, 11),
        (2,),
        "zlib.h",
        r'ZLIB_VERSION "(\d+)\.(\d+)\.(\d+)',
        ("[a-z]*.[ch]", "LICENSE", "README"),
    ),
)

# ---- what a tree or a tarball holds ----


@dataclass(frozen=True)
class SourceFile:
    """A regular file of a source tree: its path below the tree, how to read it."""

    path: str
    read: Callable[[], bytes]


def tree_files(root: Path) -> Iterator[SourceFile]:
    """The regular files below `root`; symbolic links are not followed."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield SourceFile(path.relative_to(root).as_posix(), path.read_bytes)


def tarball_files(archive: tarfile.TarFile) -> Iterator[SourceFile]:
    """The regular files of a tarball whose names stay inside it."""
    for member in archive.getmembers():
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or ".." in path.parts:
            continue

        def read(member: tarfile.TarInfo = member) -> bytes:
            stream = archive.extractfile(member)
            assert stream is not None  # a regular file has one
            return stream.read()

        yield SourceFile(path.as_posix(), read)


def unpack(library: Library, files: Iterable[SourceFile], target: Path, origin: str) -> Version:
    """Write the files that the build reads into `target`, replacing it; return their version."""
    listed = list(files)
    marks = [file for file in listed if f"/{file.path}".endswith(f"/{library.version_file}")]
    if not marks:
        raise FetchError(f"{origin} is not {library.name}'s source: it has no {library.version_file}")
    mark = min(marks, key=lambda file: file.path.count("/"))
    found = re.search(library.version_pattern, mark.read().decode(errors="replace"))
    if not found:
        raise FetchError(f"{origin}: {mark.path} does not say which version of {library.name} it is")
    version = tuple(map(int, found.groups()))
    if not library.fits(version):
        raise FetchError(f"{origin} is {library.name} {dotted(version)}, but {library.range} is needed")

    prefix = mark.path[: -len(library.version_file)]
    new = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    for file in listed:
        inside = file.path[len(prefix) :]
        if file.path.startswith(prefix) and wanted(inside, library.keep):
            write(new / inside, file.read(), target / inside)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)
    return version


def write(place: Path, content: bytes, before: Path) -> None:
    """Write a file; one that says what it said before keeps its time, so that it is not compiled again."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    if before.is_file() and before.read_bytes() == content:
        time = before.stat().st_mtime_ns
        os.utime(place, ns=(time, time))


def wanted(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits; one without `/` fits only at the top."""
    return any(fnmatch.fnmatch(path, pattern) and ("/" in pattern or "/" not in path) for pattern in patterns)


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def take_named(library: Library, place: Path, target: Path) -> Version:
    """Take the source tree or tarball that the user named."""
    origin = f"{library.variable}={place}"
    if place.is_dir():
        return unpack(library, tree_files(place), target, origin)
    if not place.is_file():
        raise FetchError(f"{origin}: no such file or folder")
    return take_tarball(library, place, target, origin)


def take_tarball(library: Library, place: Path, target: Path, origin: str) -> Version:
    try:
        with tarfile.open(place) as archive:
            return unpack(library, tarball_files(archive), target, origin)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise FetchError(f"{origin} could not be unpacked: {error}") from error


# ---- by apt ----


def fetch_by_apt(libraries: list[Library], into: Path, say: Say) -> Record:
    """Fetch each library from the first suite that has a version that fits; what was found, by name."""
    entries = apt_sources.machine_entries(*apt_sources.apt_folders())
    if not entries:
        raise FetchError("apt has no package sources on this machine")
    got: Record = {}
    tried: list[str] = []
    for suite, suite_entries in apt_sources.suites_to_try(entries, apt_sources.os_release()):
        missing = [library for library in libraries if library.name not in got]
        if not missing:
            break
        say(f"reading {suite}'s list of source packages")
        with tempfile.TemporaryDirectory(prefix="tinybpf-apt-") as folder:
            os.chmod(folder, 0o755)  # apt's own user reads and writes below it
            apt = apt_sources.Apt(Path(folder), suite_entries)
            complaints = apt.update()
            for library in missing:
                words = take_first(library, apt, suite, into, got)
                tried += words
                if library.name in got:
                    say(f"{library.name} {got[library.name]['version']}: {got[library.name]['from']}")
                elif not apt.versions(library.name):
                    tried += [f"{suite}: {line}" for line in complaints]
    missing = [library for library in libraries if library.name not in got]
    if missing:
        ranges = "; ".join(library.range for library in missing)
        raise FetchError("\n  ".join([f"apt found no source package of {ranges}:", *dict.fromkeys(tried)]))
    return got


def take_first(library: Library, apt: apt_sources.Apt, suite: str, into: Path, got: Record) -> list[str]:
    """Take the first version in a suite that fits and can be had; return what was passed over and why."""
    passed = []
    versions = apt.versions(library.name)
    for version in versions:
        if not library.fits(apt_sources.upstream_version(version)):
            passed.append(f"{suite}: {library.name} {version} does not fit")
            continue
        try:
            tarball = apt.download(library.name, version)
            upstream = take_tarball(library, tarball, into / library.name, tarball.name)
        except (AptError, FetchError) as error:
            passed.append(f"{suite}: {error}")
            continue
        origin = f"source package {library.name} {version}"
        got[library.name] = {"version": dotted(upstream), "from": origin}
        break
    return passed or ([] if versions else [f"{suite}: no source package {library.name}"])


# ---- the whole ----

ADVICE = """\
Name the sources yourself, each as an unpacked tree or a tarball:
    TINYBPF_LIBBPF_SOURCE     {0}
    TINYBPF_ELFUTILS_SOURCE   {1} (for its libelf)
    TINYBPF_ZLIB_SOURCE       {2}"""


def fetch(into: Path, environment: dict[str, str], say: Say) -> None:
    """See the module's docstring."""
    record = into / "sources.json"
    known: Record = json.loads(record.read_text()) if record.is_file() else {}
    before = dict(known)
    into.mkdir(parents=True, exist_ok=True)
    missing = []
    for library in LIBRARIES:
        place = environment.get(library.variable)
        if place:
            version = take_named(library, Path(place), into / library.name)
            known[library.name] = {"version": dotted(version), "from": "a source that the builder named"}
        elif not is_there(library, known, into):
            missing.append(library)
    if missing:
        if not shutil.which("apt-get"):
            names = ", ".join(library.name for library in missing)
            raise FetchError(f"there is no apt on this machine to fetch {names} with")
        known |= fetch_by_apt(missing, into, say)
    if known != before:
        record.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def is_there(library: Library, known: Record, into: Path) -> bool:
    if library.name not in known or not (into / library.name / library.version_file).is_file():
        return False
    return library.fits(tuple(map(int, known[library.name]["version"].split("."))))


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--into", type=Path, default=root / "third_party", help="the folder (%(default)s)")
    arguments = parser.parse_args()
    try:
        fetch(arguments.into, dict(os.environ), lambda text: print(f"third_party: {text}", flush=True))
    except FetchError as error:
        advice = ADVICE.format(*(library.range for library in LIBRARIES))
        print(f"error: {error}\n{advice}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
