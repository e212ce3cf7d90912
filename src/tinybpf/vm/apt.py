"""Asking apt for kernels: lists of packages and files of our own, the machine's are not touched.

apt verifies the lists with the archive's key and the packages with the lists. Nothing is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tinybpf.vm import sources, tools, versions
from tinybpf.vm.errors import VmError
from tinybpf.vm.versions import Package

# Small lists, under half a megabyte each, which have nearly everything; then whole releases.
SMALL = (
    ("security", "bullseye-security"),
    ("security", "bookworm-security"),
    ("security", "trixie-security"),
    ("main", "trixie-backports"),
    ("main", "bookworm-backports"),
    ("main", "experimental"),
)
LARGE = (
    ("main", "bullseye"),
    ("main", "bookworm"),
    ("main", "trixie"),
    ("main", "sid"),
)

_KEPT = re.compile(r"Acquire::(http|https|ftp|socks|Retries|ForceIPv)", re.I)
"""What the machine's own configuration may say about the way to the archive."""


class Apt:
    """apt with lists below ``folder``, of some suites of the archives."""

    def __init__(self, folder: Path, archives: sources.Archives, suites: Sequence[tuple[str, str]]) -> None:
        self._folder = folder
        self.missing: list[str] = []
        self._programs = tools.find(("apt-get",))
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "sources.list").write_text(source_lines(archives, suites))
        (folder / "apt.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        """apt's own files are left out: they may have commands that clean the machine's caches."""
        dump = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE, text=True, check=False).stdout
        kept = [line for line in dump.splitlines() if _KEPT.match(line)]
        settings = {
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::sourcelist": f"{self._folder}/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": f"{self._folder}/lists",
            "Dir::Cache": f"{self._folder}/cache",
            "APT::Sandbox::User": "",
            "APT::Architecture": "amd64",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
        }
        return "\n".join([*(f'{name} "{value}";' for name, value in settings.items()), *kept, ""])

    def _run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "APT_CONFIG": f"{self._folder}/apt.conf", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, env=environment, cwd=cwd, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    def update(self) -> None:
        """Fetch the lists. Suites that are not there are left out; ``VmError`` without any."""
        done = self._run(self._programs["apt-get"], "update", "-qq")
        if not any((self._folder / "lists").glob("*_Packages*")):
            raise VmError(
                "the lists of Debian's kernels can't be fetched (is there a network?); apt says:\n"
                + _errors(done.stdout)
            )

    def kernels(self) -> list[Package]:
        """The generic kernels of all suites."""
        names = self._run("apt-cache", "pkgnames", "linux-image-").stdout.split()
        wanted = sorted(name for name in names if versions.is_kernel(name))
        if not wanted:
            return []
        return parse_madison(self._run("apt-cache", "madison", *wanted).stdout)

    def files_of(self, package: Package) -> list[str]:
        """The packages to unpack, ``NAME=VERSION``: newer kernels are in several."""
        shown = self._run("apt-cache", "show", f"{package.name}={package.version}").stdout
        return [f"{package.name}={package.version}", *parts(shown, package)]

    def download(self, wanted: Sequence[str], folder: Path) -> None:
        """Fetch packages, verified, into a folder."""
        done = self._run(self._programs["apt-get"], "download", "-qq", *wanted, cwd=folder)
        if done.returncode:
            raise VmError(f"the download of {wanted[0]} failed; apt says:\n{_errors(done.stdout)}")


def source_lines(archives: sources.Archives, suites: Sequence[tuple[str, str]]) -> str:
    """apt's list of sources for some suites."""
    lines = []
    for kind, suite in suites:
        source = archives.security if kind == "security" else archives.main
        if source is not None:
            signed = f" signed-by={source.key}" if source.key else ""
            lines.append(f"deb [arch=amd64{signed}] {source.uri} {suite} main\n")
    return "".join(lines)


def parse_madison(text: str) -> list[Package]:
    """Packages from lines ``name | version | URI SUITE/main amd64 Packages``."""
    found = []
    for line in text.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 3 and versions.is_kernel(fields[0]):
            where = fields[2].split()
            suite = where[1].rpartition("/")[0] if len(where) > 1 else ""
            found.append(Package(fields[0], fields[1], suite))
    return found


def parts(shown: str, package: Package) -> list[str]:
    """From ``apt-cache show``: what else the kernel's files are in, ``NAME=VERSION``."""
    depends = re.search(r"(?m)^Depends: (.*)$", shown)
    wanted = re.compile(rf"linux-(?:base|binary|modules)-{re.escape(package.release)}(?![\w.+-])")
    return [f"{name}={package.version}" for name in wanted.findall(depends[1] if depends else "")]


def _errors(output: str) -> str:
    """The lines that say what is wrong."""
    lines = [line for line in output.splitlines() if line.startswith(("E:", "W:", "Err:"))]
    return "\n".join(f"  {line}" for line in (lines or output.splitlines())[-4:])
