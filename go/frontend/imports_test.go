package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// compiled writes files below a new directory and answers a request of the compiler's for one of its
// folders, which is shown as its name.
func compiled(t *testing.T, folder, files string) *Document {
	t.Helper()
	root := t.TempDir()
	for name, text := range split(files) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return answer(request(t, Request{Dir: filepath.Join(root, folder), Display: folder}))
}

const goMod = "-- go.mod --\nmodule example.org/m\n\ngo 1.25\n"

// imported has module layouts and all that is said of them.
var imported = []struct{ name, files, want string }{
	{"a package of the module", goMod + `
-- bpf/a.go --
package bpf

import (
	"example.org/m/bpf/inner"
	other "example.org/m/lib"
)

func f() int { return other.F() + inner.N }
-- bpf/inner/a.go --
package inner

const N = 1
-- lib/a.go --
package lib

func F() int { return 1 }
-- lib/a_test.go --
package lib

func broken() { nothing(
-- lib/a_windows.go --
package lib

func broken() { nothing(
`, ""},

	{"errors in two packages, each in its file", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/lib"

var x string = lib.F()
-- lib/a.go --
package lib

func F() int { return nothing }
`, "bpf/a.go:5:16: cannot use lib.F() (value of type int) as string value in variable declaration\n" +
		"lib/a.go:3:23: undefined: nothing"},

	{"syntax errors of another package are all", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/lib"

var x string = lib.F()
-- lib/a.go --
package lib

func F() int { return
-- lib/b.go --
package lib

func G() { x := }
`, "lib/a.go:3:22: expected '}', found 'EOF'\nlib/b.go:3:17: expected operand, found '}'"},

	{"not there", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/lib"
import _ "example.org/m/empty"
import _ "example.org/m/windows"
import _ "example.org/m/two"
-- empty/notes.txt --
-- windows/a_windows.go --
package windows
-- two/a.go --
package one
-- two/b.go --
package two
`, "two/b.go:1:9: found packages one (a.go) and two (b.go) in two"},

	{"nothing there", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/lib"
import _ "example.org/m/empty"
import _ "example.org/m/windows"
import _ "example.org/m/program"
-- empty/notes.txt --
-- windows/a_windows.go --
package windows
-- program/a.go --
package main
`, `bpf/a.go:3:8: package example.org/m/lib is not in module example.org/m (lib)
bpf/a.go:4:10: no Go files in empty
bpf/a.go:5:10: build constraints exclude all Go files in windows
	windows/a_windows.go: its name ends in _windows
bpf/a.go:6:10: import "example.org/m/program" is a program, not an importable package`},

	{"a cycle", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/one"

var _ = one.X
-- one/a.go --
package one

import "example.org/m/two"

var X = two.X
-- two/a.go --
package two

import "example.org/m/one"

var X = one.X
`, "two/a.go:3:8: import cycle not allowed: example.org/m/one imports example.org/m/two imports example.org/m/one"},

	{"a package that imports the root", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/one"

var X = one.X
-- one/a.go --
package one

import "example.org/m/bpf"

var X = bpf.X
`, "one/a.go:3:8: import cycle not allowed: example.org/m/bpf imports example.org/m/one imports example.org/m/bpf"},

	{"itself", goMod + `
-- bpf/a.go --
package bpf

import "example.org/m/bpf"

var _ = bpf.X
`, "bpf/a.go:3:8: import cycle not allowed: example.org/m/bpf imports example.org/m/bpf"},

	{"internal packages", goMod + `
-- bpf/a.go --
package bpf

import (
	"example.org/m/bpf/internal/near"
	"example.org/m/internal"
	"example.org/m/lib/internal/far"
	"example.org/m/lib"
)

var _ = near.X + internal.X + far.X + lib.X
-- bpf/internal/near/a.go --
package near

var X = 1
-- internal/a.go --
package internal

var X = 1
-- lib/a.go --
package lib

import "example.org/m/lib/internal/far"

var X = far.X
-- lib/internal/far/a.go --
package far

var X = 1
`, "bpf/a.go:6:2: use of internal package example.org/m/lib/internal/far not allowed"},

	{"paths that are none", goMod + `
-- bpf/a.go --
package bpf

import (
	_ "./lib"
	_ ".."
	_ "/lib"
	_ "example.org/m//lib"
	_ "example.org/m/../lib"
	_ ""
)
`, `bpf/a.go:4:4: "./lib" is relative, but relative import paths are not supported in module mode
bpf/a.go:5:4: ".." is relative, but relative import paths are not supported in module mode
bpf/a.go:6:4: malformed import path "/lib"
bpf/a.go:7:4: malformed import path "example.org/m//lib"
bpf/a.go:8:4: malformed import path "example.org/m/../lib"
bpf/a.go:9:4: invalid import path (empty string)`},

	{"what there is not", goMod + `
-- bpf/a.go --
package bpf

import (
	_ "math/bit"
	_ "bits"
	_ "net/http"
	_ "math/rand/v2"
	_ "sync"
	_ "nothing/known"
	_ "golang.org/x/exp/maps"
	_ "tinybpf/ebpf/ebpftest"
	_ "tinybpf/ebpf/internal/mem"
	_ "example.org/mm"
)
`, `bpf/a.go:4:4: package "math/bit" is not available in BPF programs; did you mean "math/bits"?
bpf/a.go:5:4: package "bits" is not available in BPF programs; did you mean "math/bits"?
bpf/a.go:6:4: package "net/http" is not available in BPF programs: package ebpf has addresses and packet headers (available: tinybpf/ebpf; of Go's own bytes, cmp, encoding/binary, iter, math, math/bits, slices, strings, structs, sync/atomic, time, unicode/utf8, unsafe; packages of module example.org/m)
bpf/a.go:7:4: package "math/rand/v2" is not available in BPF programs: ebpf.GetPrandomU32 gives a random number (available: tinybpf/ebpf; of Go's own bytes, cmp, encoding/binary, iter, math, math/bits, slices, strings, structs, sync/atomic, time, unicode/utf8, unsafe; packages of module example.org/m)
bpf/a.go:8:4: package "sync" is not available in BPF programs: sync/atomic is available, and ebpf.SpinLock guards a map's value (available: tinybpf/ebpf; of Go's own bytes, cmp, encoding/binary, iter, math, math/bits, slices, strings, structs, sync/atomic, time, unicode/utf8, unsafe; packages of module example.org/m)
bpf/a.go:9:4: package "nothing/known" is not available in BPF programs (available: tinybpf/ebpf; of Go's own bytes, cmp, encoding/binary, iter, math, math/bits, slices, strings, structs, sync/atomic, time, unicode/utf8, unsafe; packages of module example.org/m)
bpf/a.go:10:4: package golang.org/x/exp/maps is neither in module example.org/m, nor in its vendor directory, nor in a directory that go.mod replaces a module by, and nothing is downloaded (go mod vendor does it)
bpf/a.go:11:4: package "tinybpf/ebpf/ebpftest" does not exist in the kernel: it belongs in Go tests (_test.go)
bpf/a.go:12:4: package "tinybpf/ebpf/internal/mem" does not exist in the kernel: it belongs in Go tests (_test.go)
bpf/a.go:13:4: package example.org/mm is neither in module example.org/m, nor in its vendor directory, nor in a directory that go.mod replaces a module by, and nothing is downloaded (go mod vendor does it)`},

	{"nearly ours", `-- bpf/a.go --
package bpf

import _ "tinybpf"
import _ "github.com/cilium/ebpf"
import e "tinybpf/ebpf"

var x e.Hsh[int, int]
`, `bpf/a.go:3:10: package "tinybpf" is not available in BPF programs; did you mean "tinybpf/ebpf"?
bpf/a.go:4:10: package "github.com/cilium/ebpf" is not available in BPF programs; did you mean "tinybpf/ebpf"?
bpf/a.go:7:9: undefined: e.Hsh (did you mean e.Hash?)`},

	{"outside of modules", `-- bpf/a.go --
package bpf

import _ "example.org/m/lib"
`, "bpf/a.go:3:10: package example.org/m/lib: there is no go.mod above the program that makes it part of a module"},

	{"what sync/atomic lacks", `-- bpf/a.go --
package bpf

import "sync/atomic"

var v atomic.Value
var p atomic.Pointer[int]
`, "bpf/a.go:5:14: atomic.Value is not in the kernel's sync/atomic: the kernel has atomic instructions for integers only\n" +
		"bpf/a.go:6:14: atomic.Pointer is not in the kernel's sync/atomic: the kernel has atomic instructions for integers only"},

	{"names near those that there are", `-- bpf/a.go --
package bpf

import "tinybpf/ebpf"

var a, b = ebpf.KtimeGetNS, ebpf.Nothingness
var c ebpf.Hsh[uint32, uint32]
var d = ebpf.LoadUint64
var e = ebpf.printk
var f = 	ebpf.bpf_ktime_get_ns
`, `bpf/a.go:5:17: undefined: ebpf.KtimeGetNS (but have KtimeGetNs)
bpf/a.go:5:34: undefined: ebpf.Nothingness
bpf/a.go:6:12: undefined: ebpf.Hsh (did you mean ebpf.Hash?)
bpf/a.go:7:14: undefined: ebpf.LoadUint64
bpf/a.go:8:14: name printk not exported by package ebpf
bpf/a.go:9:15: undefined: ebpf.bpf_ktime_get_ns`},

	{"an import of ours that is not used", `-- bpf/a.go --
package bpf

import "tinybpf/ebpf"
`, `bpf/a.go:3:8: "tinybpf/ebpf" imported and not used`},

	{"messages know all of a pruned package", `-- bpf/a.go --
package bpf

import "tinybpf/ebpf"

var m ebpf.Hash[uint32, uint64]

func f() *uint64 { return m.lookup(1) }

var c ebpf.Comm = m
`, "bpf/a.go:7:29: m.lookup undefined (type ebpf.Hash[uint32, uint64] has no field or method lookup, but does have method Lookup)\n" +
		"bpf/a.go:9:19: cannot use m (variable of struct type ebpf.Hash[uint32, uint64]) as ebpf.Comm value in variable declaration"},

	{"a directory that go.mod replaces a module by", `-- m/go.mod --
module example.org/m

go 1.25

require (
	example.org/lib v1.0.0
	example.org/lib/nested v1.0.0
)

replace example.org/lib => ../lib

replace example.org/lib/nested v1.0.0 => ../nested
-- lib/go.mod --
module example.org/lib

go 1.21
-- lib/sub/a.go --
package sub

import (
	"example.org/lib"
	"example.org/lib/nested"
)

func F() int { return lib.N + nested.N }
-- lib/a.go --
package lib

import _ "example.org/lib/nowhere"

const N = 1

func old() {
	for range 3 {
	}
}
-- nested/go.mod --
module example.org/lib/nested
-- nested/a.go --
package nested

const N = 1

func Generic[T any]() {}
-- m/bpf/a.go --
package bpf

import "example.org/lib/sub"

func f() {
	for range sub.F() {
	}
}
`, "lib/a.go:3:10: package example.org/lib/nowhere is not in module example.org/lib, which go.mod replaces by a directory (lib/nowhere)\n" +
		"lib/a.go:8:12: cannot range over 3 (untyped int constant): requires go1.22 or later (language version is go1.21; check go.mod)\n" +
		"nested/a.go:5:14: type parameter requires go1.18 or later (language version is go1.16; check go.mod)\n" +
		"nested/a.go:5:16: predeclared any requires go1.18 or later (language version is go1.16; check go.mod)"},

	{"a vendor directory with modules.txt", goMod + `
require example.org/lib v1.0.0
-- vendor/modules.txt --
# example.org/lib v1.0.0
## explicit; go 1.21
example.org/lib/sub
# example.org/old v1.0.0
example.org/old
-- vendor/example.org/lib/sub/a.go --
package sub

import "example.org/old"

func F() {
	for range 3 {
	}
	old.F()
}
-- vendor/example.org/old/a.go --
package old

func F[T any]() {}
-- bpf/a.go --
package bpf

import "example.org/lib/sub"

func f() { sub.F() }
`, `vendor/example.org/lib/sub/a.go:6:12: cannot range over 3 (untyped int constant): requires go1.22 or later (language version is go1.21; check go.mod)
vendor/example.org/lib/sub/a.go:8:2: in call to old.F, cannot infer T (declared at vendor/example.org/old/a.go:3:8)
vendor/example.org/old/a.go:3:8: type parameter requires go1.18 or later (language version is go1.16; check go.mod)
vendor/example.org/old/a.go:3:10: predeclared any requires go1.18 or later (language version is go1.16; check go.mod)`},

	{"a vendor directory and no more", goMod + `
-- vendor/example.org/lib/a.go --
package lib

func F[T any](n T) T {
	for range 3 {
	}
	return n
}
-- bpf/a.go --
package bpf

import "example.org/lib"

func f() int { return lib.F(1) }
`, ""},

	{"a replaced module below the user's, which has a directory of that name", goMod + `
replace example.org/m/nested => ./elsewhere
-- elsewhere/a.go --
package nested

var X = 1
-- nested/a.go --
package nested

var Y = 1
-- bpf/a.go --
package bpf

import "example.org/m/nested"

var _ = nested.X
`, ""},

	{"directives of go.mod that are wrong", `-- go.mod --
module example.org/m

go 1.25
replace example.org/lib ../lib
frobnicate
-- bpf/a.go --
package bpf
`, "go.mod:4:1: usage: replace module/path [v1.2.3] => other/module v1.4\n" +
		"\t or replace module/path [v1.2.3] => ../local/directory\n" +
		"go.mod:5:1: unknown directive: frobnicate"},

	{"modules beside the user's in a workspace", `-- go.work --
go 1.25

use (
	./m
	./lib
	./lib/below
)

replace example.org/other => ./elsewhere
-- m/go.mod --
module example.org/m

go 1.25

replace example.org/lib => ../nowhere
-- m/bpf/a.go --
package bpf

import (
	"example.org/lib/part"
	"example.org/lib/below"
	"example.org/other"
	_ "example.org/lib/none"
)

var x int8 = part.X
var y int8 = below.X
var z int8 = other.X
-- m/vendor/example.org/lib/part/p.go --
package part
-- lib/go.mod --
module example.org/lib
go 1.20
-- lib/part/p.go --
package part

var X int16
-- lib/below/go.mod --
module example.org/lib/below
-- lib/below/b.go --
package below

var X int32
-- elsewhere/o.go --
package other

var X int64
`, `m/bpf/a.go:7:4: package example.org/lib/none is not in module example.org/lib (lib/none)
m/bpf/a.go:10:14: cannot use part.X (variable of type int16) as int8 value in variable declaration
m/bpf/a.go:11:14: cannot use below.X (variable of type int32) as int8 value in variable declaration
m/bpf/a.go:12:14: cannot use other.X (variable of type int64) as int8 value in variable declaration`},

	{"a workspace of others", `-- go.work --
use ./lib
-- m/go.mod --
module example.org/m
-- m/bpf/a.go --
package bpf

import _ "example.org/lib"
-- lib/go.mod --
module example.org/lib
-- lib/p.go --
package lib
`, "m/bpf/a.go:3:10: package example.org/lib is neither in module example.org/m, nor in its vendor directory, nor in a " +
		"directory that go.mod replaces a module by, and nothing is downloaded (go mod vendor does it)"},

	{"directives of go.work that are wrong", `-- go.work --
go 1.99
use ./m
use ./none
-- m/go.mod --
module example.org/m
-- m/bpf/a.go --
package bpf
`, "go.work:1:4: go.work requires go >= 1.99 (running go " + strings.TrimPrefix(toolchain(), "go") + ")\n" +
		"go.work:3:1: open none/go.mod: no such file or directory"},

	{"files in variables", `-- bpf/a.go --
package bpf

//go:embed text
var text [4]byte
`, "bpf/a.go:3:1: go:embed is not available in BPF programs: give the data as the variable's initial value, or set it " +
		"from user space before the program is loaded"},
}

func TestImports(t *testing.T) {
	for _, c := range imported {
		t.Run(c.name, func(t *testing.T) {
			folder := "bpf"
			if strings.Contains(c.files, "-- m/bpf/") {
				folder = "m/bpf"
			}
			got := lines(compiled(t, folder, c.files))
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

const project2 = goMod + `
-- bpf/a.go --
package bpf

import (
	"example.org/m/lib"
	"tinybpf/ebpf"
)

// Local is a kind of ours.
type Local int8

const (
	LocalB Local = iota - 1
	LocalC
	other = 7
)

var seen ebpf.Hash[lib.Key, Local]

var total = lib.Total

//bpf:section xdp
func f(ctx *ebpf.XDP) ebpf.XDPAction {
	if lib.Allowed(ctx, 7) {
		return ebpf.XDPPass
	}
	return ebpf.XDPDrop
}
-- lib/a.go --
package lib

import (
	"example.org/m/lib/base"
	"tinybpf/ebpf"
)

type Key struct{ Port, _ uint16 }

var limit, unused = base.Start + 1, 5

var Total = effect()

var table, hidden int

var ignored = mark()

func mark() bool { table = 3; return true }

func effect() int { hidden = 3; return unused }

// Allowed tells whether there is more than the limit.
//
//go:noinline
func Allowed[C ebpf.PacketContext](ctx C, n int) bool { return n > limit && more(n) }

func more(n int) bool { return func() bool { return n > table }() }

func nobody() { nothing() }

func nothing() {}

func init() { table = 2 }
-- lib/base/a.go --
package base

var Start = 10

var Lost = 11
-- lib/base/b.go --
package base

func unreached() {}
`

// TestWhatIsReached: of imported packages the document has what the root leads to.
func TestWhatIsReached(t *testing.T) {
	doc := compiled(t, "bpf", project2)
	if got := lines(doc); got != "" {
		t.Fatal(got)
	}
	var functions, globals, files []string
	for _, f := range doc.Functions {
		functions = append(functions, f.Path+" "+f.Name)
	}
	for _, g := range doc.Globals {
		globals = append(globals, g.Path+" "+g.Name)
	}
	for _, f := range doc.Files {
		files = append(files, f.Path)
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%q, want\n%q", what, got, want)
		}
	}
	check("functions", functions,
		"example.org/m/lib/base Start.init",
		"example.org/m/lib limit.init", "example.org/m/lib unused.init", "example.org/m/lib Total.init",
		"example.org/m/lib ignored.init",
		"example.org/m/lib init#1", " total.init", " f", "example.org/m/lib effect", "example.org/m/lib mark",
		"example.org/m/lib Allowed[*ebpf.XDP]", "example.org/m/lib more", "example.org/m/lib more$1")
	check("globals", globals, " seen", " total",
		"example.org/m/lib limit", "example.org/m/lib unused", "example.org/m/lib Total", "example.org/m/lib table",
		"example.org/m/lib hidden", "example.org/m/lib ignored", "example.org/m/lib/base Start")
	check("files", files, "bpf/a.go", "lib/a.go", "tinybpf/ebpf/maps.go", "tinybpf/ebpf/primitives_bpf.go", "lib/base/a.go",
		"tinybpf/ebpf/context.go")
	allowed := function(t, doc, "Allowed[*ebpf.XDP]")
	if allowed.Package != "lib" || len(allowed.Directives) != 1 || allowed.Directives[0].Pos != (Pos{1, 24, 1}) {
		t.Errorf("%s: %+v", allowed.Package, allowed.Directives)
	}
	if text := doc.Files[1].Text; !strings.Contains(text, "func nobody()") {
		t.Errorf("a file of the user's is not whole: %s", text)
	}
	if text := doc.Files[2].Text; strings.Contains(text, "LPMTrie") || !strings.Contains(text, "type Hash[") {
		t.Errorf("a file of ours is not pruned: %s", text)
	}
}

// TestConstantsOfTypes: a named integer type has the constants of its package that are of it.
func TestConstantsOfTypes(t *testing.T) {
	doc := compiled(t, "bpf", project2)
	of := func(name string) (list []Constant) {
		for _, node := range doc.Types {
			if n, ok := node.(*Named); ok && n.Name == name {
				return n.Constants
			}
		}
		t.Errorf("no type %s", name)
		return nil
	}
	if got := of("Local"); !slices.Equal(got, []Constant{{"LocalB", "-1"}, {"LocalC", "0"}}) {
		t.Errorf("Local has %v", got)
	}
	if got := of("XDPAction"); len(got) != 5 || got[2] != (Constant{"XDPPass", "2"}) {
		t.Errorf("XDPAction has %v", got)
	}
	if got := of("Key"); got != nil {
		t.Errorf("Key has %v", got)
	}
}

// TestCopies: a copy of the package in the project that differs is told of, and not used.
func TestCopies(t *testing.T) {
	const program = "-- bpf/a.go --\npackage bpf\n\nimport \"tinybpf/ebpf\"\n\nvar events ebpf.RingBuf[uint64]\n"
	const stale = "/tinybpf/ebpf/maps.go --\npackage ebpf\n\nfunc broken() { nothing() }\n"
	const says = "bpf/a.go:3:8: the copy of tinybpf/ebpf in "
	for name, c := range map[string]struct{ files, want string }{
		"vendored":          {goMod + program + "-- vendor" + stale, says + "vendor/tinybpf/ebpf differs"},
		"outside a module":  {program + "-- vendor/modules.txt --\n\n-- vendor" + stale, says + "vendor/tinybpf/ebpf differs"},
		"replaced":          {goMod + "replace tinybpf => ./copy/tinybpf\n" + program + "-- copy" + stale, says + "copy/tinybpf/ebpf differs"},
		"replaced, missing": {goMod + "replace tinybpf => ./nothing\n" + program, ""},
		"none":              {goMod + program, ""},
	} {
		doc := compiled(t, "bpf", c.files)
		if got := lines(doc); !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %s", name, got)
		}
		if len(doc.Globals) != 1 {
			t.Errorf("%s: %d globals", name, len(doc.Globals))
		}
		for _, d := range doc.Diagnostics {
			if d.Kind != "warning" || !strings.HasSuffix(d.Message, ": run tinybpf init --update") {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// TestFirstDifference: each kind of difference, and none where tests differ only.
func TestFirstDifference(t *testing.T) {
	write := func(dir, name, text string) {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o777)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for want, change := range map[string]func(copied string){
		"":                                func(copied string) { write(copied, "a_test.go", "other"); write(copied, "notes.txt", "") },
		"a.go":                            func(copied string) { write(copied, "a.go", "otherwise") },
		"sub/b.go":                        func(copied string) { write(copied, "sub/b.go", "longer text") },
		"sub/b.go is missing":             func(copied string) { os.Remove(filepath.Join(copied, "sub/b.go")) },
		"c.go is not in the compiler's":   func(copied string) { write(copied, "c.go", "") },
		"x/d.go is not in the compiler's": func(copied string) { write(copied, "x/d.go", "") },
	} {
		ours, copied := t.TempDir(), t.TempDir()
		for _, dir := range []string{ours, copied} {
			write(dir, "a.go", "something")
			write(dir, "sub/b.go", "something")
		}
		write(ours, "a_test.go", "test")
		write(ours, "testdata/x.go", "data")
		change(copied)
		if got := firstDifference(ours, copied, map[string][]byte{"a.go": []byte("something")}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestPruningByInterface: a method that only an interface asks for is kept.
func TestPruningByInterface(t *testing.T) {
	root := t.TempDir()
	text := `package p

type Shape interface{ area() int }

type Square struct{ side int }

func (s *Square) area() int { return s.side }

func (s *Square) round() bool { return false }

// Use uses it.
//
//bpf:builtin use
// It is noted.
func Use(s Shape) int

func other() {}
`
	if err := os.WriteFile(filepath.Join(root, "p.go"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	req := Request{Protocol: protocol, Packages: map[string]string{"p": root}, Sources: map[string]string{
		"a.go": "package bpf\n\nimport . \"p\"\n\nfunc f() int { return Use(&Square{}) }\n",
	}}
	doc := pruned(t, &req)
	use := function(t, doc, "Use")
	if len(use.Directives) != 1 || use.Directives[0].Pos[1] != 13 || use.Pos[1] != 15 {
		t.Errorf("%+v at %v", use.Directives, use.Pos)
	}
	if text := doc.Files[1].Text; strings.Contains(text, "round") || strings.Contains(text, "other") {
		t.Errorf("kept %s", text)
	}
}

// TestSizeInInstances: the operand of unsafe.Sizeof and its kin is not evaluated, also where the
// value depends on a type argument.
func TestSizeInInstances(t *testing.T) {
	doc := accepted(t, `package main

import "unsafe"

type pair[T any] struct {
	a uint8
	b T
	c struct{ d, e T }
}

func effect[T any]() *T { panic("evaluated") }

func size[T any](p *T) (uintptr, uintptr, uintptr, uintptr) {
	var x pair[T]
	return unsafe.Sizeof(*p), unsafe.Alignof(*effect[T]()), unsafe.Offsetof(x.c.e), unsafe.Offsetof(effect[pair[T]]().b)
}

var a, b, c, d = size(new(uint32))
var e, f, g, h = size(new(struct{ x, y, z uint64 }))
`)
	for name, want := range map[string][]Number{
		"size[uint32]": {"4", "4", "4", "4"}, "size[struct{x uint64; y uint64; z uint64}]": {"24", "8", "24", "8"},
	} {
		fn := function(t, doc, name)
		var results []Number
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				switch instr := instr.(type) {
				case *Call:
					t.Errorf("%s: a call", name)
				case *Store:
					if n, ok := fn.Values[instr.Value].(*ConstInt); ok {
						results = append(results, n.Value)
					}
				case *Return:
					for _, r := range instr.Results {
						if r < len(fn.Values) {
							results = append(results, fn.Values[r].(*ConstInt).Value)
						}
					}
				}
			}
		}
		if !slices.Equal(results, want) {
			t.Errorf("%s gives %v, want %v", name, results, want)
		}
	}
}

// TestTextInAModule: a text, or files that the caller chose, are not the package of their directory
// and can import it.
func TestTextInAModule(t *testing.T) {
	root := t.TempDir()
	for name, text := range split(goMod + "\n-- bpf/a.go --\npackage bpf\n\nvar X int\n\n-- bpf/internal/b.go --\npackage internal\n\nvar X int\n") {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o777)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text := "package bpf\n\nimport (\n\t\"example.org/m/bpf\"\n\t\"example.org/m/bpf/internal\"\n)\n\nfunc f() int { return bpf.X + internal.X }\n"
	doc := answer(request(t, Request{Dir: filepath.Join(root, "bpf"), Sources: map[string]string{"<source>": text}}))
	if got := lines(doc); got != "" {
		t.Fatal(got)
	}
	if len(doc.Globals) != 2 || doc.Globals[0].Path != "example.org/m/bpf" && doc.Globals[1].Path != "example.org/m/bpf" {
		t.Errorf("globals are %+v", doc.Globals)
	}
	if f := function(t, doc, "f"); f.Path != "" || f.Package != "bpf" {
		t.Errorf("f is of %s %q", f.Package, f.Path)
	}
}
