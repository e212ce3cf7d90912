package main

import (
	"strings"
	"testing"
)

// diagnostics has sources and all that is said of them.
var diagnostics = []struct{ name, files, want string }{
	{"types", `package main

func f(x uint32) uint64 {
	y := 1
	return x
}

func g() int {
	f("a")
	undefined()
}
`, `a.go:4:2: declared and not used: y
a.go:5:9: cannot use x (variable of type uint32) as uint64 value in return statement
a.go:9:4: cannot use "a" (untyped string constant) as uint32 value in argument to f
a.go:10:2: undefined: undefined
a.go:11:1: missing return`},

	{"more than ten, in order of files", `-- b.go --
package main

var b1, b2, b3, b4, b5, b6 int = "1", "2", "3", "4", "5", "6"
-- a.go --
package main

var a1, a2, a3, a4, a5, a6 int8 = 128, 129, 130, 131, 132, 133
`, `a.go:3:35: cannot use 128 (untyped int constant) as int8 value in variable declaration (overflows)
a.go:3:40: cannot use 129 (untyped int constant) as int8 value in variable declaration (overflows)
a.go:3:45: cannot use 130 (untyped int constant) as int8 value in variable declaration (overflows)
a.go:3:50: cannot use 131 (untyped int constant) as int8 value in variable declaration (overflows)
a.go:3:55: cannot use 132 (untyped int constant) as int8 value in variable declaration (overflows)
a.go:3:60: cannot use 133 (untyped int constant) as int8 value in variable declaration (overflows)
b.go:3:34: cannot use "1" (untyped string constant) as int value in variable declaration
b.go:3:39: cannot use "2" (untyped string constant) as int value in variable declaration
b.go:3:44: cannot use "3" (untyped string constant) as int value in variable declaration
b.go:3:49: cannot use "4" (untyped string constant) as int value in variable declaration
b.go:3:54: cannot use "5" (untyped string constant) as int value in variable declaration
b.go:3:59: cannot use "6" (untyped string constant) as int value in variable declaration`},

	{"a message in parts", `-- a.go --
package main

var x int
-- b.go --
package main

var x string

type T struct{ t T }
`, "b.go:3:5: x redeclared in this block\n\ta.go:3:5: other declaration of x\n" +
		"b.go:5:6: invalid recursive type: T refers to itself"},

	{"syntax errors only, one a line", `-- a.go --
package main

func f() { x := }

func g() {
	y = = 3 )
	if {
	}
}
-- b.go --
package main

var x int = "a"
`, `a.go:3:17: expected operand, found '}'
a.go:7:2: expected ';', found 'if'`},

	{"an empty file", "-- a.go --\n", `a.go:1:1: expected 'package', found 'EOF'`},

	{"imports", `package main

import (
	"fmt"
	"unsafe"
	"C"
	log "log/slog"
	_ "os"
)

var n = unsafe.Sizeof(fmt.Sprint(log.X()))
`, `a.go:4:2: package "fmt" is not available in BPF programs: ebpf.Printk writes to the kernel's trace (available: of Go's own unsafe)
a.go:6:2: cgo is not available in BPF programs: declare in Go what C's headers would bring; package ebpf has the kernel's helpers
a.go:7:6: package "log/slog" is not available in BPF programs: ebpf.Printk writes to the kernel's trace (available: of Go's own unsafe)
a.go:8:4: package "os" is not available in BPF programs: a program in the kernel has no files and no environment (available: of Go's own unsafe)`},

	{"an import of ours that is not used", `package main

import "unsafe"
`, `a.go:3:8: "unsafe" imported and not used`},

	{"the version that a file asks for", `-- a.go --
//go:build go1.21

package main

func f() {
	for range 10 {
	}
}
`, `a.go:6:12: cannot range over 10 (untyped int constant): requires go1.22 or later (file declares //go:build go1.21)`},

	{"two packages", `-- a.go --
package main
-- b.go --
package other
-- c.go --
package documentation
`, `b.go:1:9: found packages main (a.go) and other (b.go) in `},

	{"a package without a name", "package _\n\nvar x = 1\n", `a.go:1:9: invalid package name _`},

	{"a line directive moves nothing", "package main\n//line x.go:7\nvar x int = true\n",
		`a.go:3:13: cannot use true (untyped bool constant) as int value in variable declaration`},

	{"columns count bytes", "package main\n\nvar s = \"äöü\" + nothing\n", `a.go:3:20: undefined: nothing`},

	{"a type that no address reaches", "package main\n\nvar x [1 << 62]int\n",
		`a.go:3:5: type [4611686018427387904]int larger than address space`},

	{"a malformed constraint", "//go:build linux &&\n\npackage main\n",
		`a.go:1:1: parsing //go:build line: unexpected end of expression`},

	{"an instantiation without end", "package main\n\nfunc f[T any](x T) { f(&x) }\n\nvar _ = f[int]\n",
		"a.go:3:8: instantiation cycle:\n\ta.go:3:22: T instantiated as *T"},

	{"the same text twice on one line is said once", "package main\n\nvar x, y = nothing, nothing\n",
		`a.go:3:12: undefined: nothing`},
}

func TestDiagnostics(t *testing.T) {
	for _, c := range diagnostics {
		t.Run(c.name, func(t *testing.T) {
			doc := compile(t, c.files, "linux")
			if got := lines(doc); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if doc.Functions != nil || doc.Types != nil {
				t.Error("a document with errors has code")
			}
			for _, d := range doc.Diagnostics {
				if d.Kind != "" {
					t.Errorf("%s is of kind %q", d.Message, d.Kind)
				}
			}
		})
	}
}

func TestDisplay(t *testing.T) {
	for display, want := range map[string]string{"": "a.go:1:14: ", "bpf": "bpf/a.go:1:14: ", "./bpf/": "./bpf/a.go:1:14: "} {
		req := Request{Protocol: protocol, Display: display, Sources: map[string]string{"a.go": "package main\nvar x = x\n"}}
		doc := answer(&req)
		want = strings.Replace(want, "1:14", "2:5", 1)
		if got := lines(doc); !strings.HasPrefix(got, want) || strings.Count(got, want) != strings.Count(got, ".go") {
			t.Errorf("display %q: %s", display, got)
		}
	}
}

func TestProtocol(t *testing.T) {
	doc := answer(&Request{Protocol: protocol + 1})
	if got := lines(doc); got != "the front end speaks protocol 1, the request protocol 2" {
		t.Error(got)
	}
}
