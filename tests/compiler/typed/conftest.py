"""Programs of the typed dialect, compiled, loaded and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import tinybpf
from tinybpf import BpfObject

HEAD = 'package bpf\n\nimport "tinybpf/ebpf"\n'
ATOMIC = 'package bpf\n\nimport (\n\t"sync/atomic"\n\n\t"tinybpf/ebpf"\n)\n'

Load = Callable[..., BpfObject]


@pytest.fixture
def load() -> Iterator[Load]:
    """Loads a source; its objects are closed after the test."""
    objects: list[BpfObject] = []

    def loaded(body: str, *, atomic: bool = False, **variables: object) -> BpfObject:
        objects.append(tinybpf.load_go((ATOMIC if atomic else HEAD) + body, variables=variables))
        return objects[-1]

    yield loaded
    for obj in objects:
        obj.close()
