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
        assert not name or f"def {name.partition('[')[0]}" in (ROOT / file).read_text()
    assert left_out.why("tests/fuzzing/test_fuzz.py::test_a") == left_out.LEFT_OUT["tests/fuzzing/"]
    assert left_out.why("tests/libbpf/test_map.py::test_a") is None


def test_the_tests_of_the_matrix_exist() -> None:
    from features import FEATURES

    for feature in FEATURES:
        for test in feature.tests:
            file, _, name = test.partition("::")
            text = (ROOT / file).read_text()
            assert all(part in text for part in name.partition("[")[0].split("::")), test


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
    import features

    assert features.state(features.Feature("Group", "name", ("f::",)), outcomes(*found)) == state


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
    assert "6.1.0-56-amd64" in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="has not one"):
        matrix.write(page, found, {"6.1": "x"})


def test_which_files_a_guest_reads() -> None:
    import selection

    tests = ["tests/a.py::test_1[x]", "tests/a.py::test_2", "tests/b.py::T::test"]
    assert selection.places([], tests) == ["tests/a.py", "tests/b.py"]
    ring = "tests/libbpf/test_ring.py"
    assert selection.options(["-k", "ring", ring, "-x"]) == ["-k", "ring", "-x"]
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
    assert found == [
        ("test_good", "passed", ""),
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
