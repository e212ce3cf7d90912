"""What the plugin costs those who do not use it."""

from __future__ import annotations

import subprocess
import sys

from tinybpf import testing

LIGHT = {"tinybpf", "tinybpf._version", "tinybpf.testing"}


def test_nothing_else_is_imported(pytester):
    pytester.makepyfile(
        f"""
        import sys

        def test_plain():
            assert {{name for name in sys.modules if name.partition(".")[0] == "tinybpf"}} == {LIGHT!r}

        def test_with_an_error():
            raise OSError
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tinybpf.testing"],
        cwd=pytester.path, text=True, capture_output=True,
    )  # fmt: skip
    assert "1 failed, 1 passed" in done.stdout


def test_a_library_that_the_plugin_needs_is_there_already():
    code = (
        "import pytest, sys; old = set(sys.modules); import tinybpf.testing; print(*set(sys.modules) - old)"
    )
    added = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert {
        name for name in added.stdout.split() if "skbc" not in name
    } == LIGHT  # an editable install has its own


def test_pytest_leaves_its_asserts_alone(pytestconfig):
    hook = pytestconfig.pluginmanager.rewrite_hook
    hook._must_rewrite.add("tinybpf")
    testing._leave_alone(pytestconfig.pluginmanager)
    assert "tinybpf" not in hook._must_rewrite


def test_the_name_is_that_of_the_option(project):
    """So that pytest takes it once where it is given with -p, too."""
    lines = (project / "pyproject.toml").read_text().splitlines()
    assert (
        lines[lines.index("[project.entry-points.pytest11]") + 1] == '"tinybpf.testing" = "tinybpf.testing"'
    )
