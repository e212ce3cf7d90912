"""The Go packages that come with the compiler: which there are, and where."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tinybpf.errors import NotFoundError

EBPF = "tinybpf/ebpf"
ATOMIC = "sync/atomic"
"""The package that programs are written with."""

STANDARD = (
    "bytes", "cmp", "encoding/binary", "iter", "math", "math/bits", "slices", "strings", "structs",
    "sync/atomic", "time", "unicode/utf8",
)  # fmt: skip
"""The standard packages that programs may import: of each what means something in the kernel."""

_OURS = frozenset((EBPF, *STANDARD))


def is_ours(path: str) -> bool:
    """Whether an import path is that of a package that comes with the compiler."""
    return path in _OURS


@lru_cache(maxsize=1)
def go_source() -> Path:
    """The directory of the Go sources that belong to the compiler: ``ebpf`` and ``std``.

    Part of the installed package; in a checkout, which an editable install uses, beside ``src``.
    ``NotFoundError`` where there is none.
    """
    here = Path(__file__).parent
    places = (here / "_go", here.parents[2] / "go")
    for place in places:
        if (place / "ebpf" / "maps.go").is_file():
            return place
    raise NotFoundError(f"tinybpf's Go package is not installed: no ebpf in {' or '.join(map(str, places))}")


@lru_cache(maxsize=1)
def provided() -> dict[str, str]:
    """The directory of each package by its import path."""
    source = str(go_source())
    return {EBPF: f"{source}/ebpf", **{path: f"{source}/std/{path}" for path in STANDARD}}
