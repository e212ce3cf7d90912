"""vm-tests: what is left out, the reports, the tables and the support matrix."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import old_kernels
import pytest

from tinybpf.errors import BpfError, VerifierError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def importable() -> Iterator[None]:
    """The modules of vm-tests, which are scripts beside each other."""
    before = set(sys.modules)
    sys.path.insert(0, str(ROOT / "vm-tests"))
    yield
    sys.path.remove(str(ROOT / "vm-tests"))
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(ROOT / "vm-tests")):
            del sys.modules[name]


def test_what_is_left_out_exists_and_has_a_reason() -> None:
    import left_out

    for place, reason in left_out.LEFT_OUT.items():
        file, _, name = place.partition("::")
        assert (ROOT / file).exists() and len(reason) > 20
        text = (ROOT / file).read_text() if name else ""
        assert not name or f"def {name.partition('[')[0]}" in text or f"class {name}:" in text
    assert left_out.why("tests/fuzzing/test_fuzz.py::test_a") == left_out.LEFT_OUT["tests/fuzzing/"]
    assert left_out.why("tests/libbpf/test_map.py::test_a") is None


def test_the_tests_of_the_matrix_exist_and_say_what_they_see() -> None:
    import ast

    from features import FEATURES

    names = [(feature.group, feature.name) for feature in FEATURES]
    assert len(set(names)) == len(names)
    for feature in FEATURES:
        assert bool(feature.test) != bool(feature.untried), feature
        file, *inner = feature.test.split("::")
        found = ast.parse((ROOT / file).read_text() if file else "")
        for name in inner:
            (found,) = (each for each in found.body if getattr(each, "name", "") == name)
        if feature.test and feature.group != "Language":
            called = {getattr(each.func, "id", "") for each in ast.walk(found) if isinstance(each, ast.Call)}
            assert called & {"observed", "observed_errno"}, feature


def outcomes(*given: tuple[str, str, str]):
    from reports import Outcome

    return [Outcome(*each) for each in given]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([("f::a", "passed", ""), ("f::b", "skipped", "")], "yes"),
        ([("f::a", "passed", ""), ("f::b", "failed", "")], "fails"),
        ([("f::a", "skipped", "")], "no"),
        ([("g::a", "passed", "")], "?"),
        ([("f::a", "skipped", "this kernel is too old: a program is of section syscall: Linux 5.14")], "?"),
    ],
)
def test_the_state_of_a_feature(found: list[tuple[str, str, str]], state: str) -> None:
    import states
    from features import Feature

    assert states.state(Feature("Group", "name", "f"), outcomes(*found)) == state


def test_a_feature_is_that_of_its_test_alone() -> None:
    import states
    from features import Feature
    from reports import Outcome

    tests = ["f::test_a", "f::test_a[1]", "f::test_a_b", "f::C::test_a", "g::test_a"]
    feature = Feature("Group", "name", "f::test_a")
    found = states.of_feature(feature, [Outcome(test, "passed") for test in tests])
    assert [each.test for each in found] == ["f::test_a", "f::test_a[1]"]
    assert states.of_feature(Feature("Group", "name", "", "why"), found) == []


def test_what_was_seen_of_a_feature() -> None:
    import states
    from features import Feature
    from reports import Outcome

    feature = Feature("Group", "name", "f")
    passed = [
        Outcome("f::a", "passed", observed=(("calls", "3"), ("order", "{'a': 1}"))),
        Outcome("f::b", "passed", observed=(("calls", "4"), ("calls", "3"))),
        Outcome("f::c", "skipped", observed=(("calls", "5"),)),
    ]
    assert states.seen(feature, passed) == "calls: 3 / 4; order: {'a': 1}"
    assert states.seen(feature, [*passed, Outcome("f::d", "failed")]) == ""
    many = [Outcome("f", "passed", observed=tuple(("n", str(n)) for n in range(20)))]
    assert states.seen(feature, many).endswith("6 / 7 / and 12 more")


def test_a_report_that_ends_in_the_middle(tmp_path: Path) -> None:
    import reports

    whole = json.dumps({"test": "a", "outcome": "passed", "reason": "", "seconds": 1.5})
    (tmp_path / "r").write_text(f'{whole}\n{{"test": "b", "outc')
    assert [each.test for each in reports.read(tmp_path / "r")] == ["a"]


def test_the_table() -> None:
    import reports

    by_kernel = {
        "6.1": outcomes(
            ("a", "passed", ""), ("b", "skipped", "this kernel has no x"), ("c", "failed", "why")
        ),
        "7.2": outcomes(("a", "passed", ""), ("a", "failed", "at its end"), ("b", "passed", "")),
    }
    lines = reports.table(by_kernel).splitlines()
    assert [line.split() for line in lines[1:3]] == [["6.1", "1", "1", "1"], ["7.2", "1", "1", "0"]]
    assert "  6.1: 1: this kernel has no x" in lines
    assert "  6.1: c: why" in lines and "  7.2: a: at its end" in lines


def test_the_matrix_goes_between_the_markers(tmp_path: Path) -> None:
    import matrix

    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "kernels.md").read_text())
    found = {
        "6.1": outcomes(
            ("tests/libbpf/attach/test_netkit.py::test_packets_of_one_side", "skipped", "no | netkit")
        )
    }
    matrix.write(page, found, {"6.1": "6.1.0-56-amd64"})
    text = page.read_text()
    assert text.startswith("# What works") and text.rstrip().endswith("(vm.md).")
    assert "| netkit | no |" in text and "| skipped | 1 |" in text and "| no \\| netkit | 1 |" in text
    assert "6.1.0-56-amd64" in text and "- Attach: netkit: no kernel of these has it" in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has not one"):
        matrix.write(page, found, {"6.1": "x"})


def test_kernels_that_saw_the_same_share_a_row() -> None:
    import matrix
    from reports import Outcome

    def ran(value: str) -> list[Outcome]:
        return [
            Outcome("tests/libbpf/attach/test_netkit.py::test_the_order", "passed", "", 1.0, [("a", value)])
        ]

    found = {"6.12": ran("1"), "6.18": ran("1"), "7.2": ran("2")}
    text = matrix.matrix(found, {kernel: f"{kernel}.0" for kernel in found}, "6.18")
    assert "| netkit: an order | a: 1 | 6.12, 6.18 |\n|  | a: 2 | 7.2 |" in text
    assert "6.12.0, 6.18.0 (this machine's own), 7.2.0" in text
    assert "|  | 6.12 | 7.2 |\n| --- | --- | --- |\n| passed | 1 | 1 |" in text


def test_this_machines_kernel_among_the_others() -> None:
    import own

    found = own.among({"5.10": [], "6.12": []}, outcomes(("a", "passed", "")), "6.8")
    assert list(found) == ["5.10", "6.8", "6.12"]
    assert list(own.among({"6.12": [], "7.2": []}, outcomes(("a", "passed", "")), "6.12 here")) == [
        "6.12", "6.12 here", "7.2"
    ]  # fmt: skip
    assert own.kernel(["1.0"]) + " here" == own.kernel([own.kernel(["1.0"])])
    assert list(own.among({"7.2": []}, [], "6.8")) == ["7.2"]


def test_which_files_a_guest_reads() -> None:
    import selection

    tests = ["tests/a.py::test_1[x]", "tests/a.py::test_2", "tests/b.py::T::test"]
    assert selection.places([], tests) == ["tests/a.py", "tests/b.py"]
    ring = "tests/libbpf/test_ring.py"
    assert selection.options(["-k", "ring", ring, "-x"]) == ["-k", "ring", "-x"]
    assert selection.quiet(["-v", "-vvq", "--verbose", "-k", "v", "-x"]) == ["-k", "v", "-x"]
    assert selection.places([f"{ring}::TestStream"], [f"{ring}::TestStream::test_a"]) == [
        f"{ring}::TestStream"
    ]


def test_the_command_of_a_guest(tmp_path: Path) -> None:
    import run
    import selection

    selected = selection.Selection(["-k", "ring", "tests/libbpf/test_ring.py"], 3, selection.Counter())
    words = run.command("6.1", selected, tmp_path / "new" / "6.1.jsonl", 60)
    line = " ".join(words)
    assert f"--kernel 6.1 --timeout 60 --memory 4G --share {tmp_path / 'new'}" in line
    assert line.endswith("-m kernel --timeout 6000 -k ring tests/libbpf/test_ring.py")
    assert f"VM_REPORT={tmp_path / 'new' / '6.1.jsonl'}" in words
    assert (tmp_path / "new" / "6.1.jsonl").read_text() == ""


def test_what_this_kernel_lacks(tmp_path: Path) -> None:
    import every

    rows = [
        {"test": "a", "outcome": "skipped", "reason": "this kernel has no kprobes"},
        {"test": "b", "outcome": "skipped", "reason": "needs a printer"},
        {"test": "c", "outcome": "passed", "reason": ""},
    ]
    (tmp_path / "r").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert every.lacking(tmp_path / "r") == ["a"]


def test_the_plugin_reports_and_widens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_seen(record_property): record_property('observed', ('calls', '3'))\n"
        "def test_bad(): assert 1 == 2\n"
        "@pytest.mark.skip(reason='this kernel has no x')\n"
        "def test_not(): pass\n"
        "@pytest.mark.timeout(2)\n"
        "def test_limit(request): assert request.node.get_closest_marker('timeout').args == (40,)\n"
        "@pytest.fixture\n"
        "def breaks():\n"
        "    yield\n"
        "    raise OSError('at the end')\n"
        "def test_end(breaks): pass\n"
    )
    report = tmp_path / "report"
    monkeypatch.setenv("VM_REPORT", str(report))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "vm-tests"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "in_guest", "-p", "no:cacheprovider", tmp_path],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    found = [(row["test"].partition("::")[2], row["outcome"], row["reason"]) for row in rows]
    assert [row["observed"] for row in rows[:2]] == [[], [["calls", "3"]]]
    assert found == [
        ("test_good", "passed", ""),
        ("test_seen", "passed", ""),
        ("test_bad", "failed", "assert 1 == 2"),
        ("test_not", "skipped", "this kernel has no x"),
        ("test_limit", "passed", ""),
        ("test_end", "passed", ""),
        ("test_end", "failed", "OSError: at the end"),
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            BpfError("create map 'm' failed: Invalid argument\n  hint: Linux 999.1 brought it"),
            "too old: Linux 999.1 brought it",
        ),
        (
            BpfError("load 'o' failed: program 'p' is of section x: Linux 999.1 brought it\n  libbpf: more"),
            "too old: a program is of section x: Linux 999.1 brought it",
        ),
        (BpfError("it needs Linux 2.6"), None),
        (BpfError("create map 'm' failed: Invalid argument"), None),
        (VerifierError("refused", log="sleepable progs cannot use bpf_spin_lock yet"), "no spin locks in"),
        (
            VerifierError(
                "refused", summary="back-edge from insn 62 to 63", log="back-edge from insn 62 to 63"
            ),
            "no loops",
        ),
        (VerifierError("refused", log="back-edge from insn 62 to 3"), None),
        (VerifierError("refused", log="1: call\nunknown func bpf_loop#181"), "no function bpf_loop for"),
    ],
)
def test_what_an_error_says_the_kernel_lacks(
    error: BpfError, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYBPF_VM", "6.1")
    found = old_kernels.lacking(error)
    assert found is None if reason is None else found is not None and reason in found
