package main

import (
	"go/ast"
	"go/constant"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// unsafe.Sizeof(x), Alignof(x) and Offsetof(x.f) do not evaluate x. Where x's type depends on a
// type parameter they are no constants for go/types, and go/ssa evaluates x in each instance and
// calls the built-in function. So x is replaced by a zero value of its type before SSA is built,
// and the call by the constant when it is encoded.

// withoutOperands replaces the operands in a package's generic functions.
func (u *unit) withoutOperands() {
	for _, f := range u.files {
		if !imports(f, "unsafe") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || u.info.Types[call].Value != nil {
				return true
			}
			switch u.unsafeFunc(call.Fun) {
			case "Sizeof", "Alignof":
				call.Args[0] = u.zero(call.Args[0])
			case "Offsetof":
				call.Args[0] = u.zeroSelection(ast.Unparen(call.Args[0]).(*ast.SelectorExpr))
			}
			return true
		})
	}
}

func imports(f *ast.File, path string) bool {
	for _, spec := range f.Imports {
		if importPath(spec) == path {
			return true
		}
	}
	return false
}

// unsafeFunc is the name of the function of package unsafe that an expression names.
func (u *unit) unsafeFunc(e ast.Expr) string {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if sel, isSel := ast.Unparen(e).(*ast.SelectorExpr); isSel {
		id, ok = sel.Sel, true
	}
	if !ok {
		return ""
	}
	if obj, ok := u.info.Uses[id].(*types.Builtin); ok && obj.Pkg() == types.Unsafe {
		return obj.Name()
	}
	return ""
}

// zero is an expression for the zero value of another one's type.
func (u *unit) zero(e ast.Expr) ast.Expr {
	id := &ast.Ident{NamePos: e.Pos(), Name: "nil"}
	u.info.Uses[id] = types.Universe.Lookup("nil")
	u.info.Types[id] = types.TypeAndValue{Type: u.info.Types[e].Type}
	return id
}

// zeroSelection is x.f with x's zero value, which has no address.
func (u *unit) zeroSelection(e *ast.SelectorExpr) ast.Expr {
	sel := &ast.SelectorExpr{X: u.zero(e.X), Sel: e.Sel}
	u.info.Types[sel] = types.TypeAndValue{Type: u.info.Types[e].Type}
	u.info.Selections[sel] = u.info.Selections[e]
	return sel
}

// layoutCall is the value of a call of Sizeof, Alignof or Offsetof in an instance, and the
// instructions that make its operand.
func layoutCall(instr ssa.Instruction) (value *ssa.Const, operand []ssa.Instruction) {
	call, ok := instr.(*ssa.Call)
	if !ok {
		return nil, nil
	}
	builtin, ok := call.Call.Value.(*ssa.Builtin)
	if !ok {
		return nil, nil
	}
	var n int64
	arg := call.Call.Args
	switch builtin.Name() {
	case "Sizeof":
		n = sizes.Sizeof(arg[0].Type())
	case "Alignof":
		n = sizes.Alignof(arg[0].Type())
	case "Offsetof":
		n, operand = fieldOffset(arg[0])
	default:
		return nil, nil
	}
	return ssa.NewConst(constant.MakeInt64(n), call.Type()), operand
}

// fieldOffset is the sum of the offsets of the selections that make a value.
func fieldOffset(v ssa.Value) (sum int64, made []ssa.Instruction) {
	for {
		switch x := v.(type) {
		case *ssa.UnOp:
			made, v = append(made, x), x.X
		case *ssa.FieldAddr:
			made, v = append(made, x), x.X
			sum += offsetOf(types.Unalias(x.X.Type()).Underlying().(*types.Pointer).Elem(), x.Field)
		case *ssa.Field:
			made, v = append(made, x), x.X
			sum += offsetOf(x.X.Type(), x.Field)
		default:
			return sum, made
		}
	}
}

func offsetOf(t types.Type, field int) int64 {
	layout := t.Underlying().(*types.Struct)
	fields := make([]*types.Var, layout.NumFields())
	for i := range fields {
		fields[i] = layout.Field(i)
	}
	return sizes.Offsetsof(fields)[field]
}
