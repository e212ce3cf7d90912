package main

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// A dynamicSet has the concrete types that the program makes interfaces of, and the methods of theirs
// that calls of an interface's method may reach.
type dynamicSet struct {
	types   []types.Type // in the order in which they are found
	known   map[types.Type]bool
	invoked map[string]bool // names of methods of interfaces that are called
	methods map[types.Type]map[string]*ssa.Function
}

// look notes what a function makes interfaces of, and which methods of interfaces it calls.
func (d *dynamicSet) look(fn *ssa.Function) {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.MakeInterface:
				if t := instr.X.Type(); !d.known[t] {
					d.known[t] = true
					d.types = append(d.types, t)
				}
			case ssa.CallInstruction:
				if m := instr.Common().Method; m != nil {
					d.invoked[m.Name()] = true
				}
			}
		}
	}
}

// collectMethods adds to the document the methods that calls of interfaces' methods may reach, and what
// these lead to.
func (s *session) collectMethods() {
	d := &dynamicSet{
		known: map[types.Type]bool{}, invoked: map[string]bool{},
		methods: map[types.Type]map[string]*ssa.Function{},
	}
	s.dynamic = d
	for looked := 0; ; {
		for ; looked < len(s.functions); looked++ {
			d.look(s.functions[looked])
		}
		for _, t := range d.types {
			s.addMethods(d, t)
		}
		s.addReferences()
		if looked == len(s.functions) {
			return
		}
	}
}

// addMethods adds the methods of a type that are called by way of an interface.
func (s *session) addMethods(d *dynamicSet, t types.Type) {
	if len(d.invoked) == 0 || types.IsInterface(t) {
		return
	}
	set := s.program.MethodSets.MethodSet(t)
	for i := range set.Len() {
		sel := set.At(i)
		name := sel.Obj().Name()
		if !d.invoked[name] || d.methods[t][name] != nil {
			continue
		}
		if fn := s.program.MethodValue(sel); fn != nil {
			if d.methods[t] == nil {
				d.methods[t] = map[string]*ssa.Function{}
			}
			d.methods[t][name] = fn
			s.addFunction(fn)
		}
	}
}

// encodeDynamic fills the document's table of concrete types in interfaces.
func (s *session) encodeDynamic() {
	var interfaces []types.Type
	for t := range s.types.known {
		if _, param := t.(*types.TypeParam); !param && types.IsInterface(t) {
			interfaces = append(interfaces, t)
		}
	}
	slices.SortFunc(interfaces, func(a, b types.Type) int { return s.types.known[a] - s.types.known[b] })
	seen := map[int]bool{}
	for _, t := range s.dynamic.types {
		index := s.typeIndex(t)
		if seen[index] || opaque(t) {
			continue
		}
		seen[index] = true
		entry := Dynamic{Type: index, Comparable: types.Comparable(t)}
		for _, i := range interfaces {
			if types.Implements(t, i.Underlying().(*types.Interface)) {
				if n := s.types.known[i]; !slices.Contains(entry.Implements, n) {
					entry.Implements = append(entry.Implements, n)
				}
			}
		}
		for name, fn := range s.dynamic.methods[t] {
			entry.Methods = append(entry.Methods, Method{name, s.funcIndex[fn]})
		}
		slices.SortFunc(entry.Methods, func(a, b Method) int { return a.Function - b.Function })
		s.doc.Dynamic = append(s.doc.Dynamic, entry)
	}
}
