"""Good objects: what the compiler makes of the tests' programs, and what clang made of theirs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "libbpf"


def gather(place: Path) -> Path:
    """The seeds as files in ``place``, for all processes of a campaign."""
    from tinybpf.compiler import compile_go

    place.mkdir(parents=True, exist_ok=True)
    for source in sorted(TESTS.glob("programs/*.go")):
        (place / f"{source.stem}.o").write_bytes(bytes(compile_go(source)))
    for made in sorted(TESTS.glob("data/*.elf")):
        (place / made.name).write_bytes(made.read_bytes())
    return place


def read(place: Path) -> list[bytes]:
    """In the order of their names, on which a mutant depends."""
    return [path.read_bytes() for path in sorted(place.iterdir())]
