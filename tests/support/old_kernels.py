"""Skips a test with the kernel that needs what the running kernel lacks, by what the error says.

The error names the version that the thing came with, and this kernel is older; or it has the words of
the verifier for what later kernels allow.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator

import pytest

from tinybpf import system
from tinybpf.errors import BpfError

SINCE = re.compile(r"(?:Linux |kernel )(\d+\.\d+)")

LATER_ALLOWED = {
    r"unknown func (bpf_\w+)#\d+": "function {} for programs of this type",
    r"program of this type cannot use helper (bpf_\w+)#\d+": "function {} for programs of this type",
    r"sleepable progs cannot use bpf_spin_lock yet": "spin locks in sleepable programs",
    r"Sleepable programs can only use array, hash(?: maps|, and ringbuf maps)": (
        "maps but arrays, hashes and ring buffers in sleepable programs"
    ),
}
"""The verifier's words, and what the kernel has not got then: in a guest only, the newest allows it all."""


def lacking(error: BpfError) -> str | None:
    """What the running kernel lacks, as a reason to skip; None where the error is about something else."""
    text = f"{error}\n{getattr(error, 'log', '')}\n{error.libbpf_log or ''}"
    later = newer_one(str(error))
    if later is not None:
        return later
    if not os.environ.get("TINYBPF_VM"):
        return None
    for words, what in LATER_ALLOWED.items():
        found = re.search(words, text)
        if found:
            return f"this kernel has no {what.format(*found.groups())}"
    edge = re.search(r"back-edge from insn (\d+) to (\d+)", text)
    if edge and int(edge[2]) == int(edge[1]) + 1:
        return "this kernel has no loops whose body runs into their head"
    return None


def newer_one(text: str) -> str | None:
    """The reason to skip where a line of the text names a version that the running kernel has not reached."""
    for line in text.splitlines():
        if any(system.older_than(version) for version in SINCE.findall(line)):
            return f"this kernel is too old: {_general(line)}"
    return None


def skip_where_it_says_so(printed: str) -> None:
    """For what a process of its own has printed, as text or as JSON."""
    said = re.findall(r'"(?:hint|message)": ?("(?:[^"\\]|\\.)*")', printed)
    reason = newer_one("\n".join(map(json.loads, said)) or printed)
    if reason is not None:
        pytest.skip(reason)


def _general(line: str) -> str:
    """What a line of an error says, without what failed and the names in it."""
    said = line.strip().removeprefix("hint: ").rpartition(" failed: ")[2]
    return re.sub(r"\b(program|map|function) '[^']*'", r"a \1", said)


def _skip_instead(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except BpfError as error:
        reason = lacking(error) if item.get_closest_marker("kernel") else None
        if reason is None:
            raise
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _skip_instead(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _skip_instead(item))
