"""The support matrix of the documents, written by the run of all tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from features import FEATURES, state
from reports import Outcome, counts, skips

BEGIN = "<!-- made by make vm-test-all -->"
END = "<!-- end -->"


def write(path: Path, by_kernel: Mapping[str, Sequence[Outcome]], releases: Mapping[str, str]) -> None:
    """Put the matrix between the markers of a document; ``ValueError`` where these are not there."""
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path} has not one {BEGIN} and one {END}")
    made = f"{BEGIN}\n\n{matrix(by_kernel, releases)}\n\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    path.write_text(re.sub(pattern, lambda found: made, text, flags=re.S))


def matrix(by_kernel: Mapping[str, Sequence[Outcome]], releases: Mapping[str, str]) -> str:
    """Features by kernel, then the tests, then why some were skipped, in Markdown."""
    kernels = list(by_kernel)
    lines = [_row(["", *(f"{kernel}" for kernel in kernels)]), _row(["---"] * (len(kernels) + 1))]
    group = ""
    for feature in FEATURES:
        if feature.group != group:
            group = feature.group
            lines.append(_row([f"**{group}**", *[""] * len(kernels)]))
        lines.append(_row([feature.name, *(state(feature, by_kernel[kernel]) for kernel in kernels)]))
    numbers = {kernel: counts(by_kernel[kernel]) for kernel in kernels}
    lines.append(_row(["**Tests**", *[""] * len(kernels)]))
    for outcome in ("passed", "failed", "skipped"):
        lines.append(_row([outcome, *(str(numbers[kernel][outcome]) for kernel in kernels)]))
    lines += ["", "Kernels: " + ", ".join(f"{releases[kernel]}" for kernel in kernels) + ".", ""]
    lines += [_row(["skipped because", *kernels]), _row(["---"] * (len(kernels) + 1))]
    for reason, numbers_of in skips(by_kernel):
        lines.append(_row([reason, *(str(numbers_of.get(kernel, "")) for kernel in kernels)]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
