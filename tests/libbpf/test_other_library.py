"""Another libbpf than the one in the package: what the loader's tests see with it."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from old_kernels import skip_where_it_says_so

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "third_party" / "libbpf"
HERE = "tests/libbpf"

CODE = """
import os, tinybpf
HZ = {"CONFIG_HZ": 250}
if os.environ.get("GIVEN"):
    tinybpf.init(os.environ["GIVEN"])
def configure(opened):
    opened.programs["broken"].autoload = False
    opened.maps["kept"].pin_path = None
    opened.maps["counts"].max_entries = 77
with tinybpf.load(os.environ["OBJECT"], configure=configure, variables={"factor": 2}, kconfig=HZ) as obj:
    obj.map("counts")[1] = 5
    result = obj.program("report").test_run(bytes(32))
    print(result.retval, obj.globals["hot"], obj.map("counts").max_entries, obj.program("judge").info.name)
try:
    tinybpf.load(os.environ["OBJECT"], kconfig=HZ)
except tinybpf.VerifierError as error:
    print(error.program, "libbpf: prog 'broken'" in error.libbpf_log)
print([line.split()[-1] for line in open("/proc/self/maps") if "libbpf.so" in line][0])
print(tinybpf.libbpf_version())
"""


@pytest.fixture(scope="module")
def systems() -> str:
    """The system's libbpf, as the linker finds it."""
    try:
        ctypes.CDLL("libbpf.so.1")
    except OSError:
        pytest.skip("no libbpf.so.1 on this machine")
    return "libbpf.so.1"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A shared library of the sources that the package's own is made of."""
    compiler = shutil.which("cc")
    if compiler is None or not SOURCES.is_dir() or not Path("/usr/include/gelf.h").exists():
        pytest.skip("needs a C compiler, libelf's headers, and libbpf's source below third_party")
    path = tmp_path_factory.mktemp("libbpf") / "libbpf.so.1"
    sources = sorted(str(source) for source in (SOURCES / "src").glob("*.c"))
    flags = ["-shared", "-fPIC", "-O1", "-D_LARGEFILE64_SOURCE", "-D_FILE_OFFSET_BITS=64", "-w"]
    folders = ["include", "include/uapi", "src"]
    includes = [f"-I{SOURCES / folder}" for folder in folders]
    subprocess.run([compiler, *flags, *includes, *sources, "-o", str(path), "-lelf", "-lz"], check=True)
    return str(path)


def run(path: str, how: str) -> list[str]:
    given = {"init": {"GIVEN": path}, "environment": {"TINYBPF_LIBBPF": path}}[how]
    environment = {**os.environ, **given, "OBJECT": str(ROOT / HERE / "data" / "configured.elf")}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True)
    skip_where_it_says_so(done.stderr)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("how", ["init", "environment"])
def test_the_systems_is_used(systems: str, how: str):
    assert_used(run(systems, how))


@pytest.mark.slow
def test_one_that_is_built(built: str):
    lines = run(built, "init")
    assert_used(lines)
    assert lines[-2] == built


def assert_used(lines: list[str]) -> None:
    """It did the work: its file is mapped, its words are in the errors."""
    first, refused, file, version = lines
    assert (first, refused) == ("5 41 77 judge", "broken True")
    assert re.search(r"/libbpf\.so", file) and re.fullmatch(r"v1\.\d+", version)


def test_what_it_lacks_is_told(systems: str, tmp_path: Path):
    """libbpf 1.1 and 1.2 do not know the sections of tcx."""
    from tinybpf.compiler import compile_go

    source = (
        'package bpf\n\nimport "tinybpf/ebpf"\n\n//bpf:section tcx/ingress\n'
        "func in(ctx *ebpf.SKB) ebpf.TCAction { return ebpf.TCUnspec }\n"
    )
    path = tmp_path / "filter.o"
    path.write_bytes(bytes(compile_go(source)))
    code = (
        "import os, sys, tinybpf\n"
        "def configure(opened):\n"
        "    p = opened.programs['in']\n"
        "    p.type, p.expected_attach_type = 'sched_cls', 'tcx_ingress'\n"
        "try: tinybpf.load(os.environ['OBJECT']).close(); print('loaded')\n"
        "except tinybpf.BpfError as error: print(error)\n"
        "print(tinybpf.load(os.environ['OBJECT'], configure=configure).program('in').type.name)\n"
    )
    environment = {**os.environ, "TINYBPF_LIBBPF": systems, "OBJECT": str(path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *said, last = done.stdout.splitlines()
    assert last == "SCHED_CLS"
    assert said == ["loaded"] or re.search(
        r"check ELF section name 'tcx/ingress'\n  hint: libbpf v1\.[12] does not know the section",
        "\n".join(said),
    )


@pytest.mark.slow
@pytest.mark.parametrize("which", ["systems", "built"])
def test_the_loaders_tests_pass(request: pytest.FixtureRequest, which: str):
    names = ("open", "globals", "object", "program", "map", "ring", "test_run", "features")
    files = [f"{HERE}/test_{name}.py" for name in names]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        env={**os.environ, "TINYBPF_LIBBPF": request.getfixturevalue(which)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"\d{3} passed", done.stdout)
