"""The program's context: read and written by fields, as a whole, in functions, after branches."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tinybpf
from tinybpf.libbpf import BpfObject

CONTEXT = struct.Struct("<2Q4QIB3x")
Run = Callable[..., tuple[int, list[int], int, int]]


@pytest.fixture(scope="module")
def programs() -> Iterator[BpfObject]:
    with tinybpf.load_go(Path(__file__).parent / "programs" / "context.go") as loaded:
        yield loaded


@pytest.fixture
def run(programs: BpfObject) -> Run:
    """Runs a program on a context; what it returned, ``out``, ``n`` and ``c`` afterwards."""

    def call(name: str, a: int = 0, b: int = 0, n: int = 0, c: int = 0) -> tuple[int, list[int], int, int]:
        done = programs.program(name).test_run(ctx=CONTEXT.pack(a, b, 10, 20, 30, 40, n, c))
        _, _, *out, n, c = CONTEXT.unpack(done.ctx_out)
        return done.retval, out, n, c

    return call


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("a", "n", "out"),
    [(6, 0, [10, 7, 30, 40]), (5, 1, [1, 20, 7, 40]), (9, 2, [10, 7, 30, 2]), (0, 3, [10, 20, 7, 40])],
)
def test_stores_in_branches(run: Run, a: int, n: int, out: list[int]) -> None:
    assert run("t_branches", a, 0, n)[1] == out


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["t_fieldinline", "t_fieldcalled"])
def test_address_of_a_field_as_argument(run: Run, name: str) -> None:
    assert run(name, b=1 << 63)[1] == [10, 1 << 63, 30, 40]


@pytest.mark.kernel
def test_context_as_argument(run: Run) -> None:
    assert run("t_whole", a=100, c=7)[1] == [10, 20, 107, 41]
    assert run("t_part", a=100, b=58)[1] == [10, 20, 42, 40]
    assert run("t_view", a=100, b=58)[1] == [10, 20, 158, 40]


@pytest.mark.kernel
def test_copies_of_parts(run: Run) -> None:
    assert run("t_copy", n=6) == (6, [10, 20, 5, 40], 6, 0)


@pytest.mark.kernel
def test_narrow_fields_and_pointer_arithmetic(run: Run) -> None:
    done = run("t_narrow", a=0xFFFFFFFF, n=0x01020305, c=0xFF)
    n = 0x04 | 0x02030500
    assert done[1:] == ([n, 20, 30, 40], n, 0x04)


@pytest.mark.kernel
@pytest.mark.parametrize(("a", "last"), [(1, 44), (30, 130), (100, 140)])
def test_loop(run: Run, a: int, last: int) -> None:
    assert run("t_loop", a)[1][3] == last


@pytest.mark.kernel
def test_a_panic_leaves_what_was_written(run: Run) -> None:
    assert run("t_panic", 12, 4) == (5, [1, 3, 1, 40], 0, 0)
    assert run("t_panic", 12, 0) == (-7 & 0xFFFFFFFF, [1, 20, 30, 40], 0, 0)
