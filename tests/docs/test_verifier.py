"""docs/verifier.md: its programs are refused and loaded as it says, its table is the code's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "verifier.md").read_text()

_spec = importlib.util.spec_from_file_location("docs_verifier", ROOT / "tools" / "docs_verifier.py")
assert _spec is not None and _spec.loader is not None
page = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(page)

EXAMPLES = page.examples(TEXT)


def test_the_table_is_the_codes() -> None:
    assert page.with_table(TEXT) == TEXT
    assert page.table() in TEXT and page.table().count("\n| `") > 50


def test_the_commonest_reasons_have_programs() -> None:
    """Each of them was seen with a real one: see tests/libbpf/test_refusals.py and test_verifier.py."""
    assert len(page.refused()) >= 40


def test_all_programs_are_examples() -> None:
    assert TEXT.count("```go\n") == 2 * len(EXAMPLES) > 10


@pytest.mark.kernel
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number: int) -> None:
    refused, said, cured = EXAMPLES[number]
    assert said and page.said_of(refused) == said
    assert page.said_of(cured) == ""
