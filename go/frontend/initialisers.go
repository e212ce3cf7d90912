package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// An initialiser is a function made for one package variable (or the several of var x, y = f())
// that gives it its value. go/ssa would put them all into one function, which says nothing
// about where each begins.
type initialiser struct {
	name string
	vars []*types.Var
	decl *ast.FuncDecl
	fn   *types.Func

	calls bool // functions, which may do more than compute a value
}

// splitInitialisers turns each initialisation that the type checker found, in its order, into
// a function declaration beside the variable, and leaves go/ssa's own initialiser nothing to do.
func (u *unit) splitInitialisers() {
	owner := map[ast.Expr]*ast.File{}
	for _, f := range u.files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					for _, value := range spec.(*ast.ValueSpec).Values {
						owner[value] = f
					}
				}
			}
		}
	}
	blanks := 0
	for _, order := range u.info.InitOrder {
		made := u.initialiser(order, &blanks)
		file := owner[order.Rhs]
		file.Decls = append(file.Decls, made.decl)
		u.initialisers = append(u.initialisers, made)
	}
	u.info.InitOrder = nil
}

func (u *unit) initialiser(order *types.Initializer, blanks *int) *initialiser {
	assign := &ast.AssignStmt{Tok: token.ASSIGN, TokPos: order.Rhs.Pos(), Rhs: []ast.Expr{order.Rhs}}
	var names []string
	for _, v := range order.Lhs {
		id := &ast.Ident{NamePos: v.Pos(), Name: v.Name()}
		if v.Name() != "_" {
			u.info.Uses[id] = v
		}
		assign.Lhs = append(assign.Lhs, id)
		names = append(names, v.Name())
	}
	name := strings.Join(names, ",") + ".init"
	if order.Lhs[0].Name() == "_" {
		*blanks++
		name += fmt.Sprintf("#%d", *blanks)
	}
	at := order.Lhs[0].Pos()
	id := &ast.Ident{NamePos: at, Name: name}
	fn := types.NewFunc(at, u.pkg, name, types.NewSignatureType(nil, nil, nil, nil, nil, false))
	u.info.Defs[id] = fn
	calls := callsSomething(u.info, order.Rhs)
	return &initialiser{name: name, vars: order.Lhs, fn: fn, calls: calls, decl: &ast.FuncDecl{
		Name: id,
		Type: &ast.FuncType{Func: at, Params: &ast.FieldList{Opening: at, Closing: at}},
		Body: &ast.BlockStmt{Lbrace: at, List: []ast.Stmt{assign}, Rbrace: order.Rhs.End()},
	}}
}
