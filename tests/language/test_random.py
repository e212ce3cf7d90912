"""Random programs do in the kernel what gc's binary does.

``TINYBPF_TEST_SEED`` is the first seed (else always the same one), ``TINYBPF_TEST_FILES`` how many files
of programs to make. A failure names the seed and leaves nothing else to guess: the same seed writes the
same file (``generator.generate(seed, f"random{seed}", PROGRAMS)``).
A file whose programs need too much stack is left out; none of those that are made by default does.
"""

from __future__ import annotations

import os

import pytest

from . import inputs, reference
from .conftest import Loader
from .generator import generate
from .kernel import Variant
from .outcome import Outcome, differences
from .source import Case, CaseFile

SEED = int(os.environ.get("TINYBPF_TEST_SEED", "20261"))
COUNT = int(os.environ.get("TINYBPF_TEST_FILES", "12"))
PROGRAMS = 5
CALLS = 40

FILES = tuple(generate(seed, f"random{seed}", PROGRAMS) for seed in range(SEED, SEED + COUNT))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[Outcome]]:
    """By program: what gc's binary did in each call."""
    binary = reference.build(FILES, tmp_path_factory.mktemp("gc") / "random")
    return reference.run(binary, FILES, {c: inputs.of(c, CALLS) for file in FILES for c in file.cases})


@pytest.mark.kernel
@pytest.mark.parametrize("variant", [Variant(True, "v3"), Variant(False, "v3")], ids=str)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_random(
    file: CaseFile, variant: Variant, in_kernel: Loader, outcomes: dict[Case, list[Outcome]]
) -> None:
    loaded = in_kernel(file, variant)
    if any("bytes of stack" in why for why in loaded.refused.values()):
        pytest.skip("one of the programs needs more stack than there is")
    wrong = [f"{name} is refused: {why}" for name, why in loaded.refused.items()]
    for case in file.cases:
        if case.name not in loaded.refused:
            calls = inputs.of(case, CALLS)
            wrong += differences(case, calls, outcomes[case], loaded.run(case, calls))
    if wrong:
        pytest.fail("\n".join([f"{file.stem}, {len(wrong)} differences:", *wrong[:10]]), pytrace=False)


def test_programs_differ_and_panic(outcomes: dict[Case, list[Outcome]]) -> None:
    """The programs are worth running: most of them depend on their inputs, some panic, many don't."""
    varied = [case for case, found in outcomes.items() if len(set(found)) > 5]
    ended = [o.panicked for found in outcomes.values() for o in found]
    assert len(varied) > len(outcomes) // 2
    assert 0.02 < sum(ended) / len(ended) < 0.7


def test_a_seed_gives_one_program() -> None:
    first, again, other = generate(7, "p", 2), generate(7, "p", 2), generate(8, "p", 2)
    assert first.text == again.text != other.text
