from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go, packages
from tinybpf.compiler.config import Config
from tinybpf.compiler.project import (
    SOURCE_NAME,
    is_source_text,
    parse_section_flag,
    parse_section_flags,
    resolve,
)
from tinybpf.errors import CompileError, NotFoundError

PROGRAM = "package main\n\nfunc main() {}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with one package in ``bpf``."""
    (tmp_path / "bpf").mkdir()
    (tmp_path / "bpf" / "connect.go").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("target", ["bpf", "./bpf", "bpf/", "bpf/../bpf", Path("bpf")])
def test_a_directory(here, target):
    project = resolve(target)
    assert project.directory == here / "bpf"
    assert (project.display, project.name, project.files, project.sources) == ("bpf", "bpf", None, {})


def test_a_directory_by_its_whole_path_is_shown_from_here(here):
    assert resolve(here / "bpf").display == "bpf"


def test_the_working_directory_itself(here, monkeypatch):
    monkeypatch.chdir(here / "bpf")
    project = resolve(".")
    assert (project.directory, project.display, project.name) == (here / "bpf", "", "bpf")


def test_a_directory_beside(here, monkeypatch):
    (here / "other").mkdir()
    monkeypatch.chdir(here / "other")
    assert resolve("../bpf").display == "../bpf"


def test_a_directory_far_away_is_shown_absolute(here, monkeypatch):
    deep = here / "a" / "b" / "c" / "d" / "e" / "f" / "g" / "h" / "i" / "j" / "k" / "l" / "m"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert resolve("/usr").display == "/usr"


def test_a_single_file(here):
    project = resolve("bpf/connect.go")
    assert (project.directory, project.files) == (here / "bpf", ("connect.go",))
    assert (project.display, project.name) == ("bpf", "connect")


def test_a_source_text(here):
    project = resolve(PROGRAM)
    assert project.sources == {SOURCE_NAME: PROGRAM}
    assert (project.display, project.name, project.files) == ("", "source", None)


def test_the_callers_name_wins(here):
    assert resolve("bpf", name="probe").name == "probe"
    assert resolve(PROGRAM, name="probe").name == "probe"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("package main", True),
        ("  package main; func main() {}", True),
        ("// a comment\npackage main", True),
        ("bpf", False),
        ("package", False),
        ("packages/bpf", False),
        ("", False),
    ],
)
def test_what_is_source_text(target, text):
    assert is_source_text(target) is text


def test_the_request_for_the_front_end(here):
    request = resolve("bpf/connect.go").request()
    assert (request.dir, request.display, request.files) == (str(here / "bpf"), "bpf", ["connect.go"])
    assert request.tags == ["linux", "bpf", "tinygo"]
    assert request.sources == {}
    assert set(request.packages) == {packages.EBPF, *packages.STANDARD}
    assert (Path(request.packages["tinybpf/ebpf"]) / "maps.go").is_file()
    assert (Path(request.packages["sync/atomic"]) / "functions.go").is_file()


def test_the_go_source_of_a_wheel_comes_before_a_checkout(tmp_path, monkeypatch):
    module = tmp_path / "src" / "tinybpf" / "compiler" / "packages.py"
    monkeypatch.setattr("tinybpf.compiler.packages.__file__", str(module))
    find = packages.go_source.__wrapped__
    with pytest.raises(NotFoundError, match=r"Go package is not installed: no ebpf in .*_go or .*go$"):
        find()
    for place in (tmp_path / "go", module.parent / "_go"):
        (place / "ebpf").mkdir(parents=True)
        (place / "ebpf" / "maps.go").touch()
        assert find() == place


def test_what_is_not_there(here):
    with pytest.raises(NotFoundError, match=r"directory: bpff \(did you mean bpf\?\)") as caught:
        resolve("bpff")
    assert caught.value.errno == 2
    with pytest.raises(NotFoundError, match=r"did you mean bpf/connect.go\?"):
        resolve("bpf/conect.go")
    with pytest.raises(NotFoundError, match=r"no such file or directory: nowhere/at/all$"):
        resolve("nowhere/at/all")
    (here / "loop.go").symlink_to("loop.go")
    with pytest.raises(NotFoundError, match=r"did you mean loop.go\?"):
        resolve("lop.go")


def test_paths_that_are_not_utf8(here):
    for path in (b"d\xff", b"d\xff/x.go", b"\xfe.go"):
        name = Path(os.fsdecode(path))
        if name.suffix == ".go":
            name.parent.mkdir(exist_ok=True)
            name.touch()
        else:
            name.mkdir()
        with pytest.raises(CompileError, match=r"^'/.*\\udcf[ef].*': this path is not UTF-8\n"):
            resolve(name)


def test_what_is_no_go(here):
    (here / "probe.c").write_text("int x;")
    (here / "probe.o").write_bytes(b"\x7fELF")
    with pytest.raises(CompileError, match=r"probe.c: not a Go file"):
        resolve("probe.c")
    with pytest.raises(CompileError, match=r"compiled already"):
        resolve("probe.o")
    with pytest.raises(ValueError, match=r"empty path"):
        resolve("")


def test_configuration_is_found_above_the_package(here):
    (here / "tinybpf.json").write_text('{"build": {"cpu": "v2"}}')
    assert resolve("bpf").config.cpu == "v2"
    assert resolve("bpf/connect.go").config.cpu == "v2"
    assert resolve(PROGRAM).config == Config()


def test_a_configuration_given_wins(here):
    (here / "tinybpf.json").write_text('{"build": {"cpu": "v2"}}')
    (here / "other.json").write_text('{"build": {"cpu": "v4"}}')
    assert resolve("bpf", config="other.json").config.cpu == "v4"
    assert resolve(PROGRAM, config="other.json").config.cpu == "v4"
    assert resolve("bpf", config=Config(cpu="v1")).config.cpu == "v1"
    with pytest.raises(NotFoundError, match=r"no such configuration file: nope.json"):
        resolve("bpf", config="nope.json")


def test_messages_name_the_configuration_from_here(here, monkeypatch):
    (here / "tinybpf.json").write_text('{"build": {"cpu": "v9"}}')
    with pytest.raises(CompileError, match=r"^tinybpf.json:1:12: "):
        resolve("bpf")
    monkeypatch.chdir(here / "bpf")
    with pytest.raises(CompileError, match=r"^\.\./tinybpf.json:1:12: "):
        resolve(".")


def test_section_flags():
    assert parse_section_flag("f=xdp") == ("f", "xdp")
    assert parse_section_flag("f=uprobe//bin/x:a=b") == ("f", "uprobe//bin/x:a=b")
    assert parse_section_flags(["f=xdp", "g=tc", "f=xdp"]) == {"f": "xdp", "g": "tc"}


@pytest.mark.parametrize("flag", ["", "f", "f=", "=xdp", "a b=xdp", "a-b=xdp"])
def test_section_flags_of_a_wrong_form(flag):
    with pytest.raises(ValueError, match=r"function=section|function's name|no section"):
        parse_section_flag(flag)


def test_two_sections_for_one_function():
    with pytest.raises(ValueError, match=r"two sections for f: xdp and tc"):
        parse_section_flags(["f=xdp", "f=tc"])


def test_the_caller_wins_over_the_source_and_that_over_the_file(tmp_path):
    programs = {name: "tracepoint/a/file" for name in ("said", "written", "configured")}
    (tmp_path / "tinybpf.json").write_text(json.dumps({"build": {"programs": programs}}))
    (tmp_path / "a.go").write_text(
        """package main

import "unsafe"

//export said
//bpf:section tracepoint/a/source
func said(ctx unsafe.Pointer) int32 { return 0 }

//export written
//bpf:section tracepoint/a/source
func written(ctx unsafe.Pointer) int32 { return 0 }

//export configured
func configured(ctx unsafe.Pointer) int32 { return 0 }
"""
    )
    made = compile_go(tmp_path, sections={"said": "tracepoint/a/caller"})
    assert {p.name: p.section.rpartition("/")[2] for p in made.programs} == {
        "said": "caller",
        "written": "source",
        "configured": "file",
    }
