package main

import (
	"go/ast"
	"go/types"
	"io"
	"os"
	"strings"
	"testing"
)

const faulty = `package main

var v = f(1)

func f(x int) int {
	return x + 1
}
`

// withHook answers for faulty while a hook does harm, standard error thrown away.
func withHook(t *testing.T, hook func(s *session, step string)) *Document {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr, testHook = null, hook
	defer func() {
		os.Stderr, testHook = stderr, nil
		null.Close()
	}()
	return compile(t, faulty)
}

func expectFault(t *testing.T, doc *Document, want string) {
	t.Helper()
	if len(doc.Diagnostics) != 1 || doc.Diagnostics[0].Kind != "internal" {
		t.Fatalf("%+v", doc.Diagnostics)
	}
	if got := lines(doc); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if doc.Functions != nil || doc.Types != nil || doc.Globals != nil {
		t.Error("half a document")
	}
	if strings.Contains(lines(doc), "goroutine") {
		t.Error("the stack is in the message")
	}
}

func TestPanicAtEachStep(t *testing.T) {
	for step, want := range map[string]string{
		"select": "boom", "parse": "boom", "check": "boom", "build": "a.go:1:9: boom", "ssa": "a.go:",
		"encode": "a.go:", "function": "a.go:3:5: boom",
	} {
		doc := withHook(t, func(_ *session, at string) {
			if at == step {
				panic("boom")
			}
		})
		t.Run(step, func(t *testing.T) { expectFault(t, doc, want) })
	}
}

type brokenSizes struct{ types.Sizes }

func (brokenSizes) Sizeof(types.Type) int64 { panic("no size") }

func TestPanicInTypeChecker(t *testing.T) {
	old := sizes
	defer func() { sizes = old }()
	sizes = brokenSizes{old}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = write
	doc := compile(t, "package main\n\nimport \"unsafe\"\n\nvar a int\n\nconst b = unsafe.Sizeof(a)\n")
	os.Stderr = stderr
	write.Close()
	log, _ := io.ReadAll(read)
	expectFault(t, doc, "a.go:7:7: no size")
	if !strings.Contains(string(log), "goroutine") {
		t.Error("no stack on standard error")
	}
}

// TestPanicInBuilder: go/ssa panics in f, whose types are taken from it.
func TestPanicInBuilder(t *testing.T) {
	doc := withHook(t, func(s *session, step string) {
		if step != "ssa" {
			return
		}
		for id := range s.root.info.Uses {
			if id.Name == "x" {
				delete(s.root.info.Uses, id)
				delete(s.root.info.Types, ast.Expr(id))
			}
		}
	})
	expectFault(t, doc, "a.go:5:")
}
