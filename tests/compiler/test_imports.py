"""Programs that import packages: from source to what they do in the kernel, and what is said of them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.errors import CompileError

GO_MOD = "module example.org/m\n\ngo 1.25\n"


def write(root: Path, **files: str) -> Path:
    """A module below ``root``: files by name, ``__`` for the slash; the directory of the program."""
    for name, text in {"go_mod": GO_MOD, **files}.items():
        path = root / f"{name.replace('__', '/').removesuffix('_mod')}{'.mod' if name == 'go_mod' else '.go'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "bpf"


def messages(place: Path) -> list[str]:
    with pytest.raises(CompileError) as caught:
        compile_go(place)
    return [f"{d.path.rpartition('/')[2]}:{d.line}:{d.col}: {d.message}" for d in caught.value.diagnostics]


SYSCALL = """
//bpf:section syscall
func prog(ctx *args) int32 {
	ctx.Out = read(ctx.N)
	return 0
}

type args struct{ N, Out uint64 }
"""


def values(place: Path, count: int) -> list[int]:
    """What ``read(0)`` to ``read(count-1)`` give in the kernel."""
    with tinybpf.load_go(place) as obj:
        runs = [obj.program("prog").test_run(ctx=struct.pack("QQ", n, 0)) for n in range(count)]
    return [struct.unpack("QQ", r.ctx_out)[1] for r in runs]


@pytest.mark.kernel
def test_functions_and_variables_of_packages(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a="""package bpf

import (
	"example.org/m/one"
	"example.org/m/two"
)

func read(n uint64) uint64 { return one.Add(n, 1) + two.Base + one.Count(two.Twice(n)) }
"""
        + SYSCALL,
        one__a="""package one

import "example.org/m/two"

type number interface{ ~uint32 | ~uint64 }

func Add[T number](a, b T) T { return a + b }

var table = [4]uint64{10, 20, 30, two.Base}

func Count(n uint64) uint64 { return table[n&3] }
""",
        two__a="package two\n\nvar Base uint64 = 1000\n\nfunc Twice(n uint64) uint64 { return n << 1 }\n",
    )
    table = [10, 20, 30, 1000]
    assert values(place, 5) == [n + 1 + 1000 + table[2 * n & 3] for n in range(5)]


@pytest.mark.kernel
def test_packages_are_initialised_in_gos_order(tmp_path: Path) -> None:
    """What a package's ``init`` did is there when the variables of one that imports it begin."""
    place = write(
        tmp_path,
        bpf__a="""package bpf

import (
	"example.org/m/b"
	"example.org/m/a"
)

var seen = b.State*10 + a.Before

func read(uint64) uint64 { return seen }
"""
        + SYSCALL,
        state__a="package state\n\nvar Now uint64 = 1\n",
        a__a="""package a

import "example.org/m/state"

var Before = state.Now

func init() { state.Now = 7 }
""",
        b__a="""package b

import "example.org/m/state"

var State = next()

func next() uint64 { state.Now++; return state.Now }
""",
    )
    assert values(place, 1) == [81]


@pytest.mark.kernel
def test_names_that_imports_give(tmp_path: Path) -> None:
    """A package named otherwise than its directory, two of one name, all names of one, one for its init."""
    place = write(
        tmp_path,
        bpf__a="""package bpf

import (
	. "example.org/m/dotted"
	"example.org/m/lib-v2"
	"example.org/m/one/util"
	two "example.org/m/two/util"
	_ "example.org/m/side"
)

func read(n uint64) uint64 { return util.Of(n) + two.Of(n) + Dotted(n) + lib.State }
"""
        + SYSCALL,
        dotted__d="package dotted\n\nfunc Dotted(n uint64) uint64 { return n + 300 }\n",
        one__util__u="package util\n\nconst step = 1\n\nfunc Of(n uint64) uint64 { return n + step }\n",
        two__util__u="package util\n\nconst step = 2\n\nfunc Of(n uint64) uint64 { return n + step }\n",
        side__s='package side\n\nimport lib "example.org/m/lib-v2"\n\nfunc init() { lib.State = 7000 }\n',
        **{"lib-v2__l": "package lib\n\nvar State uint64 = 5\n"},
    )
    assert values(place, 3) == [3 * n + 7303 for n in range(3)]


WINDOW = """package window

type Number interface{ ~uint32 | ~uint64 }

// A Window is the last four numbers.
type Window[T Number] struct {
	last [4]T
	next uint8
}

func (w *Window[T]) Add(v T) {
	w.last[w.next&3] = v
	w.next++
}

func (w Window[T]) Sum() (sum T) {
	for _, v := range w.last {
		sum += v
	}
	return sum
}
"""


@pytest.mark.kernel
def test_a_generic_library_for_two_programs(tmp_path: Path) -> None:
    """Two objects from one library package, each with its own instances of a type and its methods."""
    program = """package {0}

import "example.org/m/window"

func read(n uint64) uint64 {{
	var w window.Window[{1}]
	for i := range {1}(6) {{
		w.Add({1}(n) + i<<30)
	}}
	return uint64(w.Sum())
}}
"""
    narrow = write(tmp_path, window__w=WINDOW, bpf__a=program.format("bpf", "uint32") + SYSCALL)
    write(tmp_path, second__a=program.format("second", "uint64") + SYSCALL)
    whole = [4 * n + (2 + 3 + 4 + 5 << 30) for n in range(3)]
    assert values(narrow, 3) == [v % 2**32 for v in whole]
    assert values(tmp_path / "second", 3) == whole


@pytest.mark.kernel
def test_modules_beside_each_other(tmp_path: Path) -> None:
    """One that go.mod replaces by a directory, one that go.work has in use, one that is vendored."""
    place = write(
        tmp_path / "prog",
        bpf__a="""package bpf

import (
	"example.org/replaced/lib"
	"example.org/used"
	"example.org/vendored"
)

func read(n uint64) uint64 { return lib.Of(n) + used.Of(n) + vendored.Of(n) }
"""
        + SYSCALL,
    )
    one_more = "package vendored\n\nfunc Of(n uint64) uint64 { return n + 1 }\n"
    libraries = {
        "replaced/lib/l.go": "package lib\n\nfunc Of(n uint64) uint64 { return n * 10 }\n",
        "used/u.go": "package used\n\nfunc Of(n uint64) uint64 { return n * 100 }\n",
        "used/go.mod": "module example.org/used\n\ngo 1.25\n",
        "prog/vendor/example.org/vendored/v.go": one_more,
        "prog/go.mod": GO_MOD + "\nreplace example.org/replaced => ../replaced\n",
        "go.work": "go 1.25\n\nuse (\n\t./prog\n\t./used\n)\n",
    }
    for name, text in libraries.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert values(place, 3) == [111 * n + 1 for n in range(3)]


@pytest.mark.kernel
def test_files_for_the_kernel_and_for_gos_own_tools(tmp_path: Path) -> None:
    """A build tag chooses; tests are no part of a package."""
    place = write(
        tmp_path,
        bpf__a='package bpf\n\nimport "example.org/m/lib"\n\nfunc read(n uint64) uint64 { return lib.Of(n) }'
        + SYSCALL,
        lib__here="//go:build bpf\n\npackage lib\n\nfunc Of(n uint64) uint64 { return n + 1 }\n",
        lib__there='//go:build !bpf\n\npackage lib\n\nimport "os"\n\nfunc Of(uint64) uint64 { os.Exit(1) }\n',
        lib__lib_test='package lib\n\nimport "testing"\n\nfunc TestOf(t *testing.T) { t.Fatal(Of(1)) }\n',
        lib__lib_windows="package lib\n\nfunc Of(n uint64) uint64 { return n + 2 }\n",
    )
    assert values(place, 2) == [1, 2]


def test_what_is_imported_and_not_used(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a="""package bpf

import (
	"math/bits"
	other "example.org/m/lib"
	. "cmp"
	"slices"
)

func f() int { return bits.Len8(7) }
""",
        lib__l="package lib\n",
    )
    assert messages(place) == [
        'a.go:5:2: "example.org/m/lib" imported as other and not used',
        'a.go:6:2: "cmp" imported and not used',
        'a.go:7:2: "slices" imported and not used',
    ]


@pytest.mark.kernel
def test_atomic_types(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a="""package bpf

import "sync/atomic"

var (
	count atomic.Uint64
	small atomic.Int32
	flag  atomic.Bool
	plain uint32
)

func read(n uint64) uint64 {
	switch n {
	case 0:
		return count.Add(5)
	case 1:
		count.Store(9)
		return count.Swap(11)
	case 2:
		return uint64(int64(small.Add(-3)))
	case 3:
		if count.CompareAndSwap(11, 12) && !count.CompareAndSwap(11, 13) && !flag.Swap(true) && flag.Load() {
			return count.Load()
		}
	case 4:
		return uint64(atomic.OrUint32(&plain, 6))<<8 | uint64(atomic.AndUint32(&plain, 3))<<4 | uint64(plain)
	}
	return 0
}
"""
        + SYSCALL,
    )
    assert values(place, 5) == [5, 9, 2**64 - 3, 12, 0x062]


def test_errors_stand_in_their_own_files(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a='package bpf\n\nimport "example.org/m/lib"\n\nvar x uint8 = lib.F()\n',
        lib__lib="package lib\n\nfunc F() uint16 { return nothing }\n",
    )
    assert messages(place) == [
        "a.go:5:15: cannot use lib.F() (value of type uint16) as uint8 value in variable declaration",
        "lib.go:3:26: undefined: nothing",
    ]


def test_what_the_kernel_cannot_is_refused_in_its_own_file(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a='package bpf\n\nimport "example.org/m/lib"\n\nfunc read(n uint64) uint64 { return lib.F(n) }\n'
        + SYSCALL,
        lib__lib="package lib\n\nfunc F(n uint64) uint64 {\n\tgo F(n)\n\treturn n\n}\n\n"
        "func G() { go G() }\n",
    )
    said = messages(place)
    assert len(said) == 1, said  # G is not reached
    assert said[0].startswith("lib.go:4:2: ")


def test_a_copy_that_differs_is_a_warning(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        bpf__a='package bpf\n\nimport "tinybpf/ebpf"\n\nvar m = ebpf.Array[uint64]{MaxEntries: 1}\n\n'
        "//bpf:section xdp\nfunc f(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }\n",
        vendor__tinybpf__ebpf__maps="package ebpf\n",
    )
    (warning,) = compile_go(place).warnings
    assert (warning.severity, warning.line, warning.col) == ("warning", 3, 8)
    assert "differs from the compiler's" in warning.message
    assert "tinybpf init --update" in warning.message
