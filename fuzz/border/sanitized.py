"""A libbpf with the address sanitizer, so that a read beyond an object is seen where it happens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = ROOT / "third_party"
FLAGS = ("-O1", "-g", "-w", "-fPIC", "-fno-omit-frame-pointer", "-fsanitize=address")


def library(place: Path) -> Path:
    """``libbpf.so`` with the sanitizer below ``place``; built where it is not there yet."""
    place = place.resolve()
    made = place / "libbpf-sanitized.so"
    if made.exists():
        return made
    place.mkdir(parents=True, exist_ok=True)
    include = place / "include"
    include.mkdir(exist_ok=True)
    if not (include / "bpf").exists():
        (include / "bpf").symlink_to(THIRD_PARTY / "libbpf" / "src")
    elfutils, libbpf = THIRD_PARTY / "elfutils", THIRD_PARTY / "libbpf"
    zlib = THIRD_PARTY / "zlib"
    libelf = ["-DHAVE_CONFIG_H", "-D_GNU_SOURCE"]
    libelf += _includes(elfutils / "libelf", ROOT / "cmake" / "libelf", elfutils / "lib", zlib)
    uapi = libbpf / "include" / "uapi"
    objects = [
        *_compile(place, zlib, ["-DHAVE_UNISTD_H", "-D_LARGEFILE64_SOURCE=1", *_includes(zlib)]),
        *_compile(place, elfutils / "libelf", libelf),
        *_compile(place, elfutils / "lib", libelf, ("next_prime.c", "eu-search.c")),
        *_compile(
            place,
            libbpf / "src",
            [
                *("-D_LARGEFILE64_SOURCE", "-D_FILE_OFFSET_BITS=64"),
                *_includes(libbpf / "src", libbpf / "include", uapi, include, elfutils / "libelf", zlib),
            ],
        ),
    ]
    _run(["cc", "-shared", "-fsanitize=address", "-o", str(made), *objects, "-lpthread"], place)
    return made


def environment(library: Path) -> dict[str, str]:
    """What a Python needs to use it."""
    runtime = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return os.environ | {
        "LD_PRELOAD": runtime,
        "TINYBPF_LIBBPF": str(library),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:handle_segv=0",
    }


def _includes(*places: Path) -> list[str]:
    return [f"-I{path}" for path in places]


def _compile(place: Path, folder: Path, given: list[str], names: tuple[str, ...] = ()) -> list[str]:
    """The objects of a folder's sources, in a folder of their own: two libraries have a ``crc32.c``."""
    sources = [p for p in sorted(folder.glob("*.c")) if not names or p.name in names]
    made = place / f"{folder.parent.name}-{folder.name}"
    made.mkdir(exist_ok=True)
    _run(["cc", *FLAGS, *given, "-c", *(str(path) for path in sources)], made)
    return [str(made / f"{path.stem}.o") for path in sources]


def _run(command: list[str], place: Path) -> None:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
