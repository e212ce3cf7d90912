"""``tinybpf inspect``: what is in objects of Go and of clang, without a kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tinybpf

HERE = Path(__file__).parent
CALLS = HERE / "programs" / "calls"
DATA = HERE.parent / "libbpf" / "data"
LEGACY = DATA / "legacy.elf"
CLANGS = sorted(set(DATA.glob("*.elf")) - {LEGACY})


@pytest.fixture
def inspected(run):
    def execute(*arguments):
        outcome = run("inspect", *map(str, arguments), "--json")
        assert (outcome.status, outcome.err) == (0, "")
        return json.loads(outcome.out)

    return execute


def test_a_package(inspected):
    told = inspected(CALLS)
    compiled = tinybpf.compile_go(CALLS)
    assert (told["size"], told["license"]) == (len(bytes(compiled)), compiled.license)
    assert [(p["name"], p["section"], p["instructions"]) for p in told["programs"]] == [
        (p.name, p.section, p.instructions) for p in compiled.programs
    ]
    assert {"name": "license", "size": len(compiled.license) + 1} in told["sections"]
    by_name = {variable["name"]: variable for variable in told["variables"]}
    assert by_name["add"] == {
        "name": "add", "section": ".rodata", "type": "uint64", "size": 8, "value": 1,
    }  # fmt: skip
    (call,) = (each for each in told["types"] if each["name"] == "Call")
    assert (call["kind"], call["size"]) == ("struct", 32)
    assert [(f["name"], f["type"], f["offset"]) for f in call["fields"]] == [
        ("PID", "uint32", 0), ("Arg", "int32", 4), ("Comm", "uint8[16]", 8), ("Big", "uint64", 24),
    ]  # fmt: skip
    (events,) = (each for each in told["maps"] if each["name"] == "events")
    assert (events["type"], events["event_type"], events["max_entries"]) == ("RINGBUF", "Call", 65536)


def test_the_instructions_beside_the_go(inspected, run):
    code = inspected(CALLS / "calls.go", "--code")["code"]
    source = (CALLS / "calls.go").read_text().splitlines()
    assert {line["function"] for line in code} == {"on_call"}
    placed = [line["source"] for line in code if line["source"]]
    assert len(placed) > 20
    for at in placed:
        assert at["text"] == source[at["line"] - 1]
    called = next(line for line in code if line["text"] == "call bpf_get_current_comm")
    assert "bpfGetCurrentComm(" in called["source"]["text"]
    assert any(line["text"] == "r1 = &targetPid" for line in code)
    assert any(line["text"].endswith("= map events") for line in code)
    text = run("inspect", str(CALLS / "calls.go"), "--code").out
    heading = f"; {called['source']['path']}:{called['source']['line']}:"
    assert 0 <= text.index(heading) < text.index("call bpf_get_current_comm")


@pytest.mark.parametrize("path", CLANGS, ids=lambda path: path.stem)
def test_objects_of_clang(path, inspected):
    told = inspected(path, "--code")
    with tinybpf.open(path) as opened:
        assert [p["name"] for p in told["programs"]] == list(opened.programs)
        assert [m["name"] for m in told["maps"]] == list(opened.maps)
        instructions = {name: program.instructions for name, program in opened.programs.items()}
    for name, count in instructions.items():
        size = sum(len(line["code"]) // 16 for line in told["code"] if line["function"] == name)
        assert size == count, name


def test_an_object_from_before_btf_is_refused_with_the_cure(run):
    outcome = run("inspect", str(LEGACY), "--code")
    assert (outcome.status, outcome.out) == (1, "")
    assert "legacy map definitions in 'maps' section are not supported" in outcome.err
    assert (
        'hint: its maps are of the kind from before libbpf 1.0: define them in section ".maps"' in outcome.err
    )


def test_what_a_function_calls_and_refers_to(inspected):
    texts = [line["text"] for line in inspected(DATA / "commands.elf", "--code")["code"]]
    assert "r1 = map commands" in texts
    assert "r2 = &take" in texts
    assert "call bpf_user_ringbuf_drain" in texts


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/nowhere/at/all", "no such file"),
        ("/etc/passwd", "this is no ELF file"),
        ("/dev/null", "no such file"),
        (str(HERE), "no Go files"),
    ],
)
def test_what_is_no_object(target, words, run):
    outcome = run("inspect", target)
    assert (outcome.status, outcome.out) == (1, "")
    assert "internal error" not in outcome.err


def test_an_object_that_is_cut_off(tmp_path, run):
    whole = (DATA / "commands.elf").read_bytes()
    path = tmp_path / "cut.o"
    for size in (0, 3, 64, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        outcome = run("inspect", str(path), "--code")
        assert (outcome.status, outcome.out) == (1, "")
        assert f"load '{path}' failed" in outcome.err


def test_a_source_with_mistakes(bad_source, run):
    outcome = run("inspect", "bpf")
    assert outcome.status == 1
    assert "undefined: nothing" in outcome.err
