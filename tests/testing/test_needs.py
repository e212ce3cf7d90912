"""Markers: what a test needs, and what it says where that is not there."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys

import pytest

from tinybpf import system
from tinybpf.libbpf import features
from tinybpf.libbpf.features import Finding, State
from tinybpf.testing import needs

PROBED = """
import pytest

@pytest.mark.bpf_feature("RingBuf", "XDP")
def test_uses_both(): pass
"""


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that has nothing, to a process that may do anything."""
    monkeypatch.setattr(system, "kernel_release", lambda: "5.4.0-old")
    monkeypatch.setattr(needs, "_obstacle", lambda: None)
    missing = Finding(State.MISSING, errno.EINVAL, "Linux 5.8 brought it")
    monkeypatch.setattr(features.MapFeature, "probe", lambda self: missing)
    monkeypatch.setattr(features.ProgramFeature, "probe", lambda self: Finding(State.WORKS))


def test_a_kernel_that_is_too_old(pytester, run, old):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.bpf_kernel("5.15")
        def test_new(): pass

        @pytest.mark.bpf_kernel("5.4")
        def test_old(): pass

        @pytest.mark.bpf_kernel("4.18")
        class TestAll:
            @pytest.mark.bpf_kernel("6.1")
            def test_newer(self): pass
        """
    )
    result = run("--bpf-required")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED [[]1] *_old.py:3: needs Linux 5.15; this kernel is 5.4.0-old",
            "SKIPPED [[]1] *_old.py:11: needs Linux 6.1; this kernel is 5.4.0-old",
        ]
    )


def test_a_feature_that_an_old_kernel_lacks(pytester, run, old):
    pytester.makepyfile(PROBED)
    result = run("--bpf-required")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED *needs RingBuf, which this kernel (5.4.0-old) lacks: Linux 5.8 brought it"]
    )


def test_a_feature_that_a_new_kernel_lacks(pytester, run, old, monkeypatch):
    monkeypatch.setattr(system, "kernel_release", lambda: "6.1.0-odd")
    pytester.makepyfile(PROBED)
    run().assert_outcomes(skipped=1)
    result = run("--bpf-required")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["--bpf-required, and this test needs RingBuf, which this kernel (6.1.0-odd)*"]
    )


def test_lsm_needs_a_boot_with_it(pytester, run, monkeypatch):
    monkeypatch.setattr(needs, "_obstacle", lambda: None)
    monkeypatch.setattr(features.ProgramFeature, "probe", lambda self: Finding(State.WORKS))
    monkeypatch.setattr(system, "security_modules", lambda: ("lockdown", "yama"))
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.bpf_feature("lsm")
        def test_denies(): pass
        """
    )
    result = run()
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*it was booted without bpf among its security modules (lockdown,yama)"])
    monkeypatch.setattr(system, "security_modules", lambda: ("lockdown", "bpf"))
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('bpf_kernel("5")', "bpf_kernel('5'): no version of Linux; write it as \"5.15\""),
        ('bpf_kernel("v5.15")', "bpf_kernel('v5.15'): no version of Linux; write it as \"5.15\""),
        ("bpf_kernel(6.1)", 'bpf_kernel(6.1): write the version as text, "6.1": the number 6.10 is 6.1'),
        ('bpf_kernel("6.1.20")', 'write "6.1" and bpf_feature for what it brought'),
        ("bpf_kernel", 'bpf_kernel takes one version: bpf_kernel("5.15")'),
        ('bpf_kernel("6.1", "6.2")', 'bpf_kernel takes one version: bpf_kernel("5.15")'),
        ('bpf_feature("ringbuff")', "bpf_feature('ringbuff'): no such feature; did you mean \"ringbuf\"?"),
        ('bpf_feature("ring-bufer")', 'no such feature; did you mean "ringbuf"?'),
        ('bpf_feature("xdp", 7)', "bpf_feature(7): no such feature; there is: action, arena, array"),
        ("bpf_feature", 'bpf_feature takes names: bpf_feature("xdp", "ring_buffer")'),
        ('bpf_feature(name="xdp")', 'bpf_feature takes names: bpf_feature("xdp", "ring_buffer")'),
    ],
)  # fmt: skip
def test_a_marker_that_is_wrong(pytester, run, marker, message):
    pytester.makepyfile(
        f"import pytest\n\n@pytest.mark.{marker}\ndef test_it(): pass\n\ndef test_other(): pass\n"
    )
    result = run()
    result.assert_outcomes(errors=1, passed=1)
    assert message in result.stdout.str()
    assert "Error" not in result.stdout.str()


def test_every_feature_has_a_name_for_the_marker():
    for feature in (*features.PROGRAMS, *features.MAPS):
        found = needs._features(pytest.mark.bpf_feature(feature.name).mark)
        assert feature in [it for _, it in found]
        assert {needs._plain(it.name) for _, it in found} == {needs._plain(feature.name)}
    known = {needs._plain(feature.name) for feature in (*features.PROGRAMS, *features.MAPS)}
    assert set(needs.ALIASES.values()) <= known
    assert not known.intersection(needs.ALIASES)


@pytest.mark.kernel
def test_features_are_tried_on_this_kernel(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.bpf_feature("xdp", "tracepoint", "hash", "LPMTrie", "ring_buffer")
        def test_there(): pass
        """
    )
    run("--bpf-required").assert_outcomes(passed=1)


def test_the_marker_bpf_selects(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        def test_object(bpf_object): pass
        def test_run_alone(test_run): pass
        def test_compiles(bpf_compile): assert bpf_compile("bpf").programs[0].name == "dropPort"
        def test_plain(): pass

        @pytest.mark.bpf_kernel("4.18")
        def test_marked(): pass

        class TestOwn:
            @pytest.fixture
            def test_run(self):
                return 7

            def test_own(self, test_run):
                assert test_run == 7

        class TestMade:
            @pytest.fixture
            def bpf_object(self, bpf_object):
                return bpf_object

            def test_made(self, bpf_object): pass
        """
    )
    result = run("-m", "bpf", "--collect-only", "-q")
    names = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert names == ["test_object", "test_run_alone", "test_marked", "test_made"]
    run("-m", "not bpf").assert_outcomes(passed=3, deselected=4)


class TestWithoutTheCapabilities:
    @pytest.fixture
    def run_without(self, pytester, run):
        """Run pytest as root without capabilities, or as who runs this."""
        pytester.makepyfile(
            """
            import pytest

            def test_loads(bpf_object): bpf_object("bpf")
            def test_compiles(bpf_compile): bpf_compile("bpf")

            @pytest.mark.bpf_feature("xdp")
            def test_marked(): pass

            def test_asks_late(request): request.getfixturevalue("bpf_object")
            """
        )
        command = [sys.executable, "-m", "pytest", "-p", "tinybpf.testing", "-rA"]
        if os.geteuid() == 0:
            command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]

        def execute(*arguments: str) -> str:
            done = subprocess.run([*command, *arguments], text=True, capture_output=True, cwd=pytester.path)
            return done.stdout + done.stderr

        return execute

    def test_a_test_is_skipped_and_says_what_is_missing(self, run_without):
        said = run_without()
        assert "1 passed, 3 skipped" in said
        assert re.search("needs eBPF: .* lacks CAP_BPF; run it as root, or give it the capability", said)
        assert "or use --bpf-kernels, which needs neither" in said

    def test_or_fails_where_it_is_required(self, run_without):
        said = run_without("--bpf-required")
        assert "1 failed, 1 passed, 2 errors" in said
        assert re.search("--bpf-required, and this test needs eBPF: .* lacks CAP_BPF", said)
        assert "Traceback" not in said
