package main

import (
	"fmt"

	"golang.org/x/tools/go/ssa"
)

func (b *body) blocks(fn *ssa.Function) {
	for _, block := range fn.Blocks {
		out := Block{Comment: block.Comment, Instrs: []any{}, Preds: indices(block.Preds), Succs: indices(block.Succs)}
		for _, instr := range block.Instrs {
			if !b.dropped[instr] {
				b.session.at = b.at[instr]
				out.Instrs = append(out.Instrs, b.instruction(instr))
			}
		}
		b.out.Blocks = append(b.out.Blocks, out)
	}
}

func indices(blocks []*ssa.BasicBlock) []int {
	var list []int
	for _, b := range blocks {
		list = append(list, b.Index)
	}
	return list
}

// num is the number of an operand.
func (b *body) num(v ssa.Value) int {
	n, ok := b.numbers[v]
	if !ok {
		panic(fmt.Sprintf("no number for %T %s", v, v))
	}
	return n
}

func (b *body) nums(list []ssa.Value) []int {
	var out []int
	for _, v := range list {
		out = append(out, b.num(v))
	}
	return out
}

// optional is the number of an operand that may be left out.
func (b *body) optional(v ssa.Value) *int {
	if v == nil {
		return nil
	}
	n := b.num(v)
	return &n
}

func (b *body) register(op string, v ssa.Value) Register {
	return Register{op, b.num(v), b.typeIndex(v.Type()), b.pos(b.at[v.(ssa.Instruction)])}
}

func (b *body) effect(op string, instr ssa.Instruction) Effect {
	return Effect{op, b.pos(b.at[instr])}
}

func (b *body) instruction(instr ssa.Instruction) any {
	if v, ok := instr.(ssa.Value); ok {
		return b.valued(v)
	}
	switch i := instr.(type) {
	case *ssa.Jump:
		return &Bare{b.effect("Jump", i)}
	case *ssa.If:
		return &If{b.effect("If", i), b.num(i.Cond)}
	case *ssa.Return:
		return &Return{b.effect("Return", i), b.nums(i.Results)}
	case *ssa.Panic:
		return &Panic{b.effect("Panic", i), b.num(i.X)}
	case *ssa.RunDefers:
		return &Bare{b.effect("RunDefers", i)}
	case *ssa.Go:
		return &Bare{b.effect("Go", i)}
	case *ssa.Defer:
		return &Defer{b.effect("Defer", i), b.num(i.Call.Value), b.nums(i.Call.Args), method(&i.Call)}
	case *ssa.Send:
		return &Bare{b.effect("Send", i)}
	case *ssa.Store:
		return &Store{b.effect("Store", i), b.num(i.Addr), b.num(i.Val)}
	case *ssa.MapUpdate:
		return &Bare{b.effect("MapUpdate", i)}
	}
	panic(fmt.Sprintf("unknown instruction %T", instr))
}

func method(c *ssa.CallCommon) string {
	if c.Method == nil {
		return ""
	}
	return c.Method.Name()
}

func (b *body) valued(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.Alloc:
		return &Alloc{b.register("Alloc", v), v.Heap, v.Comment}
	case *ssa.Phi:
		return &Phi{b.register("Phi", v), b.nums(v.Edges), v.Comment}
	case *ssa.BinOp:
		return &BinOp{b.register("BinOp", v), v.Op.String(), b.num(v.X), b.num(v.Y)}
	case *ssa.UnOp:
		return &UnOp{b.register("UnOp", v), v.Op.String(), b.num(v.X), v.CommaOk}
	case *ssa.Call:
		return &Call{b.register("Call", v), b.num(v.Call.Value), b.nums(v.Call.Args), method(&v.Call)}
	case *ssa.MakeClosure:
		return &MakeClosure{b.register("MakeClosure", v), b.num(v.Fn), b.nums(v.Bindings)}
	case *ssa.MakeMap:
		return &Plain{b.register("MakeMap", v)}
	case *ssa.MakeChan:
		return &Plain{b.register("MakeChan", v)}
	case *ssa.Select:
		return &Plain{b.register("Select", v)}
	case *ssa.MakeSlice:
		return &MakeSlice{b.register("MakeSlice", v), b.num(v.Len), b.num(v.Cap)}
	case *ssa.Slice:
		return &SliceOp{b.register("Slice", v), b.num(v.X), b.optional(v.Low), b.optional(v.High), b.optional(v.Max)}
	case *ssa.FieldAddr:
		return &FieldOp{b.register("FieldAddr", v), b.num(v.X), v.Field}
	case *ssa.Field:
		return &FieldOp{b.register("Field", v), b.num(v.X), v.Field}
	case *ssa.IndexAddr:
		return &IndexOp{b.register("IndexAddr", v), b.num(v.X), b.num(v.Index)}
	case *ssa.Index:
		return &IndexOp{b.register("Index", v), b.num(v.X), b.num(v.Index)}
	case *ssa.Lookup:
		return &Lookup{b.register("Lookup", v), b.num(v.X), b.num(v.Index), v.CommaOk}
	case *ssa.Next:
		return &Next{b.register("Next", v), b.num(v.Iter), v.IsString}
	case *ssa.TypeAssert:
		return &TypeAssert{b.register("TypeAssert", v), b.num(v.X), b.typeIndex(v.AssertedType), v.CommaOk}
	case *ssa.Extract:
		return &Extract{b.register("Extract", v), b.num(v.Tuple), v.Index}
	}
	return b.unary(v)
}

// unary encodes the instructions that have one operand and nothing else.
func (b *body) unary(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.ChangeType:
		return &Unary{b.register("ChangeType", v), b.num(v.X)}
	case *ssa.Convert:
		return &Unary{b.register("Convert", v), b.num(v.X)}
	case *ssa.MultiConvert:
		return &Unary{b.register("MultiConvert", v), b.num(v.X)}
	case *ssa.SliceToArrayPointer:
		return &Unary{b.register("SliceToArrayPointer", v), b.num(v.X)}
	case *ssa.ChangeInterface:
		return &Unary{b.register("ChangeInterface", v), b.num(v.X)}
	case *ssa.MakeInterface:
		return &Unary{b.register("MakeInterface", v), b.num(v.X)}
	case *ssa.Range:
		return &Unary{b.register("Range", v), b.num(v.X)}
	}
	panic(fmt.Sprintf("unknown instruction %T", v))
}
