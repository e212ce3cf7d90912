"""Where this machine's own package sources say that the distribution's archive is.

Other releases of the distribution lie in the same archive under other suite names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tinybpf.vm.errors import VmError

MIRROR = "TINYBPF_DEBIAN_MIRROR"
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
)

_RELEASES = "buster|bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable"
_MAIN = re.compile(rf"(?:{_RELEASES})(?:-updates|-backports)?$|experimental$")
_SECURITY = re.compile(rf"(?:{_RELEASES})(?:-security|/updates)$")


class Source(NamedTuple):
    """An entry: the archive's address, the suites taken from it, and the key that signs it ("": apt's)."""

    uri: str
    suites: tuple[str, ...]
    key: str


class Archives(NamedTuple):
    """The distribution's two archives: of releases and of security updates (None where unknown)."""

    main: Source
    security: Source | None


def read_all(folder: Path = Path("/etc/apt")) -> list[Source]:
    """The package sources of this machine."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found += parse_paragraphs(text) if file.suffix == ".sources" else parse_lines(text)
    return found


def parse_lines(text: str) -> list[Source]:
    """The entries of a ``.list`` file: ``deb [signed-by=KEY] URI SUITE main``."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            key = re.search(r"(?:^|\s)signed-by=(\S+)", match[1] or "", re.I)
            found.append(Source(match[2].rstrip("/"), (match[3],), key[1] if key else ""))
    return found


def parse_paragraphs(text: str) -> list[Source]:
    """The entries of a ``.sources`` file, paragraphs of fields."""
    found = []
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", plain):
        fields = dict(re.findall(r"(?m)^([\w-]+):[ \t]*((?:.*)(?:\n[ \t].*)*)", paragraph))
        by_name = {name.lower(): value.strip() for name, value in fields.items()}
        if "deb" not in by_name.get("types", "").split() or by_name.get("enabled", "").lower() == "no":
            continue
        key = by_name.get("signed-by", "")
        for uri in by_name.get("uris", "").split():
            suites = tuple(by_name.get("suites", "").split())
            found.append(Source(uri.rstrip("/"), suites, key if key.startswith("/") else ""))
    return found


def archives(sources: Iterable[Source], environment: Mapping[str, str] = os.environ) -> Archives:
    """The distribution's archives among sources; ``VmError`` where Debian's is not there.

    ``TINYBPF_DEBIAN_MIRROR`` names the address of one, for other systems that have apt.
    """
    mirror = environment.get(MIRROR, "").rstrip("/")
    if mirror:
        main = Source(mirror, (), "")
        security = Source(f"{mirror}-security", (), "")
    else:
        entries = list(sources)
        main_entry = _first(entries, _MAIN)
        if main_entry is None:
            raise VmError(
                "kernels are Debian's packages, and no entry of /etc/apt names Debian's archive: set "
                f"{MIRROR} to the address of a mirror (its keys: the package debian-archive-keyring)"
            )
        main, security_entry = main_entry, _first(entries, _SECURITY)
        security = security_entry or Source(f"{main.uri}-security", (), main.key)
    return Archives(_with_key(main), _with_key(security))


def _first(sources: Iterable[Source], suites: re.Pattern[str]) -> Source | None:
    return next((s for s in sources if any(suites.match(suite) for suite in s.suites)), None)


def _with_key(source: Source) -> Source:
    """The distribution's keys of all releases, which outlive those of one."""
    keyring = next((path for path in KEYRINGS if os.path.isfile(path)), source.key)
    return source._replace(key=keyring)
