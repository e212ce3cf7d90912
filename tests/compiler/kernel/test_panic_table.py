"""docs/panics.md has the table of safe values as the compiler uses it."""

from __future__ import annotations

import re

from tinybpf.compiler.kernel.returns import check_return, safe_value
from tinybpf.compiler.kernel.sections import definitions, parse_section


def expected_rows() -> list[str]:
    """One row for each kind of program; sections that share it stand together."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for definition in definitions():
        section = parse_section(definition.prefix)
        assert section is not None
        safe = safe_value(section)
        shown = f"{safe.value} ({safe.name})" if safe.name else str(safe.value)
        row = (shown, safe.passes, safe.block or "nothing to block", safe.reason)
        rows.setdefault(row, []).append(f"`{definition.prefix}`")
    return [f"| {', '.join(names)} | {' | '.join(row)} |" for row, names in rows.items()]


def test_the_table_is_up_to_date(project):
    text = (project / "docs/panics.md").read_text().partition("## How often")[0]
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert table == expected_rows()


def test_a_value_that_blocks_is_one_that_the_verifier_accepts():
    """For each kind of program where there is one; and it is not the safe value."""
    for definition in definitions():
        section = parse_section(definition.prefix)
        assert section is not None
        safe = safe_value(section)
        assert check_return(section, safe.value) is None
        number = re.match(r"-?\d+", safe.block)
        if number is None or "where the verifier" in safe.block:
            continue
        assert check_return(section, int(number[0])) is None
        assert int(number[0]) != safe.value
