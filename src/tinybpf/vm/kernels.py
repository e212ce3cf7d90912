"""Kernels from the distribution's packages, unpacked in a cache; never installed.

A kernel is a folder of the cache with the name of its release. It gets its name when it is complete,
so one that is there is whole; downloads of several processes wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tinybpf.vm import apt, image, sources, tools, versions
from tinybpf.vm.errors import VmError
from tinybpf.vm.versions import Package

Say = Callable[[str], object]

# For hardware that no virtual machine has: three quarters of a kernel's size.
LEFT_OUT = ("drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/staging", "drivers/scsi",
            "drivers/iio", "drivers/usb", "drivers/net/wireless", "drivers/net/ethernet",
            "drivers/platform", "drivers/comedi", "drivers/mtd", "drivers/hwmon", "drivers/accel",
            "drivers/isdn", "drivers/bluetooth", "sound")  # fmt: skip


class Kernel(NamedTuple):
    """A kernel in the cache: the line it was asked for as, what ``uname -r`` says, where it is.

    ``image`` is what QEMU starts, ``package`` the version of the package that it is from.
    """

    version: str
    release: str
    folder: Path
    image: Path
    package: str = ""

    @property
    def modules(self) -> Path:
        """The folder of its modules."""
        return self.folder / "lib" / "modules" / self.release


def default_cache() -> Path:
    """``tinybpf`` in the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(home if home and os.path.isabs(home) else os.path.expanduser("~/.cache")) / "tinybpf"


def kernel(
    version: str, *, cache: Path | None = None, update: bool = False, say: Say | None = None
) -> Kernel:
    """The kernel of a line such as ``"6.12"``; the newest in the archive is downloaded if none is there.

    ``update`` looks for a newer one than that in the cache. ``say`` is called with what is being done,
    a sentence at a time. ``VmError`` where there is no such line, no network, or a program is missing.
    """
    tools.check_machine()
    line = versions.check_line(version)
    where = (cache or default_cache()) / "kernels"
    found = None if update else _newest(where, line)
    return found or _fetch(where, line, say or (lambda text: None))


def cached(cache: Path | None = None) -> list[Kernel]:
    """The kernels in the cache, oldest line first."""
    return sorted(_all((cache or default_cache()) / "kernels"), key=_age)


def available(cache: Path | None = None) -> list[Package]:
    """The newest kernel of each line that the archive has, oldest first; asks the network."""
    tools.check_machine()
    where = (cache or default_cache()) / "kernels"
    with _locked(where):
        packages = _ask(where, apt.SMALL + apt.LARGE)[1]
    best = [versions.newest(packages, line) for line in versions.lines(packages)]
    return [package for package in best if package is not None]


def open_folder(folder: Path) -> Kernel | None:
    """The kernel in a folder of the cache; None where there is none."""
    try:
        line, release, package = (folder / "kernel").read_text().split("\n")[:3]
    except (OSError, ValueError):
        return None
    images = [folder / name for name in ("vmlinux", "vmlinuz")]
    return Kernel(line, release, folder, next(p for p in images if p.exists()), package)


def _all(where: Path) -> list[Kernel]:
    folders = [p for p in where.glob("*") if not p.name.startswith(".")]
    return [found for found in map(open_folder, folders) if found is not None]


def _age(found: Kernel) -> tuple[int, ...]:
    return versions.key(Package(found.release, found.package, ""))


def _newest(where: Path, line: str) -> Kernel | None:
    return max((k for k in _all(where) if k.version == line), key=_age, default=None)


@contextlib.contextmanager
def _locked(where: Path) -> Iterator[None]:
    """One process at a time works in the cache; the lock ends with it."""
    try:
        where.mkdir(parents=True, exist_ok=True)
        file = open(where / ".lock", "w")  # noqa: SIM115 - closed below
    except OSError as problem:
        raise VmError(
            f"the cache {where} can't be written: {problem.strerror}; XDG_CACHE_HOME names another place"
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(where: Path, line: str, say: Say) -> Kernel:
    before = _newest(where, line)
    with _locked(where):
        found = _newest(where, line)
        if found is not None and found != before:
            return found  # another process was quicker
        asked, package = _resolve(where, line, say)
        present = open_folder(where / package.release)
        if present is not None:
            return present
        with _new_folder(where) as folder:
            _download(asked, package, folder, say)
            os.rename(folder, where / package.release)
    made = open_folder(where / package.release)
    if made is None:
        raise VmError(f"the kernel in {where / package.release} is not whole; remove the folder")
    return made


def _resolve(where: Path, line: str, say: Say) -> tuple[apt.Apt, Package]:
    """The newest package of a line, first among the lists that are quickly had."""
    say(f"Looking for the newest kernel {line}")
    seen: list[Package] = []
    for suites in (apt.SMALL, apt.LARGE):
        asked, packages = _ask(where, suites)
        package = versions.newest(packages, line)
        if package is not None:
            return asked, package
        seen += packages
    known = ", ".join(versions.lines(seen)) or "none at all"
    raise VmError(f"there is no kernel {line} in the distribution's archive, which has {known}")


def _ask(where: Path, suites: tuple[tuple[str, str], ...]) -> tuple[apt.Apt, list[Package]]:
    tools.find(tools.TO_FETCH)
    size = "small" if suites == apt.SMALL else "large"
    asked = apt.Apt(where / f".apt-{size}", sources.archives(sources.read_all()), suites)
    asked.update()
    return asked, asked.kernels()


@contextlib.contextmanager
def _new_folder(where: Path) -> Iterator[Path]:
    """A folder in the cache that is removed unless it was renamed; what another left half is, too."""
    for old in where.glob(".new-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=where))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(asked: apt.Apt, package: Package, folder: Path, say: Say) -> None:
    """Fetch a kernel and unpack what a virtual machine needs of it into a folder."""
    say(f"Downloading {package.name} {package.version} from {package.suite}")
    programs = tools.find(tools.TO_FETCH)
    debs = folder / "debs"
    debs.mkdir()
    asked.download(asked.files_of(package), debs)
    for deb in sorted(debs.glob("*.deb")):
        unpack(deb, folder)
    shutil.rmtree(debs)
    release = package.release
    if not (folder / "lib").exists():
        (folder / "lib").symlink_to("usr/lib")
    _call([programs["depmod"], "-b", str(folder), release])
    _store_image(folder, release)
    (folder / "kernel").write_text(f"{package.line}\n{release}\n{package.version}\n")


def unpack(deb: Path, folder: Path) -> None:
    """A package's files, without those for hardware that is not there."""
    left_out = [f"--exclude=*/kernel/{name}" for name in LEFT_OUT] + ["--exclude=./usr/share"]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as reader:
        _call(["tar", "-x", "-C", str(folder), "--no-same-owner", *left_out], stdin=reader.stdout)
    if reader.returncode:
        raise VmError(f"dpkg-deb could not read {deb.name}")


def _store_image(folder: Path, release: str) -> None:
    places = [folder / "boot" / f"vmlinuz-{release}", folder / "lib/modules" / release / "vmlinuz"]
    packed = next((place for place in places if place.exists()), None)
    if packed is None:
        raise VmError(f"the package of kernel {release} has no image")
    elf = image.uncompressed(packed.read_bytes())
    if elf is not None:
        (folder / "vmlinux").write_bytes(elf)
    packed.rename(folder / "vmlinuz")


def _call(command: list[str], stdin: object = subprocess.DEVNULL) -> None:
    done = subprocess.run(command, stdin=stdin, stderr=subprocess.PIPE, text=True, check=False)  # type: ignore[call-overload]
    if done.returncode:
        raise VmError(f"{os.path.basename(command[0])} failed: {done.stderr.strip()[-500:]}")
