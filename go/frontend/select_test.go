package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestConstraints(t *testing.T) {
	tags := newTagSet([]string{"bpf", "tinygo"})
	for _, c := range []struct{ name, text, want string }{
		{"a.go", "package a", ""},
		{"a.go", "//go:build tinygo && linux && bpf && unix && go1.21\n\npackage a", ""},
		{"a.go", "//go:build !tinygo\n\npackage a", "//go:build !tinygo"},
		{"a.go", "//go:build ignore\n\npackage a", "//go:build ignore"},
		{"a.go", "//go:build go1.999\n\npackage a", "//go:build go1.999"},
		{"a.go", "/* a\n//go:build ignore\n*/ package a", ""},
		{"a.go", "/* a */ // b\n\n// c\n//go:build ignore\npackage a", "//go:build ignore"},
		{"a.go", "package a\n//go:build ignore\n", ""},
		{"a.go", "\ufeff//go:build ignore\n\npackage a", "//go:build ignore"},
		{"a.go", "// +build ignore\n\npackage a", "// +build ignore"},
		{"a.go", "// +build ignore\npackage a", ""},
		{"a.go", "//go:build linux\n// +build ignore\n\npackage a", ""},
		{"a.go", "//go:build linux\r\n\r\npackage a", ""},
		{"a_test.go", "package a", "a test"},
		{"_a.go", "package a", "its name begins with _"},
		{".a.go", "package a", "its name begins with ."},
		{"a_linux.go", "package a", ""},
		{"a_windows.go", "package a", "its name ends in _windows"},
		{"a_linux_amd64.go", "package a", "its name ends in _amd64"},
		{"a_darwin_bpf.go", "package a", ""},
		{"windows.go", "package a", ""},
		{"a_b_freebsd_arm64.go", "package a", "its name ends in _freebsd"},
	} {
		why, _, err := tags.excludes(c.name, []byte(c.text))
		if why != c.want || err != nil {
			t.Errorf("%s %q: %q, %v; want %q", c.name, c.text, why, err, c.want)
		}
	}
}

// inDirectory writes files below a new directory and answers a request for one of its folders.
func inDirectory(t *testing.T, folder, files string, req Request) *Document {
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
	req.Dir, req.Protocol, req.Display = filepath.Join(root, folder), protocol, "bpf"
	return answer(&req)
}

const project = `-- go.mod --
// The module.
module example

go 1.21.4 // older than ours
-- bpf/a.go --
package main

func f() { g() }
-- bpf/b.go --
//go:build !tinygo

package main

func g() {}
-- bpf/c.go --
//go:build tinygo

package main

func g()
-- bpf/a_test.go --
package main

func h() { nothing() }
-- bpf/notes.txt --
No Go.
-- bpf/sub/d.go --
package sub
-- empty/notes.txt --
No Go.
-- excluded/a.go --
//go:build ignore

package main
-- excluded/b_windows.go --
package main
`

func TestDirectory(t *testing.T) {
	doc := inDirectory(t, "bpf", project, Request{Tags: []string{"tinygo"}})
	if len(doc.Diagnostics) > 0 || len(doc.Files) != 2 || doc.Files[1].Path != "bpf/c.go" || doc.Go != "go1.21" {
		t.Errorf("%s; %d files, version %s", lines(doc), len(doc.Files), doc.Go)
	}
	if doc.Package != "main" || doc.Files[0].Text != "package main\n\nfunc f() { g() }" {
		t.Errorf("package %s, text %q", doc.Package, doc.Files[0].Text)
	}
	doc = inDirectory(t, "bpf", project, Request{Files: []string{"a.go"}})
	if got := lines(doc); got != "bpf/a.go:3:12: undefined: g" {
		t.Error(got)
	}
	doc = inDirectory(t, "bpf", project, Request{Files: []string{"a.go", "b.go"}, Sources: map[string]string{"b.go": "package main\nvar g int"}})
	if got := lines(doc); got != "bpf/a.go:3:12: invalid operation: cannot call g (variable of type int): int is not a function" {
		t.Error(got)
	}
}

func TestNothingToCompile(t *testing.T) {
	for folder, want := range map[string]string{
		"empty": "no Go files in bpf",
		"excluded": "build constraints exclude all Go files in bpf\n\tbpf/a.go: //go:build ignore\n" +
			"\tbpf/b_windows.go: its name ends in _windows",
	} {
		if got := lines(inDirectory(t, folder, project, Request{})); got != want {
			t.Errorf("%s: got %q, want %q", folder, got, want)
		}
	}
	got := lines(inDirectory(t, "missing", project, Request{}))
	if got != "open bpf: no such file or directory" {
		t.Error(got)
	}
	got = lines(inDirectory(t, "bpf", project, Request{Files: []string{"x.go"}}))
	if got != "open bpf/x.go: no such file or directory" {
		t.Error(got)
	}
}

func TestLanguageVersion(t *testing.T) {
	const ranges = "-- bpf/a.go --\npackage main\n\nfunc f() { for range 3 {} }\n"
	for _, c := range []struct{ mod, want string }{
		{"-- bpf/go.mod --\nmodule a\ngo 1.22\n", ""},
		{"", ""},
		{"-- go.mod --\nmodule a\ngo 1.21\n", "bpf/a.go:3:22: cannot range over 3 (untyped int constant): " +
			"requires go1.22 or later (language version is go1.21; check go.mod)"},
		{"-- go.mod --\nmodule a\n", "bpf/a.go:3:22: cannot range over 3 (untyped int constant): " +
			"requires go1.22 or later (language version is go1.16; check go.mod)"},
		{"-- go.mod --\nmodule a\n\ngo 1.999\n", "go.mod:3:4: go.mod requires go >= 1.999 (running go "},
		{"-- bpf/go.mod --\nmodule a\ngo one\n", "bpf/go.mod:2:1: invalid go version 'one': must match format 1.23.0"},
	} {
		got := lines(inDirectory(t, "bpf", c.mod+ranges, Request{}))
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%q: got %q, want %q", c.mod, got, c.want)
		}
	}
}

// TestWhatIsNoFile: a pipe or a directory named like a Go file is none; a link to a file is one.
func TestWhatIsNoFile(t *testing.T) {
	root := t.TempDir()
	write := filepath.Join(root, "elsewhere", "text")
	os.Mkdir(filepath.Dir(write), 0o777)
	if err := errors.Join(
		os.WriteFile(write, []byte("package main\n"), 0o666), os.Symlink(write, filepath.Join(root, "a.go")),
		syscall.Mkfifo(filepath.Join(root, "b.go"), 0o666), os.Mkdir(filepath.Join(root, "c.go"), 0o777),
	); err != nil {
		t.Fatal(err)
	}
	names, err := goFiles(root)
	if err != nil || len(names) != 1 || names[0] != "a.go" {
		t.Errorf("%v, %v", names, err)
	}
}
