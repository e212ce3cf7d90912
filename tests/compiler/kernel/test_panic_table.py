"""docs/panics.md has the table of safe values as the compiler uses it."""

from __future__ import annotations

from tinybpf.compiler.kernel.returns import safe_value
from tinybpf.compiler.kernel.sections import definitions, parse_section


def expected_rows() -> list[str]:
    """One row for each kind of program; sections that share it stand together."""
    rows: dict[tuple[str, str], list[str]] = {}
    for definition in definitions():
        section = parse_section(definition.prefix)
        assert section is not None
        safe = safe_value(section)
        shown = f"{safe.value} ({safe.name})" if safe.name else str(safe.value)
        rows.setdefault((shown, safe.reason), []).append(f"`{definition.prefix}`")
    return [f"| {', '.join(names)} | {shown} | {reason} |" for (shown, reason), names in rows.items()]


def test_the_table_is_up_to_date(project):
    text = (project / "docs/panics.md").read_text()
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert table == expected_rows()
