"""What docs/testing.md shows is true: its tests pass, its messages are those that come."""

from __future__ import annotations

import re

import pytest

SPIN = """package bpf

import "tinybpf/ebpf"

//bpf:section xdp
func spin(ctx *ebpf.XDP) ebpf.XDPAction {
	for ebpf.GetPrandomU32() != 7 {
	}
	return ebpf.XDPPass
}
"""


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch):
    """Each run of pytest within this one would import them anew."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def page(project):
    return (project / "docs" / "testing.md").read_text()


@pytest.fixture
def folder(pytester, project, page, blocks_of):
    """The page's project, and the README's program."""
    for name in ("bpf", "tests"):
        pytester.mkdir(name)
    pytester.path.joinpath("bpf", "filter.go").write_text(blocks_of(page, "go")[0])
    pytester.path.joinpath("exec.go").write_text(blocks_of((project / "README.md").read_text(), "go")[0])
    for number, code in enumerate(blocks_of(page, "python")):
        pytester.path.joinpath("tests", f"test_{number}.py").write_text(code)
    return pytester


@pytest.mark.kernel
def test_the_tests_of_the_page_pass(folder):
    folder.runpytest("-p", "tinybpf.testing", "--bpf-required", "--strict-markers").assert_outcomes(passed=3)


@pytest.mark.kernel
def test_the_failure_of_the_page(folder, page):
    folder.path.joinpath("bpf", "spin.go").write_text(SPIN)
    folder.path.joinpath("tests", "test_spin.py").write_text(
        'def test_spins(bpf_object):\n    bpf_object("bpf", programs=["spin"])\n'
    )
    said = folder.runpytest("-p", "tinybpf.testing", "tests/test_spin.py").stdout.str()
    shown = re.search(r"^```\n(tests/test_spin.*?)^```$", page, re.M | re.S)[1]
    assert shown in said


def test_the_reason_of_the_page(page, monkeypatch):
    from tinybpf import system
    from tinybpf.libbpf import features
    from tinybpf.libbpf.features import Finding, State
    from tinybpf.testing import needs

    monkeypatch.setattr(system, "kernel_release", lambda: "6.1.0-56-amd64")
    arena = features.map_type("arena")
    missing = Finding(State.MISSING, 22, arena.missing_reason(22))
    monkeypatch.setattr(features.MapFeature, "probe", lambda self: missing)
    with pytest.raises(pytest.skip.Exception) as skipped:
        needs._check_feature(None, "arena", arena)
    assert f"SKIPPED [1] tests/test_arena.py:4: {skipped.value}\n" in page


def test_the_fixtures_markers_and_options_of_the_page(page, pytester):
    said = pytester.runpytest("-p", "tinybpf.testing", "--markers", "--help").stdout.str()
    for marker in ("bpf", "bpf_kernel", "bpf_feature"):
        assert f"@pytest.mark.{marker}" in said and f"@pytest.mark.{marker}" in page
    options = set(re.findall(r"--bpf-[a-z]+", page))
    assert options == {"--bpf-kernels", "--bpf-required", "--bpf-timeout"}
    assert options == set(
        re.findall(r"--bpf-[a-z]+", pytester.runpytest("-p", "tinybpf.testing", "--help").stdout.str())
    )
    fixtures = pytester.runpytest("-p", "tinybpf.testing", "--fixtures").stdout.str()
    assert all(
        f"{name} " in fixtures and f"`{name}(" in page for name in ("bpf_object", "test_run", "bpf_compile")
    )
