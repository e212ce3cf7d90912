"""What one kind of refusal is called, and how the names get into its words.

In reason and advice ``{name}`` stands for a group of the pattern or a name of the subject, ``{name|other
words}`` for those words where the name is not known; ``{{`` is a brace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """One kind of refusal. ``says`` is an example of the verifier's words; ``cases`` replaces reason and
    advice where the subject tells more."""

    says: str
    pattern: str
    reason: str
    hint: str
    subject: str = ""
    cases: Mapping[str, tuple[str, str]] = {}


_BLANK = re.compile(r"\{\{|\}\}|\{(\w+)(?:\|((?:[^{}]|\{[^{}]*\})*))?\}")


def fill(words: str, names: Mapping[str, str | None]) -> str:
    """The words with the names in them."""

    def blank(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        return names.get(found[1]) or fill(found[2] or "", names)

    return _BLANK.sub(blank, words)
