package main

import (
	goimporter "go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// TestAtomicIsGos: our sync/atomic has what Go's has for integers, with the same signatures, sizes
// and alignments, and nothing else.
func TestAtomicIsGos(t *testing.T) {
	gos, err := goimporter.ForCompiler(token.NewFileSet(), "source", nil).Import("sync/atomic")
	if err != nil {
		t.Fatal(err)
	}
	s := checked(&session{whole: true, req: request(t, Request{Sources: map[string]string{
		"a.go": "package bpf\n\nimport _ \"sync/atomic\"\n",
	}})})
	own := s.byPath["sync/atomic"].pkg
	unqualified := func(*types.Package) string { return "" }
	for _, name := range gos.Scope().Names() {
		theirs := gos.Scope().Lookup(name)
		if !theirs.Exported() {
			continue
		}
		ours := own.Scope().Lookup(name)
		if lacking := name == "Value" || strings.HasSuffix(name, "Pointer"); lacking || ours == nil {
			if lacking != (ours == nil) {
				t.Errorf("%s: ours is %v", name, ours)
			}
			continue
		}
		if got, want := types.ObjectString(ours, unqualified), types.ObjectString(theirs, unqualified); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if _, ok := ours.(*types.TypeName); !ok {
			continue
		}
		if sizes.Sizeof(ours.Type()) != sizes.Sizeof(theirs.Type()) || sizes.Alignof(ours.Type()) != sizes.Alignof(theirs.Type()) {
			t.Errorf("%s: size %d, want %d", name, sizes.Sizeof(ours.Type()), sizes.Sizeof(theirs.Type()))
		}
		if got, want := methods(ours), methods(theirs); got != want {
			t.Errorf("%s: methods\n%s\nwant\n%s", name, got, want)
		}
	}
	for _, name := range own.Scope().Names() {
		if own.Scope().Lookup(name).Exported() && gos.Scope().Lookup(name) == nil {
			t.Errorf("%s is not in Go's package", name)
		}
	}
}

func methods(obj types.Object) string {
	var list []string
	for m := range types.NewMethodSet(types.NewPointer(obj.Type())).Methods() {
		list = append(list, types.ObjectString(m.Obj(), func(*types.Package) string { return "" }))
	}
	return strings.Join(list, "\n")
}
