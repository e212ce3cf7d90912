"""The source package builds with pip and a C compiler alone: no apt, no Go modules to fetch."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from .conftest import fresh_venv

COMPILER = ("cc", "gcc", "as", "ld", "ld.bfd", "ar", "ranlib", "nm", "strip", "objcopy")


def names(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}


@pytest.mark.slow
def test_sources_of_all_that_is_linked_are_in_it(sdist: Path) -> None:
    found = names(sdist)
    assert {
        "third_party/sources.json",
        "third_party/libbpf/src/libbpf.c",
        "third_party/libbpf/LICENSE.LGPL-2.1",
        "third_party/elfutils/libelf/elf_begin.c",
        "third_party/elfutils/COPYING-LGPLV3",
        "third_party/zlib/inflate.c",
        "third_party/zlib/LICENSE",
        "go/vendor/modules.txt",
        "go/vendor/golang.org/x/mod/LICENSE",
        "go/vendor/golang.org/x/tools/LICENSE",
        "go/vendor/golang.org/x/tools/go/ssa/builder.go",
        "go/frontend/main.go",
        "go/ebpf/maps.go",
        "go/ebpf/ebpftest/ebpftest.go",
        "go/std/sync/atomic/functions.go",
        "csrc/build_binding.py",
        "LICENSE",
        "NOTICE",
    } <= found
    assert not [name for name in found if name.endswith((".so", ".o", ".pyc")) or "/_bin/" in name]


@pytest.mark.slow
def test_vendored_modules_do_not_stay_in_the_checkout(sdist: Path, project: Path) -> None:
    assert not (project / "go" / "vendor").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_builds_with_pip_and_a_c_compiler_alone(sdist: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in COMPILER:
        if place := shutil.which(name):
            (tools / name).symlink_to(place)
    python = fresh_venv(tmp_path / "venv")
    cache = subprocess.run([python, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True)
    environment = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    environment |= {
        "PATH": str(tools),
        "HOME": str(tmp_path),
        "PIP_CACHE_DIR": cache.stdout.strip(),
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",  # a user's own setting, which must not matter
    }
    done = subprocess.run(
        [python, "-m", "pip", "install", sdist], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    done = subprocess.run(
        [tmp_path / "venv/bin/tinybpf", "version"], env={"PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode == 0 and "0.1.0" in done.stdout, done.stdout + done.stderr
