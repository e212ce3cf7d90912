package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestInitialisers: one function for each initialisation, in the order of initialisation.
func TestInitialisers(t *testing.T) {
	doc := accepted(t, `-- a.go --
package main

var a = b + 1
var b, c = two()
var zero int
var _ = d
var lit = func() int { return a }

func two() (int, bool) { return 1, true }
func init()            { a = 2 }
-- b.go --
package main

var d, e = 4, uint8(5)
`)
	var got []string
	for _, f := range doc.Functions {
		if f.Synthetic == "initialiser" {
			var names []string
			for _, i := range f.Initialises {
				names = append(names, doc.Globals[i].Name)
			}
			got = append(got, f.Name+" gives "+strings.Join(names, " "))
		}
	}
	want := []string{"b,c.init gives b c", "a.init gives a", "d.init gives d", "e.init gives e", "_.init#1 gives ", "lit.init gives lit"}
	slices.Sort(want[2:])
	slices.Sort(got[2:]) // the type checker settles the order of those that do not depend on each other
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if doc.Functions[0].Name != "b,c.init" {
		t.Errorf("the table begins with %s", doc.Functions[0].Name)
	}
	if f := function(t, doc, "init#1"); f.Synthetic != "" {
		t.Errorf("init is %q", f.Synthetic)
	}
	if f := function(t, doc, "lit.init$1"); doc.Functions[*f.Parent].Name != "lit.init" {
		t.Errorf("parent is %s", doc.Functions[*f.Parent].Name)
	}
	for _, f := range doc.Functions {
		if f.Name == "init" || strings.Contains(f.Name, "guard") {
			t.Errorf("go/ssa's own %s is in the document", f.Name)
		}
	}
}

func TestInitialisersHaveTheVersionOfTheirFile(t *testing.T) {
	const program = `
package main

var sum = func() (n int) {
	for i := 0; i < 3; i++ {
		defer func() { n += i }()
	}
	return
}()
`
	captured := func(text string) bool { // whether each turn has a variable of its own
		for _, b := range function(t, accepted(t, text), "sum.init$1").Blocks {
			for _, instr := range b.Instrs {
				if phi, ok := instr.(*Phi); ok && phi.Comment == "i" {
					return true
				}
			}
		}
		return false
	}
	if captured("//go:build go1.21\n" + program) {
		t.Error("go1.21: a variable for each turn")
	}
	if !captured("//go:build go1.22\n" + program) {
		t.Error("go1.22: one variable for all turns")
	}
}

func TestDirectives(t *testing.T) {
	doc := accepted(t, `// Package main is it.
//
//bpf:license GPL

package main

// f does it.
//
//export handle_f
//bpf:section xdp
func f() {
	//go:inside
}

//export lost

// g has a comment of its own.
func g() {}

//bpf:map
var one, two int

//bpf:group
var (
	// three has one.
	//bpf:pinned
	three int
	four  int //bpf:trailing
)

//bpf:type
type T struct{}

//exported is no directive
// go:extern neither
func h() {}

//go:extern bpf_ktime_get_ns
func ktime() uint64
`)
	texts := func(list []Directive) (out []string) {
		for _, d := range list {
			out = append(out, fmt.Sprintf("%d %s", d.Pos[1], d.Text))
		}
		return out
	}
	for _, c := range []struct {
		what string
		got  []Directive
		want []string
	}{
		{"file", doc.Files[0].Directives, []string{"3 //bpf:license GPL", "12 //go:inside", "15 //export lost",
			"23 //bpf:group", "28 //bpf:trailing", "31 //bpf:type"}},
		{"f", function(t, doc, "f").Directives, []string{"9 //export handle_f", "10 //bpf:section xdp"}},
		{"g", function(t, doc, "g").Directives, nil},
		{"h", function(t, doc, "h").Directives, nil},
		{"ktime", function(t, doc, "ktime").Directives, []string{"38 //go:extern bpf_ktime_get_ns"}},
		{"one", global(t, doc, "one").Directives, []string{"20 //bpf:map"}},
		{"two", global(t, doc, "two").Directives, []string{"20 //bpf:map"}},
		{"three", global(t, doc, "three").Directives, []string{"26 //bpf:pinned"}},
		{"four", global(t, doc, "four").Directives, nil},
	} {
		if got := texts(c.got); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	if f := function(t, doc, "ktime"); f.Blocks != nil || f.End != (Pos{}) {
		t.Errorf("a function without a body has %d blocks and ends at %v", len(f.Blocks), f.End)
	}
}

func TestTypes(t *testing.T) {
	doc := accepted(t, `package main

import "unsafe"

type event struct {
	pid  uint32 `+"`bpf:\"pid\"`"+`
	_    [4]byte
	at   uint64
	comm [5]int8
	tail
}
type tail struct{ b bool }
type pair[A, B any] struct {
	a A
	b B
}

var e event
var p pair[uint8, *event]
var q unsafe.Pointer
var alias []byte
var same []uint8
var fn func(a int, b ...string) (bool, error)

func outer() any {
	type inner struct{ x int }
	return inner{}
}

func (t *tail) method() any {
	type inner struct{ y int }
	return inner{}
}

func generic[T any](x T) any {
	type inner struct{ z T }
	return inner{x}
}

var instances = [2]any{generic(uint8(1)), generic(true)}
`)
	typ := func(name string) any { return doc.Types[global(t, doc, name).Type] }
	e := typ("e").(*Named)
	if e.String != "event" || e.Size != 24 || e.Align != 8 || e.Package != "main" || e.Scope != "" {
		t.Errorf("event is %+v", e)
	}
	var layout []string
	for _, f := range doc.Types[e.Underlying].(*Struct).Fields {
		layout = append(layout, fmt.Sprintf("%s@%d", f.Name, f.Offset))
	}
	if want := []string{"pid@0", "_@4", "at@8", "comm@16", "tail@21"}; !slices.Equal(layout, want) {
		t.Errorf("layout is %v, want %v", layout, want)
	}
	fields := doc.Types[e.Underlying].(*Struct).Fields
	if fields[0].Tag != `bpf:"pid"` || !fields[4].Embedded || fields[0].Pos != (Pos{0, 6, 2}) {
		t.Errorf("fields are %+v", fields)
	}
	p := typ("p").(*Named)
	if p.Name != "pair" || p.String != "pair[uint8, *event]" || len(p.Args) != 2 || p.Size != 16 {
		t.Errorf("pair is %+v", p)
	}
	if typ("alias") != typ("same") {
		t.Error("[]byte and []uint8 are two types")
	}
	fn := typ("fn").(*Signature)
	if !fn.Variadic || len(fn.Params) != 2 || len(fn.Results) != 2 {
		t.Errorf("fn is %+v", fn)
	}
	var scopes []string
	for _, n := range doc.Types {
		if n, ok := n.(*Named); ok && n.Name == "inner" {
			scopes = append(scopes, n.Scope)
		}
	}
	slices.Sort(scopes)
	if want := []string{"(*tail).method", "generic[bool]", "generic[uint8]", "outer"}; !slices.Equal(scopes, want) {
		t.Errorf("scopes are %q, want %q", scopes, want)
	}
}

func TestNames(t *testing.T) {
	doc := accepted(t, `package main

type num int32
type box[T any] struct{ v T }

func (n num) value() num                 { return n }
func (n *num) pointer()                  {}
func (b *box[T]) get() T                 { return b.v }
func max[T num | uint8](a, b T) T        { if a > b { return a }; return b }
func (b *box[T]) made() func() T         { return func() T { return func() T { return b.v }() } }
func _() {}

func main() {
	n := num(1)
	f, g := n.value, (*num).pointer
	g(&n)
	_ = max(f(), 2)
	_ = max[uint8](1, 2)
	b := box[num]{}
	h := b.get
	_, _ = h(), b.made()
}
`)
	var names []string
	for _, f := range doc.Functions {
		names = append(names, f.Name)
	}
	want := []string{"num.value", "(*num).pointer", "main", "num.value$bound", "(*num).pointer$thunk", "max[num]", "max[uint8]",
		"(*box[num]).get$bound", "(*box[num]).made", "(*box[num]).made$1", "(*box[num]).made$1$1", "(*box[num]).get"}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	method := function(t, doc, "(*num).pointer")
	if sig := doc.Types[method.Type].(*Signature); len(sig.Params) != 1 || method.Params != 1 {
		t.Errorf("the receiver is no parameter: %+v", sig)
	}
	if bound := function(t, doc, "num.value$bound"); bound.Captures != 1 || bound.Params != 0 {
		t.Errorf("the bound method has %d captures, %d parameters", bound.Captures, bound.Params)
	}
}

func TestConstants(t *testing.T) {
	doc := accepted(t, `package main

import "unsafe"

type text string

const big = 1 << 100

func f(x uint64) {
	g(-1<<63, 1<<64-1, true, "a\xff", nil, 'x', big>>98, 3.0, 0.25, unsafe.Pointer(uintptr(8)), "t")
	_ = x << 65
	_ = x << (1 << 3)
	_ = x == 1<<63 
	_ = [2]int{} == [2]int{}
}

func g(a int64, b uint64, c bool, d string, e *int, f rune, h int8, i int, j float64, k unsafe.Pointer, l text)

func generic[T ~string | ~int32]() T { return T('A') }

var s, n = generic[text](), generic[int32]()
`)
	var got []string
	for _, f := range doc.Functions {
		for _, v := range f.Values {
			leaf := reflect.ValueOf(v).Elem()
			value := leaf.FieldByName("Value")
			if !value.IsValid() {
				continue
			}
			typ := reflect.ValueOf(doc.Types[int(leaf.FieldByName("Type").Int())]).Elem().FieldByName("String")
			got = append(got, fmt.Sprintf("%s %q", typ, fmt.Sprint(value.Interface())))
		}
	}
	for _, want := range []string{
		`int64 "-9223372036854775808"`, `uint64 "18446744073709551615"`, `bool "true"`, `string "[97 255]"`,
		`int32 "120"`, `int8 "4"`, `int "3"`, `float64 "0.25"`, `unsafe.Pointer "8"`, `text "[116]"`,
		`uint64 "9223372036854775808"`, `text "[65]"`, `int32 "65"`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no constant %s among %q", want, got)
		}
	}
}

// TestDeferStack: what go/ssa leaves for later passes to remove is in the document only where
// something is deferred.
func TestDeferStack(t *testing.T) {
	doc := accepted(t, `package main

func plain() int { return 1 }
func defers()    { defer plain() }
func loop() (n int) {
	for i := 0; i < 3; i++ {
		n += i
	}
	return
}
`)
	count := func(name string) (n int) {
		for _, b := range function(t, doc, name).Blocks {
			for _, instr := range b.Instrs {
				switch instr := instr.(type) {
				case *Bare:
					if instr.Op == "RunDefers" {
						n++
					}
				case *Alloc:
					if instr.Comment == "defer$stack" || instr.Comment == "i" {
						n++
					}
				}
			}
		}
		return n
	}
	for name, want := range map[string]int{"plain": 0, "defers": 2, "loop": 1} {
		if got := count(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// TestRule holds the rule for places to examples: the text at each instruction's place.
func TestRule(t *testing.T) {
	source := `package main

type T struct{ next *T; a [4]uint8 }

var calls = map[string]int{}

func pkg(x int, rest ...any) T { return T{} }
func (t *T) m(n int) int { return n }

func f(p *T, s []int, n int) (r int) {
	r = p.next.m(n)
	p.a[n] = uint8(n / 3)
	n++
	s[n] += 4
	if n > 2 && p != nil {
		p = p.next
	}
	part := s[1:n]
	pkg(n, "x", part)
	g := func() { n = -n }
	g()
	t := T{a: [4]uint8{1, 2: 7}}
	_ = t
	for i, v := range s {
		r += i * v
	}
	return
}
`
	doc := accepted(t, source)
	rows := strings.Split(source, "\n")
	var got []string
	for _, b := range function(t, doc, "f").Blocks {
		for _, instr := range b.Instrs {
			v := reflect.ValueOf(instr).Elem()
			at := v.FieldByName("Pos").Interface().(Pos)
			text := rows[at[1]-1][at[2]-1:]
			got = append(got, fmt.Sprintf("%s %.6s", v.FieldByName("Op"), text))
		}
	}
	next := 0
	for _, want := range []string{
		"Alloc p *T, ", "Store p *T, ", "Alloc r int)", // parameters, results
		"FieldAddr next.m", "UnOp next.m", "Call m(n)", // a.b.f
		"BinOp / 3)", "Convert uint8(", "IndexAddr n] = u", "Store n] = u",
		"BinOp ++", "Store n++",
		"BinOp += 4", "If > 2 &&", "FieldAddr next", // operators, branches
		"Slice 1:n]", "MakeInterface part)", "Call pkg(n,",
		"MakeClosure func()", "Call g()",
		"Alloc T{a: [", "FieldAddr a: [4]", "IndexAddr 1, 2: ", "Store 1, 2: ", "IndexAddr 7}}", "Store 7}}",
		"BinOp for i,", "If for i,", "BinOp * v", "Return return",
	} {
		at := slices.IndexFunc(got[next:], func(s string) bool { return strings.HasPrefix(s, want) })
		if at < 0 {
			t.Errorf("no %q from %d on in\n%s", want, next, strings.Join(got, "\n"))
			return
		}
		next += at
	}
}
