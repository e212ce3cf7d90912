package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A reached set has the functions and variables of imported packages that the root leads to, so
// that SSA is built for these only. Where a method of an interface is used, all methods of that
// name are.
type reachedSet struct {
	s        *session
	decls    map[types.Object]*declaration
	byMethod map[string][]*types.Func
	methods  map[string]bool // names of methods of interfaces that are used
	seen     map[types.Object]bool
	todo     []*declaration
}

// A declaration is a function of an imported package, or the initialiser of a variable.
type declaration struct {
	unit *unit
	node ast.Node
}

// reach walks from the root through all that its functions mention.
func (s *session) reach() *reachedSet {
	r := &reachedSet{
		s: s, decls: map[types.Object]*declaration{}, byMethod: map[string][]*types.Func{},
		methods: map[string]bool{}, seen: map[types.Object]bool{},
	}
	for _, u := range s.units {
		if u != s.root {
			r.enter(u)
		}
	}
	for _, f := range s.root.files {
		r.todo = append(r.todo, &declaration{s.root, f})
	}
	for len(r.todo) > 0 {
		d := r.todo[len(r.todo)-1]
		r.todo = r.todo[:len(r.todo)-1]
		ast.Inspect(d.node, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				r.use(d.unit.info.Uses[id])
			}
			return true
		})
	}
	return r
}

// enter notes what a package declares; what runs without being called is reached.
func (r *reachedSet) enter(u *unit) {
	for _, init := range u.initialisers {
		d := &declaration{u, init.decl}
		for _, v := range init.vars {
			r.decls[v] = d
		}
		r.decls[init.fn] = d
		if init.calls {
			r.use(init.fn)
		}
	}
	for _, f := range u.files {
		for _, d := range f.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			obj := u.info.Defs[decl.Name].(*types.Func)
			if r.decls[obj] == nil {
				r.decls[obj] = &declaration{u, decl}
			}
			switch {
			case decl.Recv != nil:
				r.byMethod[obj.Name()] = append(r.byMethod[obj.Name()], obj)
			case decl.Name.Name == "init":
				r.use(obj)
			}
		}
	}
}

// use notes that a name stands for an object somewhere.
func (r *reachedSet) use(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Func:
		recv := obj.Signature().Recv()
		if recv != nil && types.IsInterface(recv.Type()) && !r.methods[obj.Name()] {
			r.methods[obj.Name()] = true
			for _, method := range r.byMethod[obj.Name()] {
				r.add(method)
			}
		}
		r.add(obj.Origin())
	case *types.Var:
		r.add(obj)
	}
}

func (r *reachedSet) add(obj types.Object) {
	if d := r.decls[obj]; d != nil && !r.seen[obj] {
		r.seen[obj] = true
		r.todo = append(r.todo, d)
	}
}

// only is a package's files with no functions but those reached.
func (r *reachedSet) only(u *unit) []*ast.File {
	initialiser := map[*types.Func]*initialiser{}
	for _, init := range u.initialisers {
		initialiser[init.fn] = init
	}
	var list []*ast.File
	for _, f := range u.files {
		some := *f
		some.Decls = nil
		for _, d := range f.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || r.reachedFunc(u.info.Defs[decl.Name].(*types.Func), initialiser) {
				some.Decls = append(some.Decls, d)
			}
		}
		if u.info.FileVersions != nil {
			u.info.FileVersions[&some] = u.info.FileVersions[f]
		}
		list = append(list, &some)
	}
	return list
}

// reachedFunc tells whether a function is, or the initialiser of a variable that is.
func (r *reachedSet) reachedFunc(obj *types.Func, initialisers map[*types.Func]*initialiser) bool {
	if r.seen[obj] {
		return true
	}
	init := initialisers[obj]
	if init == nil {
		return false
	}
	for _, v := range init.vars {
		if r.seen[v] {
			return true
		}
	}
	return false
}

// callsSomething tells whether an expression calls a function or a method: neither a conversion
// nor a built-in function that computes.
func callsSomething(info *types.Info, e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // called only where another call is
		case *ast.CallExpr:
			if tv := info.Types[n.Fun]; !tv.IsType() && !tv.IsBuiltin() {
				found = true
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}
