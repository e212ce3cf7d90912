"""The cases, what gc makes of them, and the cases in the kernel: each made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import families, inputs, reference, source
from .kernel import Loaded, Variant, load
from .outcome import Outcome
from .source import Case, CaseFile

FOLDER = Path(__file__).parent / "cases"
FILES = (*families.files(), *(source.read(path) for path in sorted(FOLDER.glob("*.go"))))


@pytest.fixture(scope="session")
def reference_outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[Outcome]]:
    """By case: what gc's binary did in each call."""
    binary = reference.build(FILES, tmp_path_factory.mktemp("gc") / "cases")
    calls = {case: inputs.of(case) for file in FILES for case in file.cases}
    return reference.run(binary, FILES, calls)


Loader = Callable[[CaseFile, Variant], Loaded]


@pytest.fixture(scope="session")
def in_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loader]:
    """Gives the cases of a file, loaded."""
    known: dict[tuple[str, Variant], Loaded] = {}

    def close() -> None:
        for loaded in known.values():
            if loaded.object is not None:
                loaded.object.close()
        known.clear()

    def give(file: CaseFile, variant: Variant) -> Loaded:
        key = (file.stem, variant)
        if any(stem != file.stem for stem, _ in known):  # all files at once are too many open descriptors
            close()
        if key not in known:
            known[key] = load(file, variant, tmp_path_factory.mktemp(f"bpf-{variant}") / file.stem)
        return known[key]

    yield give
    close()
