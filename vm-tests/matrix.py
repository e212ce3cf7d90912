"""The support matrix of the documents, written by the run of all tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from features import FEATURES, Feature
from reports import Outcome, counts, skips
from states import seen, state

BEGIN = "<!-- made by make vm-test-all -->"
END = "<!-- end -->"

Reports = Mapping[str, Sequence[Outcome]]


def write(path: Path, by_kernel: Reports, releases: Mapping[str, str], host: str | None = None) -> None:
    """Put the matrix between the markers of a document; ``ValueError`` where these are not there.

    ``host`` is the kernel of this machine among the others: it ran the tests of the features alone.
    """
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path} has not one {BEGIN} and one {END}")
    made = f"{BEGIN}\n\n{matrix(by_kernel, releases, host)}\n\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    path.write_text(re.sub(pattern, lambda found: made, text, flags=re.S))


def matrix(by_kernel: Reports, releases: Mapping[str, str], host: str | None = None) -> str:
    """Features by kernel, what was seen of each, what nobody tried, the tests, and why some were skipped."""
    guests = {kernel: outcomes for kernel, outcomes in by_kernel.items() if kernel != host}
    used = [releases[kernel] + (" (this machine's own)" if kernel == host else "") for kernel in by_kernel]
    parts = [
        _features(by_kernel),
        f"Kernels: {', '.join(used)}.",
        "## What was seen\n\nOf each feature, by its tests, in the run that made this page.",
        _seen(by_kernel),
        "## Built and untried\n\n" + _untried(by_kernel),
        "## The tests\n\nAll with the kernel, in virtual machines.",
        _tests(guests),
        _skips(guests),
    ]
    return "\n\n".join(parts)


def _features(by_kernel: Reports) -> str:
    lines = _head(["", *by_kernel])
    for group, features in _groups():
        lines.append(_row([f"**{group}**", *[""] * len(by_kernel)]))
        for feature in features:
            states = [state(feature, outcomes) for outcomes in by_kernel.values()]
            if feature.test:
                lines.append(_row([feature.name, *states]))
    return "\n".join(lines)


def _seen(by_kernel: Reports) -> str:
    """A row for each feature and what was seen; kernels that saw the same share it."""
    lines = _head(["", "seen", "under"])
    for group, features in _groups():
        rows = [
            [feature.name, what, ", ".join(kernels)]
            for feature in features
            for what, kernels in _by_value(feature, by_kernel).items()
        ]
        if rows:
            lines.append(_row([f"**{group}**", "", ""]))
        for at, (name, what, kernels) in enumerate(rows):
            again = at > 0 and rows[at - 1][0] == name
            lines.append(_row(["" if again else name, what, kernels]))
    return "\n".join(lines)


def _by_value(feature: Feature, by_kernel: Reports) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kernel, outcomes in by_kernel.items():
        what = seen(feature, outcomes)
        if what:
            found.setdefault(what, []).append(kernel)
    return found


def _untried(by_kernel: Reports) -> str:
    """What no kernel of the run could show."""
    lines = []
    for feature in FEATURES:
        if any(state(feature, outcomes) in ("yes", "fails") for outcomes in by_kernel.values()):
            continue
        lines.append(f"- {feature.group}: {feature.name}: {feature.untried or 'no kernel of these has it'}")
    return "\n".join(lines) or "Nothing."


def _tests(by_kernel: Reports) -> str:
    numbers = {kernel: counts(outcomes) for kernel, outcomes in by_kernel.items()}
    lines = _head(["", *by_kernel])
    for outcome in ("passed", "failed", "skipped"):
        lines.append(_row([outcome, *(str(numbers[kernel][outcome]) for kernel in by_kernel)]))
    return "\n".join(lines)


def _skips(by_kernel: Reports) -> str:
    lines = _head(["skipped because", *by_kernel])
    for reason, numbers in skips(by_kernel):
        lines.append(_row([reason, *(str(numbers.get(kernel, "")) for kernel in by_kernel)]))
    return "\n".join(lines)


def _groups() -> Iterator[tuple[str, list[Feature]]]:
    for group in dict.fromkeys(feature.group for feature in FEATURES):
        yield group, [feature for feature in FEATURES if feature.group == group]


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
