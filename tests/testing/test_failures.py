"""What a failed test shows."""

from __future__ import annotations

import pytest

ENDLESS = """package bpf

import "tinybpf/ebpf"

//bpf:section xdp
func spin(ctx *ebpf.XDP) ebpf.XDPAction {
	for ebpf.GetPrandomU32() != 7 {
	}
	return ebpf.XDPPass
}
"""


def between(text: str, start: str, end: str) -> list[str]:
    """The lines between two."""
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if start in line)
    last = next(n for n, line in enumerate(lines) if n > first and end in line)
    return lines[first + 1 : last]


def test_a_source_that_is_refused(pytester, run):
    pytester.makepyfile(
        """
        import pytest, tinybpf

        def test_it(bpf_compile):
            bpf_compile("package bpf\\n\\nfunc f() { return 1 }\\n")

        @pytest.fixture
        def made(bpf_compile):
            return bpf_compile("package bpf\\n\\nfunc f() { return 1 }\\n")

        def test_fixture(made): pass

        def test_expected(bpf_compile):
            with pytest.raises(tinybpf.CompileError, match="too many return values"):
                bpf_compile("package bpf\\n\\nfunc f() { return 1 }\\n")
        """
    )
    result = run()
    result.assert_outcomes(failed=1, errors=1, passed=1)
    message = [
        "<source>:3:19: too many return values",
        "	have (number)",
        "	want ()",
        "    func f() { return 1 }",
        "                      ^",
    ]
    shown = result.stdout.str()
    place = "test_a_source_that_is_refused.py"
    assert between(shown, "ERROR at setup of test_fixture", "=== FAILURES") == [
        f"{place}:8: in made",
        *message,
    ]
    assert between(shown, "___ test_it ___", "=== PASSES") == [f"{place}:4: in test_it", *message]
    assert f"FAILED {place}::test_it - <source>:3:19: too " in shown
    assert "tinybpf/compiler/" in run("--full-trace").stdout.str()


def test_an_error_of_tinybpf_ends_at_the_tests_line(pytester, run):
    pytester.makepyfile(
        """
        import tinybpf

        def load(path):
            return tinybpf.load(path)

        def test_it():
            load("nowhere.o")
        """
    )
    shown = run().stdout.str()
    assert "E       tinybpf.errors.NotFoundError: load 'nowhere.o' failed: there is no such file" in shown
    assert "test_an_error_of_tinybpf_ends_at_the_tests_line.py:4: NotFoundError" in shown
    assert "open.py" not in shown


def test_other_errors_are_as_they_were(pytester, run):
    pytester.makepyfile("def test_it():\n    import json\n    json.loads('{')\n")
    shown = run().stdout.str()
    assert "json/__init__.py" in shown
    assert "JSONDecodeError" in shown


@pytest.mark.kernel
def test_a_program_that_the_verifier_refuses(pytester, run):
    pytester.path.joinpath("spin.go").write_text(ENDLESS)
    pytester.makepyfile(
        """
        import pytest, tinybpf

        def test_it(bpf_object):
            bpf_object("spin.go")

        def test_expected(bpf_object):
            with pytest.raises(tinybpf.VerifierError):
                bpf_object("spin.go")
        """
    )
    result = run()
    result.assert_outcomes(failed=1, passed=1)
    shown = between(
        result.stdout.str(), "___ test_it ___", "=== warnings summary"
    )  # the compiler saw it coming
    assert shown[0] == "test_a_program_that_the_verifier_refuses.py:4: in test_it"
    assert shown[1].startswith("spin.go:")
    assert any(line.startswith("    verifier: ") for line in shown)
    assert len(shown) == 6
    assert "The verifier's log" not in result.stdout.str()
    whole = run("-v").stdout.str()
    assert "The verifier's log" in whole
    assert "; for ebpf.GetPrandomU32() != 7 {" in whole
