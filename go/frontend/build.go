package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// builderMode is naive form, instances instead of dictionaries; tests add go/ssa's self-check.
var builderMode = ssa.NaiveForm | ssa.InstantiateGenerics | ssa.BareInits | ssa.BuildSerially

// build makes SSA and settles which functions and variables the document has, in which order:
// initialisers in the order of initialisation, those of imported packages, with each one's func
// init, before the root's, then what the root declares in the order of the source, each followed by
// the function literals in it, then what these reach: functions of imported packages, instances, wrappers, bound methods.
func (s *session) build() bool {
	for _, u := range s.units {
		u.withoutOperands()
		u.splitInitialisers()
	}
	reached := s.reach()
	s.program = ssa.NewProgram(s.fset, builderMode)
	s.program.CreatePackage(types.Unsafe, nil, nil, true)
	for _, u := range s.units {
		files := u.files
		if u != s.root {
			files = reached.only(u)
		}
		if len(files) == 0 {
			files = nil
			u.info.InitOrder = nil
		}
		u.ssa = s.program.CreatePackage(u.pkg, files, u.info, true)
	}
	s.hook("ssa")
	for _, u := range s.units {
		s.building = u
		u.ssa.Build()
	}
	s.collect()
	return true
}

// declared are the functions and methods in a package's source that are neither generic nor blank.
func (s *session) declared(u *unit) []*ssa.Function {
	synthetic := map[*types.Func]bool{}
	for _, init := range u.initialisers {
		synthetic[init.fn] = true
	}
	var list []*ssa.Function
	for _, file := range u.files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Name.Name == "_" {
				continue
			}
			obj := u.info.Defs[decl.Name].(*types.Func)
			if fn := s.program.FuncValue(obj); fn != nil && !synthetic[obj] && fn.TypeParams().Len() == 0 {
				list = append(list, fn)
			}
		}
	}
	return list
}

// collect lists the functions of the document.
func (s *session) collect() {
	needed := s.neededInitialisers()
	s.functions = []*ssa.Function{}
	s.funcIndex = map[*ssa.Function]int{}
	for _, u := range s.units {
		for _, init := range u.initialisers {
			if fn := s.program.FuncValue(init.fn); u == s.root || needed[fn] {
				s.addFunction(fn)
			}
		}
		for _, fn := range s.declared(u) {
			if u == s.root || isInit(fn) {
				s.addFunction(fn)
			}
		}
	}
	s.addReferences()
	s.collectMethods()
}

// addReferences adds the functions that those of the document lead to.
func (s *session) addReferences() {
	for ; s.referenced < len(s.functions); s.referenced++ {
		references(s.functions[s.referenced], func(v ssa.Value) {
			if callee, ok := v.(*ssa.Function); ok {
				s.addFunction(root(callee))
			}
		})
	}
}

// neededInitialisers are the initialisers of imported packages that have an effect: those of
// variables that something reached refers to, and those that call functions, whatever these do.
func (s *session) neededInitialisers() map[*ssa.Function]bool {
	byGlobal := map[*ssa.Global]*ssa.Function{}
	needed := map[*ssa.Function]bool{}
	seen := map[*ssa.Function]bool{}
	var todo []*ssa.Function
	reach := func(fn *ssa.Function) {
		if !seen[fn] {
			seen[fn] = true
			todo = append(todo, fn)
		}
	}
	for _, u := range s.units {
		for _, init := range u.initialisers {
			fn := s.program.FuncValue(init.fn)
			if fn == nil {
				continue
			}
			for _, v := range init.vars {
				if g, ok := u.ssa.Members[v.Name()].(*ssa.Global); ok {
					byGlobal[g] = fn
				}
			}
			if u == s.root || init.calls {
				needed[fn] = true
				reach(fn)
			}
		}
		for _, fn := range s.declared(u) {
			if u == s.root || isInit(fn) {
				reach(fn)
			}
		}
	}
	for len(todo) > 0 {
		fn := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, anon := range fn.AnonFuncs {
			reach(anon)
		}
		references(fn, func(v ssa.Value) {
			switch v := v.(type) {
			case *ssa.Function:
				reach(root(v))
			case *ssa.Global:
				if init := byGlobal[v]; init != nil {
					needed[init] = true
					reach(init)
				}
			}
		})
	}
	return needed
}

// isInit tells whether a function is one of those named init, which run without being called.
func isInit(fn *ssa.Function) bool {
	obj := fn.Object()
	return obj != nil && obj.Name() == "init" && fn.Signature.Recv() == nil
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

// references tells of each value that the instructions of a function refer to.
func references(fn *ssa.Function, found func(ssa.Value)) {
	var buf [8]*ssa.Value
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			for _, op := range instr.Operands(buf[:0]) {
				if *op != nil {
					found(*op)
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
