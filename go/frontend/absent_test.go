package main

import (
	"fmt"
	"go/constant"
	goimporter "go/importer"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// plain is a type in words: without parameters' names, packages by their paths.
func plain(t types.Type) string {
	qualifier := func(p *types.Package) string { return p.Path() }
	signature, ok := t.(*types.Signature)
	if !ok {
		return types.TypeString(t, qualifier)
	}
	var words []string
	for p := range signature.TypeParams().TypeParams() {
		words = append(words, p.Obj().Name()+" "+types.TypeString(p.Constraint(), qualifier))
	}
	text := "[" + strings.Join(words, ", ") + "]("
	for v := range signature.Params().Variables() {
		text += plain(v.Type()) + ", "
	}
	text += ") ("
	for v := range signature.Results().Variables() {
		text += plain(v.Type()) + ", "
	}
	return fmt.Sprintf("%s) %t", text, signature.Variadic())
}

// methods are the exported methods of a type and of pointers to it, and the exported fields, in words.
func members(t types.Type) map[string]string {
	found := map[string]string{}
	set := types.NewMethodSet(types.NewPointer(t))
	for selection := range set.Methods() {
		if m := selection.Obj(); m.Exported() {
			found[m.Name()] = plain(m.Type())
		}
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				found[f.Name()] = plain(f.Type())
			}
		}
	}
	return found
}

// exported is what a package exports, in words that two packages with one interface share: names, and
// of types also the methods, as T.M.
func exported(pkg *types.Package) map[string]string {
	found := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		named, isNamed := types.Unalias(obj.Type()).(*types.Named)
		variable, isVar := obj.(*types.Var)
		switch {
		case isVar && variable.Exported() && isNamed && named.Obj().Pkg() == pkg:
			for method, words := range members(named) {
				found[named.Obj().Name()+"."+method] = words
			}
			found[name] = plain(obj.Type())
		case !obj.Exported():
		case isNamed && obj.Parent() == pkg.Scope() && named.Obj() == obj:
			found[name] = "type"
			if _, ok := named.Underlying().(*types.Struct); !ok {
				found[name] = plain(named.Underlying())
			}
			for method, words := range members(named) {
				found[name+"."+method] = words
			}
		default:
			found[name] = plain(obj.Type())
			if c, ok := obj.(*types.Const); ok {
				found[name] += " = " + constant.ToFloat(c.Val()).ExactString()
			}
		}
	}
	return found
}

// TestStandardPackages: what ours have is declared as Go's own declare it, and what ours have and what
// is said to be absent together is all that Go's have.
func TestStandardPackages(t *testing.T) {
	own := goimporter.ForCompiler(token.NewFileSet(), "source", nil)
	for path := range absent {
		t.Run(path, func(t *testing.T) {
			files := map[string]string{"a.go": fmt.Sprintf("package p\n\nimport _ %q\n", path)}
			s := checked(&session{req: request(t, Request{Sources: files}), whole: true})
			if got := lines(s.finish()); got != "" {
				t.Fatal(got)
			}
			real, err := own.Import(path)
			if err != nil {
				t.Fatal(err)
			}
			here, there := exported(s.byPath[path].pkg), exported(real)
			for name, words := range here {
				if there[name] != words {
					t.Errorf("%s.%s\n%s in the kernel\n%s in Go", path, name, words, there[name])
				}
			}
			for _, name := range slices.Sorted(maps.Keys(there)) {
				outer, _, _ := strings.Cut(name, ".")
				_, whole := lookAbsent(path, outer)
				_, known := lookAbsent(path, name)
				_, ours := here[name]
				if ours == (known || whole) {
					t.Errorf("%s.%s: in ours %t, said to be absent %t", path, name, ours, known || whole)
				}
			}
			for _, a := range absent[path] {
				for name := range strings.FieldsSeq(a.names) {
					if there[name] == "" {
						t.Errorf("%s.%s is not in Go's own package", path, name)
					}
				}
			}
		})
	}
}

// TestAbsent: what is said of names that only Go's own packages have.
func TestAbsent(t *testing.T) {
	doc := answer(request(t, Request{Sources: map[string]string{"a.go": `package p

import (
	b "bytes"
	"encoding/binary"
	"sync/atomic"
	"time"
)

var x b.Buffer

func f(d time.Duration, n []byte) {
	_ = d.Seconds()
	_ = b.IndexBite(n, 1)
	_ = b.Nothing(n)
	_ = d.Nothing()
	var v atomic.Value
	_ = v
	_ = binary.BigEndian.Size(n)
	_ = binary.Size(n)
	_ = time.Now()
}
`}}))
	want := `a.go:10:9: bytes.Buffer is not in the kernel's bytes: append to a slice of an array: b := a[:0]
a.go:13:8: time.Duration.Seconds is not in the kernel's time: there is no floating point in the kernel: divide by time.Second and its kin
a.go:14:8: undefined: b.IndexBite (did you mean b.IndexByte?)
a.go:15:8: undefined: b.Nothing
a.go:16:8: d.Nothing undefined (type time.Duration has no field or method Nothing)
a.go:17:15: atomic.Value is not in the kernel's sync/atomic: the kernel has atomic instructions for integers only
a.go:19:23: binary.BigEndian.Size undefined (type binary.bigEndian has no field or method Size)
a.go:20:13: binary.Size is not in the kernel's encoding/binary: it goes by reflection: read and write the fields one by one, by binary.BigEndian and its kin
a.go:21:11: time.Now is not in the kernel's time: ebpf.Now is the time since the machine began`
	if got := lines(doc); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
