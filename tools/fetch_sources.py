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
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

Version = tuple[int, ...]
Say = Callable[[str], None]


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

# A distribution's names for its own releases, from the oldest on; the first word is its ID in os-release.
ALIASES = {
    "debian": ("stable", "testing", "unstable"),
    "ubuntu": ("devel",),
}
RELEASE_NAMES = {"oldoldstable", "oldstable", "stable", "testing", "unstable", "sid", "devel"}


# ---- what a tree or a tarball holds ----


@dataclass(frozen=True)
class SourceFile:
    """A regular file of a source tree: its path below the tree, its time of change, how to read it."""

    path: str
    mtime: float
    read: Callable[[], bytes]


def tree_files(root: Path) -> Iterator[SourceFile]:
    """The regular files below `root`; symbolic links are not followed."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield SourceFile(path.relative_to(root).as_posix(), path.stat().st_mtime, path.read_bytes)


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

        yield SourceFile(path.as_posix(), member.mtime, read)


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
            place = new / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read())
            os.utime(place, (file.mtime, file.mtime))
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)
    return version


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


# ---- apt's source entries ----


@dataclass(frozen=True)
class Entry:
    """One entry of the machine's apt sources."""

    uris: str
    suites: tuple[str, ...]
    components: str
    options: tuple[tuple[str, str], ...] = field(default=())

    def stanza(self) -> str:
        """The entry as apt reads it, for source packages."""
        fields = [("Types", "deb-src"), ("URIs", self.uris), ("Suites", " ".join(self.suites))]
        if self.components:
            fields.append(("Components", self.components))
        return "".join(f"{name}: {value}\n" for name, value in (*fields, *self.options))


# Options that would waive the signature are left out, and those that mean something to binary packages only.
DROPPED_OPTIONS = {
    "types", "uris", "suites", "components", "enabled", "trusted", "allow-insecure", "allow-weak",
    "allow-downgrade-to-insecure", "architectures", "arch", "targets", "pdiffs", "languages", "lang",
}  # fmt: skip


def parse_stanzas(text: str) -> Iterator[Entry]:
    """The entries of a ``.sources`` file."""
    for paragraph in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = {
            name.lower(): value.rstrip()
            for name, value in re.findall(r"(?m)^([A-Za-z0-9-]+):[ \t]*((?:.*)(?:\n[ \t].*)*)", paragraph)
        }
        if not {"types", "uris", "suites"} <= fields.keys() or fields.get("enabled", "yes").lower() == "no":
            continue
        options = tuple((name, value) for name, value in fields.items() if name not in DROPPED_OPTIONS)
        components = " ".join(fields.get("components", "").split())
        yield Entry(" ".join(fields["uris"].split()), tuple(fields["suites"].split()), components, options)


def parse_lines(text: str) -> Iterator[Entry]:
    """The entries of a ``sources.list`` file."""
    for line in text.splitlines():
        found = re.match(r"\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)", line)
        if not found:
            continue
        options = [option.split("=", 1) for option in (found[1] or "").split() if "=" in option]
        kept = tuple((name, value) for name, value in options if name.lower() not in DROPPED_OPTIONS)
        yield Entry(found[2], (found[3],), " ".join(found[4].split()), kept)


def machine_entries(sources_list: Path, sources_parts: Path) -> list[Entry]:
    """What apt is set up with on this machine, each once, in apt's order."""
    entries: list[Entry] = []
    if sources_list.is_file():
        entries += parse_lines(sources_list.read_text(errors="replace"))
    for path in sorted(sources_parts.iterdir()) if sources_parts.is_dir() else []:
        if path.suffix == ".list":
            entries += parse_lines(path.read_text(errors="replace"))
        elif path.suffix == ".sources":
            entries += parse_stanzas(path.read_text(errors="replace"))
    return [entry for entry in dict.fromkeys(entries) if not entry.uris.startswith("cdrom:")]


def suites_to_try(entries: list[Entry], release: dict[str, str]) -> Iterator[tuple[str, list[Entry]]]:
    """The machine's own suites, then the distribution's others: a name and the source entries of each."""
    own = {suite for entry in entries for suite in entry.suites}
    codename = release.get("VERSION_CODENAME", "")
    yield codename or "this machine's suites", entries

    names = RELEASE_NAMES | {codename}
    archives = [entry for entry in entries if names & set(entry.suites)]
    families = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    aliases = next((ALIASES[family] for family in families if family in ALIASES), ())
    for alias in aliases:
        if alias not in own and archives:
            moved = [Entry(entry.uris, (alias,), entry.components, entry.options) for entry in archives]
            yield alias, list(dict.fromkeys(moved))


def upstream_version(package_version: str) -> Version:
    """``1:1.3.dfsg+really1.3.2-3`` is (1, 3, 2)."""
    found = re.match(r"(?:\d+:)?(?:.*really)?(\d+(?:\.\d+)*)", package_version)
    return tuple(map(int, found[1].split("."))) if found else ()


# ---- apt in a folder of its own ----

SETTINGS = """\
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Etc::SourceList "{folder}/none";
Dir::Etc::SourceParts "{folder}/sources";
Acquire::Retries "3";
Acquire::Languages "none";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
APT::Get::AllowUnauthenticated "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


class Apt:
    """apt with lists and sources of its own, for source packages only."""

    def __init__(self, folder: Path, entries: list[Entry]) -> None:
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "sources"):
            (folder / name).mkdir(parents=True)
        (folder / "settings").write_text(SETTINGS.format(folder=folder))
        text = "\n".join(entry.stanza() for entry in entries)
        (folder / "sources" / "tinybpf.sources").write_text(text)

    def run(self, program: str, *arguments: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "-c", str(self.folder / "settings"), "-q", *arguments],
            cwd=where or self.folder,
            env={**os.environ, "LC_ALL": "C"},
            text=True,
            capture_output=True,
            timeout=900,
        )

    def update(self) -> list[str]:
        """Read the package lists; return apt's complaints (one unreachable archive does not spoil the rest)."""
        done = self.run("apt-get", "update")
        return [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))]

    def versions(self, package: str) -> list[str]:
        """The versions of a source package that the lists name, newest upstream version first."""
        listing = self.run("apt-cache", "showsrc", "--only-source", package).stdout
        found = re.findall(rf"(?m)^Package: {re.escape(package)}\n(?:.+\n)*?Version: (\S+)", listing)
        return sorted(set(found), key=upstream_version, reverse=True)

    def download(self, package: str, version: str) -> Path:
        """Fetch the upstream tarball of one version; apt compares it with the signed list."""
        where = Path(tempfile.mkdtemp(dir=self.folder))
        done = self.run("apt-get", "source", "--download-only", "--tar-only", f"{package}={version}", where=where)
        tarballs = sorted(path for path in where.glob(f"{package}_*.tar.*") if path.suffix != ".asc")
        if done.returncode or not tarballs:
            words = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            raise FetchError("; ".join(words) or f"apt-get source {package}={version} gave no tarball")
        return tarballs[0]


def fetch_by_apt(libraries: list[Library], into: Path, say: Say) -> dict[str, dict[str, str]]:
    """Fetch each library from the first suite that has a version that fits; what was found, by name."""
    entries = machine_entries(*apt_folders())
    if not entries:
        raise FetchError("apt has no package sources on this machine")
    got: dict[str, dict[str, str]] = {}
    tried: list[str] = []
    for suite, suite_entries in suites_to_try(entries, os_release()):
        missing = [library for library in libraries if library.name not in got]
        if not missing:
            break
        say(f"reading {suite}'s list of source packages")
        with tempfile.TemporaryDirectory(prefix="tinybpf-apt-") as folder:
            os.chmod(folder, 0o755)  # apt's own user reads and writes below it
            apt = Apt(Path(folder), suite_entries)
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


def take_first(library: Library, apt: Apt, suite: str, into: Path, got: dict[str, dict[str, str]]) -> list[str]:
    """Take the first version in a suite that fits and can be had; return what was passed over and why."""
    passed = []
    versions = apt.versions(library.name)
    for version in versions:
        if not library.fits(upstream_version(version)):
            passed.append(f"{suite}: {library.name} {version} does not fit")
            continue
        try:
            tarball = apt.download(library.name, version)
            upstream = take_tarball(library, tarball, into / library.name, tarball.name)
        except FetchError as error:
            passed.append(f"{suite}: {error}")
            continue
        origin = f"source package {library.name} {version}"
        got[library.name] = {"version": dotted(upstream), "from": origin}
        break
    return passed or ([] if versions else [f"{suite}: no source package {library.name}"])


def apt_folders() -> tuple[Path, Path]:
    """Where this machine's apt keeps its sources: the file and the folder."""
    command = ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]
    words = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=True).stdout
    found = dict(re.findall(r"^(\w+)='(.*)'$", words, re.MULTILINE))
    return Path(found.get("LIST", "/etc/apt/sources.list")), Path(found.get("PARTS", "/etc/apt/sources.list.d"))


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    text = path.read_text() if path.is_file() else ""
    return dict(re.findall(r'^(\w+)="?([^"\n]*)', text, re.MULTILINE))


# ---- the whole ----

ADVICE = """\
Name the sources yourself, each as an unpacked tree or a tarball:
    TINYBPF_LIBBPF_SOURCE     {0}
    TINYBPF_ELFUTILS_SOURCE   {1} (for its libelf)
    TINYBPF_ZLIB_SOURCE       {2}"""


def fetch(into: Path, environment: dict[str, str], say: Say) -> None:
    """See the module's docstring."""
    record = into / "sources.json"
    known: dict[str, dict[str, str]] = json.loads(record.read_text()) if record.is_file() else {}
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
            raise FetchError(f"there is no apt on this machine to fetch {', '.join(x.name for x in missing)} with")
        known |= fetch_by_apt(missing, into, say)
    if known != before:
        record.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def is_there(library: Library, known: dict[str, dict[str, str]], into: Path) -> bool:
    if library.name not in known or not (into / library.name / library.version_file).is_file():
        return False
    return library.fits(tuple(map(int, known[library.name]["version"].split("."))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
