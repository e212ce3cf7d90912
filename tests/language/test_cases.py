"""The table of language tests: each function over many inputs, in the kernel as under gc."""

from __future__ import annotations

import pytest

from . import inputs
from .conftest import FILES, Loader
from .kernel import Variant
from .outcome import Outcome, differences
from .source import Case, CaseFile

VARIANTS = (
    Variant(True, "v3"),
    Variant(False, "v3"),
    Variant(False, "v1"),
    Variant(True, "v2"),
    Variant(True, "v4"),
)

TABLE = [
    pytest.param(file, case, variant, id=f"{file.stem}-{case.name}-{variant}")
    for file in FILES
    for variant in VARIANTS
    for case in file.cases
]


@pytest.mark.kernel
@pytest.mark.parametrize(("file", "case", "variant"), TABLE)
def test_case(
    file: CaseFile,
    case: Case,
    variant: Variant,
    in_kernel: Loader,
    reference_outcomes: dict[Case, list[Outcome]],
) -> None:
    loaded = in_kernel(file, variant)
    if case.name in loaded.refused:
        pytest.fail(f"{case.name} is refused: {loaded.refused[case.name]}", pytrace=False)
    calls = inputs.of(case)
    wrong = differences(case, calls, reference_outcomes[case], loaded.run(case, calls))
    if wrong:
        shown = "\n".join(wrong[:12])
        pytest.fail(f"{len(wrong)} of {len(calls)} calls differ:\n{shown}", pytrace=False)
