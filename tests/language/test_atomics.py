"""The kernel's atomic instructions do what sync/atomic does when gc compiles it."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import inputs, reference, source
from .kernel import Variant, load
from .outcome import Outcome, differences
from .source import Case

FILE = source.read(Path(__file__).parent / "programs" / "atomics.go")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[Outcome]]:
    """By case: what gc's binary did in each call."""
    binary = reference.build([FILE], tmp_path_factory.mktemp("gc") / "atomics")
    return reference.run(binary, [FILE], {case: inputs.of(case) for case in FILE.cases})


@pytest.mark.kernel
@pytest.mark.parametrize("variant", [Variant(True, "v3"), Variant(False, "v4")], ids=str)
def test_atomics(variant: Variant, wanted: dict[Case, list[Outcome]], tmp_path: Path) -> None:
    loaded = load(FILE, variant, tmp_path / FILE.stem)
    assert not loaded.refused
    assert loaded.object is not None
    with loaded.object:
        wrong = [
            line
            for case in FILE.cases
            for line in differences(case, inputs.of(case), wanted[case], loaded.run(case, inputs.of(case)))
        ]
    assert not wrong
