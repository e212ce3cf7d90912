"""The code blocks of the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language in a page's text."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [code for tag, code in found if tag == language]


@pytest.fixture
def blocks_of() -> Callable[[str, str], list[str]]:
    return blocks
