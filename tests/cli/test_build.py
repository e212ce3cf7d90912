from __future__ import annotations

import json

import pytest

import tinybpf.compiler

ELF = b"\x7fELF"


def test_an_object_is_written_and_nothing_is_said(run, project_dir):
    outcome = run("build", "bpf")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert (project_dir / "bpf.o").read_bytes().startswith(ELF)


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "-o", "x.o", "bpf"),
        ("build", "bpf", "-o", "x.o"),
        ("build", "--cpu", "v2", "bpf", "--output=x.o", "--program", "drop"),
        ("build", "bpf/count.go", "--output", "x.o"),
    ],
)
def test_flags_stand_before_or_after_the_package(run, project_dir, arguments):
    assert run(*arguments).status == 0
    assert (project_dir / "x.o").read_bytes().startswith(ELF)


def test_the_configuration_names_the_output_and_the_flag_wins(run, project_dir):
    (project_dir / "tinybpf.json").write_text('{"build": {"output": "c.o", "programs": {"count": "xdp"}}}')
    assert run("build", "bpf").status == 0
    assert run("build", "bpf", "-o", "x.o").status == 0
    assert sorted(path.name for path in project_dir.glob("*.o")) == ["c.o", "x.o"]


def test_another_configuration(run, project_dir):
    (project_dir / "tinybpf.json").unlink()
    assert "program count has no section" in run("build", "bpf").err
    (project_dir / "other.json").write_text('{"build": {"programs": {"count": "tc"}}}')
    outcome = run("build", "bpf", "--config", "other.json", "-v")
    assert outcome.status == 0
    assert programs_told(outcome.err)["count"] == "tc"


def test_a_section_of_the_command_line_wins(run, project_dir):
    outcome = run("build", "--section", "count=tc", "--section=drop=xdp.frags", "bpf", "-v")
    assert outcome.status == 0
    assert programs_told(outcome.err) == {"count": "tc", "drop": "xdp.frags"}


def test_verbose_tells_stages_and_contents(run, project_dir):
    outcome = run("build", "-v", "bpf")
    assert outcome.out == ""
    lines = outcome.err.splitlines()
    assert any(line.startswith("front end ") and line.endswith(" ms") for line in lines)
    assert any(line.startswith("all ") and line.endswith(" ms") for line in lines)
    assert any(line.split()[:2] == ["packets", "hash"] for line in lines)
    assert ["drop", "xdp", "2", "0"] in [line.split() for line in lines]
    assert lines[-1] == f"bpf.o: {(project_dir / 'bpf.o').stat().st_size} bytes, little-endian"


def programs_told(text):
    """The sections of the programs in what ``-v`` prints."""
    _, _, table = text.partition("\nprogram ")
    rows = [line.split() for line in table.partition("\n\n")[0].splitlines()[1:]]
    return {row[0]: row[1] for row in rows if row[1] != "(subprogram)"}


def test_flags_of_the_code(run, project_dir):
    """Each changes what is written, or what is said."""
    assert run("build", "bpf", "--byte-order", "big", "-o", "x.o").status == 0
    assert (project_dir / "x.o").read_bytes()[5] == 2
    assert run("build", "bpf", "--pass-pipeline", "sroa,dse", "--dump-ir").status == 0
    assert (project_dir / "bpf.ir" / "3-sroa.ll").exists()
    assert run("build", "bpf", "--opt-profile", "conservative", "--timeout", "1m").status == 0
    late = run("build", "bpf", "--timeout", "1ns")
    assert late.status == 1
    assert "not compiled within 1e-09 s: parsing and type-checking took too long" in late.err
    assert "--timeout" in late.err


def test_only_the_programs_asked_for(run, project_dir):
    outcome = run("build", "--program", "drop", "-v", "bpf")
    assert programs_told(outcome.err) == {"drop": "xdp"}


def test_ir_is_written_beside_the_output(run, project_dir):
    assert run("build", "bpf", "--dump-ir", "-o", "x.o").status == 0
    written = list((project_dir / "x.ir").iterdir())
    assert written
    assert any("define" in path.read_text() for path in written)


def test_all_errors_with_line_and_caret(run, project_dir, bad_source):
    (project_dir / "bpf.o").write_bytes(b"what was there")
    outcome = run("build", "bpf")
    assert outcome.status == 1
    assert outcome.out == ""
    assert "bpf/count.go:16:9: cannot use" in outcome.err
    assert "bpf/count.go:21:46: undefined: nothing" in outcome.err
    assert '    \treturn "two"\n    \t       ^' in outcome.err
    assert (project_dir / "bpf.o").read_bytes() == b"what was there"
    assert [path.name for path in project_dir.glob("*bpf.o*")] == ["bpf.o"]


def test_warnings_are_shown_and_the_build_goes_on(run, project_dir):
    (project_dir / "tinybpf.json").write_text(
        '{"build": {"programs": {"count": "xdp"}},\n "toolchain": {"llc": "/usr/bin/llc"}}'
    )
    outcome = run("build", "bpf")
    assert outcome.status == 0
    assert outcome.err.count("tinybpf.json:2:16: warning: toolchain.llc has no effect") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build",), "Missing argument 'PACKAGE'"),
        (("build", "bpf", "more"), "unexpected extra argument"),
        (("build", "bpf", "--cpu", "v9"), "'v9' is not one of"),
        (("build", "bpf", "--section", "count"), "not of the form function=section"),
        (("build", "bpf", "--section", "a=xdp", "--section", "a=tc"), "two sections for a"),
        (("build", "bpf", "--opt-prof", "default"), "No such option"),
        (("build", "bpf", "--opt-profile", "agressive"), "did you mean aggressive?"),
        (("build", "bpf", "--pass-pipeline", "sorra"), "did you mean sroa?"),
        (("build", "bpf", "--byte-order", "middle"), "'middle' is not one of"),
        (("build", "bpf", "--timeout", "soon"), "not a duration"),
        (("build", ""), "must not be empty"),
        (("biuld", "bpf"), "No such command"),
    ],
)
def test_wrong_usage_is_status_2(run, project_dir, arguments, words):
    outcome = run(*arguments)
    assert outcome.status == 2
    assert words in outcome.err
    assert not (project_dir / "bpf.o").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "bfp"), "no such file or directory: bfp (did you mean bpf?)"),
        (("build", "bpf", "--config", "no.json"), "no such configuration file: no.json"),
        (("build", "tinybpf.json"), "tinybpf.json: not a Go file"),
        (("build", "bpf", "--section", "count=xpd"), "unknown section xpd"),
        (("build", "bpf", "--section", "cuont=xdp"), "--section names cuont"),
        (("build", "bpf", "-o", "none/such/x.o"), "cannot write none/such/x.o: No such file or directory"),
        (("build", "bpf", "-o", "bpf"), "cannot write bpf: Is a directory"),
        (("build", "bpf", "-o", "tinybpf.json/x.o"), "cannot write tinybpf.json/x.o: Not a directory"),
    ],
)
def test_failures_are_messages_and_status_1(run, project_dir, arguments, words):
    outcome = run(*arguments)
    assert outcome.status == 1
    assert words in outcome.err
    assert outcome.out == ""


def test_no_go_files(run, project_dir):
    (project_dir / "empty").mkdir()
    outcome = run("build", "empty")
    assert outcome.status == 1
    assert "no Go files in" in outcome.err


def test_wrong_configuration(run, project_dir):
    (project_dir / "tinybpf.json").write_text('{\n  "build": {"cpu": "v9"}\n}\n')
    outcome = run("build", "bpf")
    assert outcome.status == 1
    assert 'tinybpf.json:2:13: build.cpu: "v9" is none of' in outcome.err
    assert '      "build": {"cpu": "v9"}\n                ^' in outcome.err


def test_a_fault_of_our_own_asks_to_be_reported(run, project_dir, monkeypatch):
    def fail(*_arguments, **_options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(tinybpf.compiler, "compile_go", fail)
    outcome = run("build", "bpf")
    assert outcome.status == 1
    assert "internal error: ZeroDivisionError: oh" in outcome.err
    assert "TINYBPF_DEBUG=1" in outcome.err
    monkeypatch.setenv("TINYBPF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("build", "bpf")


def test_an_interrupt_is_quiet(run, project_dir, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(tinybpf.compiler, "compile_go", interrupt)
    outcome = run("build", "bpf")
    assert (outcome.status, outcome.out, outcome.err.strip()) == (130, "", "")


def test_messages_as_json(run, project_dir, bad_source):
    outcome = run("build", "bpf", "--json")
    assert (outcome.status, outcome.err) == (1, "")
    told = json.loads(outcome.out)
    assert (told["ok"], told["object"]) == (False, None)
    first, second = told["diagnostics"]
    assert (first["path"], first["line"], first["col"], first["end_col"]) == ("bpf/count.go", 16, 9, 14)
    assert (second["message"], second["severity"], second["kind"]) == ("undefined: nothing", "error", "go")
    assert not (project_dir / "bpf.o").exists()


def test_what_was_built_as_json(run, project_dir):
    (project_dir / "tinybpf.json").write_text(
        '{"build": {"programs": {"count": "xdp"}},\n "toolchain": {"llc": "/usr/bin/llc"}}'
    )
    outcome = run("build", "bpf", "--json", "-o", "x.o")
    assert (outcome.status, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    assert told["ok"] is True
    assert [(d["severity"], d["kind"], d["line"]) for d in told["diagnostics"]] == [("warning", "project", 2)]
    built = told["object"]
    assert (built["path"], built["size"]) == ("x.o", (project_dir / "x.o").stat().st_size)
    assert [(p["name"], p["section"]) for p in built["programs"]] == [("count", "xdp"), ("drop", "xdp")]
    assert [(m["name"], m["type"], m["key_size"]) for m in built["maps"]] == [("packets", "HASH", 4)]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("nowhere",), "project", "no such file or directory: nowhere"),
        (("bpf", "-o", "none/x.o"), "project", "cannot write none/x.o: No such file or directory"),
        (("bpf", "--section", "count=xpd"), "bpf", "unknown section xpd"),
    ],
)
def test_other_failures_as_json(run, project_dir, arguments, kind, words):
    outcome = run("build", "--json", *arguments)
    assert (outcome.status, outcome.err) == (1, "")
    (told,) = json.loads(outcome.out)["diagnostics"]
    assert told["kind"] == kind
    assert words in told["message"]


def test_a_fault_of_our_own_as_json(run, project_dir, monkeypatch):
    def fail(*_arguments, **_options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(tinybpf.compiler, "compile_go", fail)
    outcome = run("build", "bpf", "--json")
    (told,) = json.loads(outcome.out)["diagnostics"]
    assert (outcome.status, told["kind"]) == (1, "internal")
    assert told["message"] == "internal error: ZeroDivisionError: oh"


def test_wrong_usage_stays_words(run, project_dir):
    outcome = run("build", "--json", "bpf", "--cpu", "v9")
    assert (outcome.status, outcome.out) == (2, "")


def test_several_messages_are_counted(run, project_dir, bad_source):
    assert run("build", "bpf").err.splitlines()[-1] == "2 errors"
