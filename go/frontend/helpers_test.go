package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
)

func init() { builderMode |= ssa.SanityCheckFunctions }

// compile answers a request for files given as a text of parts "-- name --".
func compile(t *testing.T, files string, tags ...string) *Document {
	t.Helper()
	return answer(&Request{Protocol: protocol, Sources: split(files), Tags: tags})
}

// split takes a text of parts, each below a line "-- name --"; without such a line it is a.go.
func split(text string) map[string]string {
	files := map[string]string{}
	if !strings.HasPrefix(text, "-- ") {
		return map[string]string{"a.go": text}
	}
	for _, part := range strings.Split("\n"+text, "\n-- ")[1:] {
		name, body, _ := strings.Cut(part, " --\n")
		files[name] = body
	}
	return files
}

// accepted is compile for a source without errors.
func accepted(t *testing.T, files string, tags ...string) *Document {
	t.Helper()
	doc := compile(t, files, tags...)
	for _, d := range doc.Diagnostics {
		t.Fatal(line(doc, d))
	}
	return doc
}

// line is a diagnostic as a user sees it.
func line(doc *Document, d Diagnostic) string {
	if d.Pos[1] == 0 {
		return d.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", doc.Files[d.Pos[0]].Path, d.Pos[1], d.Pos[2], d.Message)
}

func lines(doc *Document) string {
	var list []string
	for _, d := range doc.Diagnostics {
		list = append(list, line(doc, d))
	}
	return strings.Join(list, "\n")
}

func function(t *testing.T, doc *Document, name string) *Function {
	t.Helper()
	var names []string
	for _, f := range doc.Functions {
		if f.Name == name {
			return f
		}
		names = append(names, f.Name)
	}
	t.Fatalf("no function %s; there are %s", name, strings.Join(names, ", "))
	return nil
}

func global(t *testing.T, doc *Document, name string) Global {
	t.Helper()
	for _, g := range doc.Globals {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no global %s", name)
	return Global{}
}

// tree is a document as JSON has it.
func tree(t *testing.T, doc *Document) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(encode(doc))))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
