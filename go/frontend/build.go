package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// builderMode is naive form, instances instead of dictionaries; tests add go/ssa's self-check.
var builderMode = ssa.NaiveForm | ssa.InstantiateGenerics | ssa.BareInits | ssa.BuildSerially

// build makes SSA and settles which functions and variables the document has, in which order:
// initialisers in the order of initialisation, then what the package declares in the order of
// the source, each followed by the function literals in it, then what these reach: instances,
// wrappers, bound methods.
func (s *session) build() bool {
	s.splitInitialisers()
	s.program = ssa.NewProgram(s.fset, builderMode)
	s.program.CreatePackage(types.Unsafe, nil, nil, true)
	s.main = s.program.CreatePackage(s.pkg, s.files, s.info, true)
	s.hook("ssa")
	s.main.Build()

	s.functions = []*ssa.Function{}
	s.funcIndex = map[*ssa.Function]int{}
	for _, init := range s.initialisers {
		s.addFunction(s.program.FuncValue(init.fn))
	}
	for _, fn := range s.declared() {
		s.addFunction(fn)
	}
	for i := 0; i < len(s.functions); i++ {
		s.addReferences(s.functions[i])
	}
	return true
}

// declared are the functions and methods in the source that are neither generic nor blank.
func (s *session) declared() []*ssa.Function {
	synthetic := map[*types.Func]bool{}
	for _, init := range s.initialisers {
		synthetic[init.fn] = true
	}
	var list []*ssa.Function
	for _, file := range s.files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Name.Name == "_" {
				continue
			}
			obj := s.info.Defs[decl.Name].(*types.Func)
			if fn := s.program.FuncValue(obj); fn != nil && !synthetic[obj] && fn.TypeParams().Len() == 0 {
				list = append(list, fn)
			}
		}
	}
	return list
}

func (s *session) addFunction(fn *ssa.Function) {
	if _, known := s.funcIndex[fn]; known {
		return
	}
	s.funcIndex[fn] = len(s.functions)
	s.functions = append(s.functions, fn)
	for _, anon := range fn.AnonFuncs {
		s.addFunction(anon)
	}
}

func (s *session) addReferences(fn *ssa.Function) {
	var buf [8]*ssa.Value
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			for _, op := range instr.Operands(buf[:0]) {
				if callee, ok := (*op).(*ssa.Function); ok {
					s.addFunction(root(callee))
				}
			}
		}
	}
}

// root is the outermost function around a function literal.
func root(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn
}
