package main

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// everyKind has a source for every kind of instruction.
const everyKind = `package main

import "unsafe"

type point struct{ x, y int32 }

type shape interface{ area() int32 }

func (p point) area() int32 { return p.x * p.y }

type celsius int32

type sized interface {
	shape
	size() int
}

var origin, unit = point{}, point{1, 1}

func two() (int32, bool) { return 1, true }

func values(p *point, a [4]uint8, s []uint8, n int, c celsius, text string) (r int32) {
	if p != nil && n > 2 || !(c < 0) {
		r = -p.x
	}
	r += int32(c) + origin.y + area2().y
	_ = a[n&3] + [2]uint8{1, 2}[n&1]
	part := s[1:n:8]
	_ = (*[4]uint8)(part)
	_ = unsafe.Pointer(p)
	both := p == nil && n > 0
	_ = text[n] == 'a' || both
	add := func(d int32) int32 { return d + r }
	r = add(2)
	first, ok := two()
	_, _ = first, ok
	made := make([]uint8, n)
	_ = append(made, s...)
	return r
}

func area2() point { return unit }

func dynamic(m map[string]int32, ch chan int32, e any, sh shape, full sized) int32 {
	defer two()
	go two()
	ch <- m["a"]
	v, ok := m["b"]
	m["c"] = v
	select {
	case v = <-ch:
	default:
	}
	for k := range m {
		_ = k
	}
	for _, r := range "text" {
		_ = r
	}
	made, channel := make(map[int]int), make(chan int)
	_, _ = made, channel
	sh = full
	e = point{}
	if p, is := e.(point); is {
		return p.x
	}
	if !ok {
		panic("no")
	}
	return e.(shape).area() + sh.area()
}

func each(f func(yield func(int) bool)) (n int) {
	for i := range f {
		n += i
	}
	return n
}
`

// TestEveryKind encodes each kind of instruction, value and type, and holds the document to the
// schema. MultiConvert comes only of generic functions, of which the document has instances.
func TestEveryKind(t *testing.T) {
	defs := loadSchema(t)
	doc := tree(t, accepted(t, everyKind+kindsOfValue))
	validateStruct(t, defs, defs["Document"], "document", doc)

	seen := map[string]bool{"MultiConvert": true}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, tag := range []string{"op", "kind"} {
				if kind, ok := v[tag].(string); ok {
					seen[tag+" "+kind] = true
				}
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(doc)
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		def := defs[name]
		for _, tag := range []string{"op", "kind"} {
			if p := def.Properties[tag]; p != nil && len(p.Enum) == 1 && name != "MultiConvert" && !seen[tag+" "+p.Enum[0]] {
				t.Errorf("no %s in the document", name)
			}
		}
	}
}

const kindsOfValue = `
const half = 0.5

var ratio = half * 3
var list []int
var table map[int]int
var pipe chan int
var pair = [2]string{"a", "\xff\x00"}
var flag = true
`

// TestNumbering: values are numbered on without a gap, and every operand is a number that exists.
func TestNumbering(t *testing.T) {
	doc := accepted(t, everyKind+kindsOfValue)
	for _, f := range doc.Functions {
		next := len(f.Values)
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if id := reflect.ValueOf(instr).Elem().FieldByName("ID"); id.IsValid() {
					if int(id.Int()) != next {
						t.Errorf("%s: value %d is numbered %d", f.Name, next, id.Int())
					}
					next++
				}
			}
		}
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				for _, n := range operands(instr) {
					if n < 0 || n >= next {
						t.Errorf("%s: %T has operand %d of %d", f.Name, instr, n, next)
					}
				}
			}
		}
	}
}

// operands are the numbers that an instruction refers to.
func operands(instr any) (list []int) {
	names := []string{"X", "Y", "Fn", "Args", "Bindings", "Edges", "Low", "High", "Max", "Cond", "Results", "Addr",
		"Value", "Iter", "Tuple", "Len", "Cap"}
	switch instr.(type) {
	case *IndexOp, *Lookup:
		names = append(names, "Index")
	}
	v := reflect.ValueOf(instr).Elem()
	for _, name := range names {
		switch f := v.FieldByName(name); {
		case !f.IsValid() || f.Kind() == reflect.Pointer && f.IsNil():
		case f.Kind() == reflect.Pointer:
			list = append(list, int(f.Elem().Int()))
		case f.Kind() == reflect.Slice:
			for i := range f.Len() {
				list = append(list, int(f.Index(i).Int()))
			}
		default:
			list = append(list, int(f.Int()))
		}
	}
	return list
}

// TestPlaces: every instruction of the source stands inside its function.
func TestPlaces(t *testing.T) {
	doc := accepted(t, everyKind+kindsOfValue)
	for _, f := range doc.Functions {
		if f.Synthetic != "" && f.Synthetic != "initialiser" && !strings.HasPrefix(f.Synthetic, "range-over-func") {
			continue
		}
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				at := reflect.ValueOf(instr).Elem().FieldByName("Pos").Interface().(Pos)
				if at[1] < f.Pos[1] || at[1] > f.End[1] {
					t.Errorf("%s (lines %d to %d): %T at line %d", f.Name, f.Pos[1], f.End[1], instr, at[1])
				}
			}
		}
	}
}
