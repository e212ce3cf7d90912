"""docs/ebpf.md: its programs are those of go/programs, and what it says of the package is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import old_kernels
import pytest
from patience import patient

import tinybpf
from tinybpf.compiler import compile_go, typed
from tinybpf.compiler.kernel.sections import definitions, parse_section

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "go" / "programs"
TEXT = (ROOT / "docs" / "ebpf.md").read_text()
FIRST_PID_NAMESPACE = 0xEFFFFFFC
GOFMT = Path(sysconfig.get_path("purelib"), "go", "bin", "gofmt")


def sections() -> dict[str, str]:
    """The page's sections by their titles."""
    parts = re.split(r"^## (.*)$", TEXT, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def linked(text: str) -> list[str]:
    """The files whose code stands behind their links."""
    return re.findall(r"^\[go/programs/[^]]+\]\(\.\./(go/programs/[^)]+)\)\n\n```go\n", text, re.M)


def test_the_programs_are_the_files():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs_programs.py", "--check"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_differs_is_found(tmp_path):
    """The check of the tool can fail."""
    for folder in ("tools", "docs", "go"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tools" / "docs_programs.py").write_text((ROOT / "tools" / "docs_programs.py").read_text())
    (tmp_path / "docs" / "ebpf.md").write_text(TEXT.replace("var minNs", "var").replace("minNs", "minMs"))
    (tmp_path / "go" / "programs").symlink_to(PROGRAMS)
    tool = [sys.executable, tmp_path / "tools" / "docs_programs.py"]
    done = subprocess.run([*tool, "--check"], capture_output=True, text=True)
    assert (done.returncode, "go/programs/knobs/knobs.go" in done.stderr) == (1, True)
    assert subprocess.run(tool).returncode == 0
    assert subprocess.run([*tool, "--check"]).returncode == 0


def test_all_programs_are_there():
    files = {str(p.relative_to(ROOT)) for p in PROGRAMS.rglob("*.go") if not p.name.endswith("_test.go")}
    assert set(linked(TEXT)) == files | {"go/programs/tested/tested_test.go"}
    assert len(list(PROGRAMS.iterdir())) == 12
    code = re.findall(r"^```go\n", TEXT, re.M)
    assert len(code) == len(files) + 2  # the first program, and the test


@pytest.mark.parametrize("folder", sorted(PROGRAMS.iterdir()), ids=lambda p: p.name)
def test_each_program_compiles(folder):
    compiled = compile_go(folder)
    assert compiled.programs and compiled.warnings == ()


def test_the_table_of_maps_is_that_of_the_package():
    source = (ROOT / "go" / "ebpf" / "maps.go").read_text() + (ROOT / "go" / "ebpf" / "events.go").read_text()
    comments = re.findall(r"^((?://[^\n]*\n)+)type ([A-Z]\w*)(?:\[[^\n]*)? struct", source, re.M)
    since = {name: re.search(r"Linux\s(?://\s)?(\d+\.\d+)", comment) for comment, name in comments}
    rows = re.findall(r"^\| (`[A-Z].*?`) \|.*\| ([\d., ]+) \|$", TEXT, re.M)
    shown: dict[str, str] = {}
    for names, versions in rows:
        found = re.findall(r"`(\w+)", names)
        each = versions.split(", ")
        shown |= zip(found, each if len(each) > 1 else each * len(found), strict=True)
    assert shown.keys() == typed.MAPS.keys()
    assert shown == {name: match[1] for name in typed.MAPS if (match := since[name])}


def test_the_table_of_contexts_is_the_compilers():
    rows = re.findall(r"^\| (.*?) \| `\*?(ebpf\.\w+)` \| `(.*?)` \|$", TEXT, re.M)
    shown = {
        section: (context, result)
        for names, context, result in rows
        for section in re.findall(r"`(.*?)`", names)
    }
    others = {context: result for names, context, result in rows if "other" in names}
    for definition in definitions():
        name = definition.prefix
        section = parse_section(name)
        assert section is not None
        context, result = typed.context_of(section)
        found = shown.pop(name, None)
        if found is None:
            found = next(((c, r) for c, r in others.items() if c == f"ebpf.{context or 'Context'}"), None)
        assert found == (f"ebpf.{context or 'Context'}", result), name
    assert shown.keys() == {
        "tracepoint/syscalls/sys_enter_NAME",
        "tracepoint/syscalls/sys_exit_NAME",
        "tracepoint/sched/sched_process_exec",
        "tracepoint/sched/sched_process_fork",
    }
    for name, found in shown.items():
        section = parse_section(name)
        assert section is not None
        context, result = typed.context_of(section)
        assert found == (f"ebpf.{context}", result)


RUNS = {
    "packets": ["--interface", "lo"],
    "percpu": ["--interface", "lo"],
    "tailcalls": ["--interface", "lo", "--program", "dispatch"],
    "several": ["--interface", "lo", "--cgroup"],
    "library": ["--interface", "lo"],
    "tested": ["--cgroup"],
    "knobs": ["--set", "minNs=500000000"],
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", sorted(p.name for p in PROGRAMS.iterdir()))
def test_each_program_runs(name, request):
    flags = RUNS.get(name, [])
    if "--cgroup" in flags:
        flags = [*flags, request.getfixturevalue("cgroup")]
    command = [sys.executable, "-m", "tinybpf", "run", *flags, "--duration", "300ms", str(PROGRAMS / name)]
    done = subprocess.run(["unshare", "--net", *command], capture_output=True, text=True, timeout=patient(60))
    if name == "options":
        Path("/sys/fs/bpf/opens").unlink(missing_ok=True)
    if done.returncode:
        old_kernels.skip_where_it_says_so(done.stderr)
    assert done.returncode == 0, done.stderr
    assert "attached " in done.stderr
    if name == "histograms":
        bar = re.compile(r"^ +\[\w+, \w+\) +[\d,]+ \|[█▏▎▍▌▋▊▉ ]{52}\|$", re.M)
        assert bar.search(done.stdout) and bar.search(sections()["Histograms"])


def test_the_histogram_shown_adds_up():
    text = sections()["Histograms"]
    counts = [int(n) for n in re.findall(r"^ +\[\w+, \w+\) +(\d+) \|", text, re.M)]
    assert f"all: {sum(counts):,} values" in text


def test_the_ways_to_show_a_field_are_all_there():
    words = re.search(r"The words are (.*?)\.\n", TEXT, re.S)
    assert words
    assert set(re.findall(r"`(\w+)`", words[1])) == set(typed.SHOWN)


def test_what_is_named_of_the_package_exists():
    sources = "\n".join(path.read_text() for path in (ROOT / "go" / "ebpf").glob("*.go"))
    for name in set(re.findall(r"`ebpf\.(\w+)", TEXT)):
        assert re.search(rf"^(func|type) {name}\b|^\t{name}\b", sources, re.M), name


def first_program(blocks_of) -> str:
    (code,) = [block for block in blocks_of(TEXT, "go") if "func hello" in block]
    return code


def test_the_first_program_is_formatted(blocks_of):
    done = subprocess.run([GOFMT, "-d"], input=first_program(blocks_of), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.kernel
@pytest.mark.skipif(
    os.stat("/proc/self/ns/pid").st_ino != FIRST_PID_NAMESPACE,
    reason="in a container BPF sees other process ids",
)
def test_the_first_program_prints(blocks_of):
    with tinybpf.load_go(first_program(blocks_of)) as obj, tinybpf.trace_pipe(timeout=10) as printed:
        obj.program("hello").attach()
        child = subprocess.Popen(["true"])
        child.wait()
        texts = []
        for record in printed:
            texts.append(record.text)
            if texts[-1] == f"process {record.pid} starts a program" and record.pid == child.pid:
                return
        pytest.fail(f"printed: {texts}")
