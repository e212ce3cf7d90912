"""tools/check_types.py, which `make docs` runs over the examples and the pages, can fail."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "check_types.py"

WRONG = """import tinybpf

tinybpf.load_go("bpf", cpus="v3")
obj = tinybpf.load_go("bpf")
obj.program("filter").atach()
lost: str = obj.panics
"""


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_mistakes_are_seen(checker, tmp_path):
    """The package's types reach a user's program: what is wrong in it is found."""
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed; make docs installs it")
    for folder in ("tools", "docs", "examples/one", "tests/docs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tools" / "check_types.py").write_text(TOOL.read_text())
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / "tests" / "docs" / "typed_uses.py").write_text("")
    for page in ("README", "docs/attaching", "docs/buffers", "docs/guide", "docs/threads"):
        (tmp_path / f"{page}.md").write_text("")
    (tmp_path / "examples" / "one" / "main.py").write_text(WRONG)
    command = [sys.executable, tmp_path / "tools" / "check_types.py", checker]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    for word in ("cpus", "atach", "str"):
        assert word in done.stdout
