"""The page about testing: its test passes, and what it names is there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .conftest import OURS, runner
from .test_project import BESIDE, make, write


def test_its_test_passes(project: Path, tmp_path: Path) -> None:
    page = (project / "docs" / "ebpf-testing.md").read_text()
    (block,) = re.findall(r"^```go\n(.*?)^```$", page, flags=re.M | re.S)
    directory = make(project, tmp_path / "example", BESIDE)
    shutil.copytree(
        project / "go" / "programs" / "packets",
        directory / "packets",
        ignore=shutil.ignore_patterns("*_test.go"),
    )
    write(directory, {"packets/page_test.go": block})
    go = runner(OURS, directory, tmp_path / "modules")
    done = go("test", "-v", "./packets")
    assert "--- PASS: TestDropsDNS" in done.stdout, done.stdout
    write(directory, {"packets/page_test.go": block.replace("&port, 53", "&port, 54")})
    assert go("test", "./packets").returncode != 0


def test_what_it_names_is_there(project: Path, tmp_path: Path) -> None:
    """Each name of package ebpftest on the page, and all that the package has on the page."""
    page = (project / "docs" / "ebpf-testing.md").read_text()
    said = runner(OURS, project / "go", tmp_path / "modules")("doc", "-short", "./ebpf/ebpftest").stdout
    exported = set(re.findall(r"^(?:func|const|type|var) (\w+)", said, flags=re.M))
    assert len(exported) > 20
    words = set(re.findall(r"\w+", page))
    in_signatures_only = {"KeyedMap", "PerCPUMap"}
    assert exported - words == in_signatures_only
    assert set(re.findall(r"`(?:ebpftest\.)?([A-Z]\w+)\(", page)) <= exported
