"""apt for source packages, in a folder of its own: the machine's lists and settings stay as they are."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Version = tuple[int, ...]


class AptError(Exception):
    """apt could not give what was asked; the message has its words."""


# A distribution's names for its own releases, from the oldest on; the first word is its ID in os-release.
ALIASES = {
    "debian": ("stable", "testing", "unstable"),
    "ubuntu": ("devel",),
}
RELEASE_NAMES = {"oldoldstable", "oldstable", "stable", "testing", "unstable", "sid", "devel"}


# ---- source entries ----


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

    def run(self, *command: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
        program, *arguments = command
        return subprocess.run(
            [program, "-c", str(self.folder / "settings"), "-q", *arguments],
            cwd=where or self.folder,
            env={**os.environ, "LC_ALL": "C"},
            text=True,
            capture_output=True,
            timeout=900,
        )

    def update(self) -> list[str]:
        """Read the package lists; return apt's complaints; one archive's failure is its own."""
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
        options = ("--download-only", "--tar-only")
        done = self.run("apt-get", "source", *options, f"{package}={version}", where=where)
        tarballs = sorted(path for path in where.glob(f"{package}_*.tar.*") if path.suffix != ".asc")
        if done.returncode or not tarballs:
            words = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            raise AptError("; ".join(words) or f"apt-get source {package}={version} gave no tarball")
        return tarballs[0]


def apt_folders() -> tuple[Path, Path]:
    """Where this machine's apt keeps its sources: the file and the folder."""
    command = ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]
    words = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=True).stdout
    found = dict(re.findall(r"^(\w+)='(.*)'$", words, re.MULTILINE))
    return Path(found["LIST"]), Path(found["PARTS"])


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    text = path.read_text() if path.is_file() else ""
    return dict(re.findall(r'^(\w+)="?([^"\n]*)', text, re.MULTILINE))
