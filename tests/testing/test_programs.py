"""Where sources are looked for, and when a source is compiled anew."""

from __future__ import annotations

import pytest

import tinybpf
from tinybpf.testing.programs import Compile

GO = "package bpf\n\n//export f\n//bpf:section xdp\nfunc f() int32 { return 1 }\n"
USES = GO.replace("bpf\n", 'bpf\n\nimport "hello/lib"\n', 1).replace("1", "lib.Two()")


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """What `Compile` of a project asked the compiler for, and the `Compile`."""
    asked = []

    def compile_go(source, **options):
        asked.append((source, options))
        return original(source, **options)

    original = tinybpf.compile_go
    monkeypatch.setattr("tinybpf.compiler.compile_go", compile_go)
    monkeypatch.chdir(tmp_path)
    return asked, Compile(tmp_path)


def test_the_same_source_is_compiled_once(compiled, tmp_path):
    asked, compiler = compiled
    tmp_path.joinpath("f.go").write_text(GO)
    tmp_path.joinpath("bpf").mkdir()
    tmp_path.joinpath("bpf", "f.go").write_text(GO)
    made = {source: compiler(source) for source in ("f.go", GO, tmp_path / "bpf")}
    for source, before in made.items():
        assert compiler(source) is before
        assert compiler(source, cpu="v2") is not before
        assert compiler(source, cpu="v2") is compiler(source, cpu="v2")
    assert len(asked) == 6
    assert compiler("f.go").directory == compiler("f.go").directory == ""
    assert made[GO].name == "source" and made["f.go"].name == "f"


def test_a_changed_source_is_compiled_anew(compiled, tmp_path):
    asked, compiler = compiled
    source = tmp_path / "f.go"
    for value in (1, 2, 1):
        source.write_text(GO.replace("1", str(value)))
        assert value.to_bytes(4, "little") in bytes(compiler("f.go"))
    assert len(asked) == 2


def test_so_is_one_whose_surroundings_change(compiled, tmp_path):
    asked, compiler = compiled
    for name in ("bpf", "lib", "vendor"):
        tmp_path.joinpath(name).mkdir()
    tmp_path.joinpath("go.mod").write_text("module hello\n\ngo 1.24\n")
    tmp_path.joinpath("bpf", "f.go").write_text(USES)
    library = tmp_path / "lib" / "lib.go"
    library.write_text("package lib\n\nfunc Two() int32 { return 2 }\n")
    first = compiler("bpf")
    library.write_text("package lib\n\nfunc Two() int32 { return 1 }\n")
    second = compiler("bpf")
    tmp_path.joinpath("vendor", "modules.txt").write_text("")
    tmp_path.joinpath("bpf", "f_test.go").write_text("package bpf\n")
    tmp_path.joinpath("tinybpf.json").write_text('{"build": {"cpu": "v1"}}')
    third = compiler("bpf")
    assert len(asked) == 3
    assert len({bytes(made) for made in (first, second, third)}) >= 2
    assert bytes(first) != bytes(second)


def test_a_path_is_looked_for_beside_who_asks_then_in_the_root(pytester, run):
    pytester.mkdir("tests").joinpath("test_it.py").write_text(
        "import pytest, tinybpf\n\n"
        "def test_both(bpf_compile):\n"
        "    assert bpf_compile('bpf').programs[0].name == 'dropPort'\n"
        "    assert bpf_compile('near.go').programs[0].name == 'f'\n"
        "    assert bpf_compile('filter.go').programs[0].name == 'f'\n\n"
        "def test_neither(bpf_compile):\n"
        "    bpf_compile('bfp')\n\n"
        "def test_empty(bpf_compile):\n"
        "    with pytest.raises(ValueError, match='an empty path; give a package directory'):\n"
        "        bpf_compile('')\n"
        "    with pytest.raises(TypeError, match='give a package directory, .* not int'):\n"
        "        bpf_compile(7)\n"
    )
    for place in ("tests/near.go", "tests/filter.go"):
        pytester.path.joinpath(place).write_text(GO)
    for where in ("tests", "."):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(pytester.path / where)
            result = run(f"--rootdir={pytester.path}", str(pytester.path / "tests"))
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(
            [f"E *no such file or directory: {pytester.path}/tests/bfp or {pytester.path}/bfp*"]
        )
        result.stdout.fnmatch_lines([f"E *did you mean {pytester.path}/bpf?)"])


def test_what_the_compiler_warns_of_is_a_warning(pytester, run):
    pytester.path.joinpath("tinybpf.json").write_text('{"build": {"colour": "red"}}')
    pytester.makepyfile(
        """
        def test_one(bpf_compile): bpf_compile("bpf")
        def test_two(bpf_compile): bpf_compile("bpf")
        """
    )
    result = run()
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*UserWarning: tinybpf.json:*colour*"])
