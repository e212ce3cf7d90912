package main

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// Every instruction gets a place in the source, by the first of these rules that gives one:
//
//  1. Its own position. go/ssa's is that of a token of the construct; what a reader looks for
//     stands instead: of a call the function's name (the last part of a.b.f), of a conversion
//     its type, of an index expression the index, of a slice expression its first bound, of
//     x op= y and x++ the operator, of a composite literal its type, in one the key for the
//     address of a field and the value for the store. Binary and unary operators, return, go,
//     defer and the selected name of x.f stay.
//  2. By kind: a branch stands where its condition does; a parameter's spill where its variable
//     is declared; a function literal at its func; a loop's hidden counter at the for; the loads
//     and deferred calls before a return at the return; a return that nobody wrote at the
//     function's closing brace; the address of an element of a literal where the element does;
//     what is only a change of representation (implicit conversion, load of a field, part of a
//     tuple, variadic slice) where its operand does, or, its operand being a constant, where it
//     is used.
//  3. That of the nearest earlier instruction of the block that has one by the rules above;
//     else of the nearest later one.
//  4. That of the last instruction of a preceding block; else of the function.
type places struct {
	nodes map[token.Pos]ast.Node // constructs by the token that go/ssa names them by
}

// index enters the constructs of a file.
func (p *places) index(file *ast.File) {
	if p.nodes == nil {
		p.nodes = map[token.Pos]ast.Node{}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			p.nodes[n.Lparen], p.nodes[n.Rparen] = n, n
		case *ast.IndexExpr:
			p.nodes[n.Lbrack] = n
		case *ast.SliceExpr:
			p.nodes[n.Lbrack] = n
		case *ast.KeyValueExpr:
			p.nodes[n.Colon] = n
		case *ast.CompositeLit:
			p.nodes[n.Lbrace] = n
		case *ast.TypeAssertExpr:
			p.nodes[n.Lparen] = n
		case *ast.IncDecStmt:
			p.nodes[n.Pos()] = n
		case *ast.AssignStmt:
			if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
				p.nodes[n.Pos()] = n
			}
		}
		return true
	})
}

// own is rule 1.
func (p *places) own(instr ssa.Instruction) token.Pos {
	at := instr.Pos()
	switch n := p.nodes[at].(type) {
	case *ast.CallExpr:
		if _, ok := instr.(*ssa.Call); ok {
			return calleePos(n.Fun)
		}
		return n.Pos()
	case *ast.IndexExpr:
		return n.Index.Pos()
	case *ast.SliceExpr:
		for _, bound := range []ast.Expr{n.Low, n.High, n.Max} {
			if bound != nil {
				return bound.Pos()
			}
		}
	case *ast.KeyValueExpr:
		if _, ok := instr.(*ssa.Store); ok {
			return n.Value.Pos()
		}
		return n.Key.Pos()
	case *ast.CompositeLit, *ast.TypeAssertExpr:
		return n.Pos()
	case *ast.IncDecStmt:
		if _, ok := instr.(*ssa.BinOp); ok {
			return n.TokPos
		}
	case *ast.AssignStmt:
		if _, ok := instr.(*ssa.BinOp); ok {
			return n.TokPos
		}
	}
	return at
}

// calleePos is where the name of a called function stands.
func calleePos(e ast.Expr) token.Pos {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Pos()
	case *ast.IndexExpr:
		return calleePos(e.X)
	case *ast.IndexListExpr:
		return calleePos(e.X)
	}
	return e.Pos()
}

// function gives each instruction of a function its place.
func (p *places) function(fn *ssa.Function) map[ssa.Instruction]token.Pos {
	at := make(map[ssa.Instruction]token.Pos)
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if pos := p.own(instr); pos.IsValid() {
				at[instr] = pos
			}
		}
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if !at[instr].IsValid() {
				at[instr] = p.byKind(fn, instr, at)
			}
		}
	}
	for _, b := range fn.Blocks {
		fill(fn, b, at)
	}
	return at
}

// byKind is rule 2; NoPos where it says nothing.
func (p *places) byKind(fn *ssa.Function, instr ssa.Instruction, at map[ssa.Instruction]token.Pos) token.Pos {
	block := instr.Block()
	ret, returns := block.Instrs[len(block.Instrs)-1].(*ssa.Return)
	switch v := instr.(type) {
	case *ssa.If:
		return placeOf(v.Cond, at)
	case *ssa.Return:
		return returnPos(fn, v)
	case *ssa.RunDefers:
		if returns {
			return returnPos(fn, ret)
		}
	case *ssa.Store:
		if _, ok := v.Val.(*ssa.Parameter); ok {
			return placeOf(v.Addr, at)
		}
	case *ssa.UnOp:
		variable, ok := v.X.(*ssa.Alloc)
		switch {
		case !ok:
			return placeOf(v.X, at)
		case returns && uses(v, ret):
			return returnPos(fn, ret)
		case !variable.Pos().IsValid():
			return p.byUse(variable, at)
		}
	case *ssa.MakeClosure:
		return v.Fn.Pos()
	case *ssa.Call:
		for _, arg := range v.Call.Args {
			if pos := placeOf(arg, at); pos.IsValid() {
				return pos
			}
		}
	case *ssa.IndexAddr: // of an element of a literal
		return p.byUse(v, at)
	case ssa.Value:
		var buf [8]*ssa.Value
		for _, op := range instr.Operands(buf[:0]) {
			if pos := placeOf(*op, at); pos.IsValid() {
				return pos
			}
		}
		return p.byUse(v, at)
	}
	return token.NoPos
}

// byUse is the place of the first user of a value that has one.
func (p *places) byUse(v ssa.Value, at map[ssa.Instruction]token.Pos) token.Pos {
	for _, user := range *v.Referrers() {
		if pos := at[user]; pos.IsValid() {
			return pos
		}
	}
	return token.NoPos
}

func placeOf(v ssa.Value, at map[ssa.Instruction]token.Pos) token.Pos {
	if instr, ok := v.(ssa.Instruction); ok {
		return at[instr]
	}
	return token.NoPos
}

func uses(v ssa.Value, user ssa.Instruction) bool {
	for _, r := range *v.Referrers() {
		if r == user {
			return true
		}
	}
	return false
}

// returnPos is where a return stands, or the closing brace that stands for it.
func returnPos(fn *ssa.Function, ret *ssa.Return) token.Pos {
	if ret.Pos().IsValid() {
		return ret.Pos()
	}
	return closing(fn)
}

// closing is a function's closing brace.
func closing(fn *ssa.Function) token.Pos {
	switch n := fn.Syntax().(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			return n.Body.Rbrace
		}
	case *ast.FuncLit:
		return n.Body.Rbrace
	case *ast.RangeStmt:
		return n.Body.Rbrace
	}
	return fn.Pos()
}

// fill is rules 3 and 4, for a block whose predecessors' turn may not have come.
func fill(fn *ssa.Function, b *ssa.BasicBlock, at map[ssa.Instruction]token.Pos) {
	before := token.NoPos
	for _, instr := range b.Instrs {
		if pos := at[instr]; pos.IsValid() {
			before = pos
		} else if before.IsValid() {
			at[instr] = before
		}
	}
	if !before.IsValid() {
		before = fn.Pos()
		for _, pred := range b.Preds {
			if pos := at[pred.Instrs[len(pred.Instrs)-1]]; pos.IsValid() {
				before = pos
				break
			}
		}
	}
	for i := len(b.Instrs) - 1; i >= 0; i-- {
		if pos := at[b.Instrs[i]]; pos.IsValid() {
			before = pos
		} else {
			at[b.Instrs[i]] = before
		}
	}
}
