package main

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// functionName is a function's name relative to its package: f, T.M, (*T).M, f$1, Max[int],
// T.M$bound, x.init for the initialiser of x.
func (s *session) functionName(fn *ssa.Function) string {
	if parent := fn.Parent(); parent != nil {
		return s.functionName(parent) + strings.TrimPrefix(fn.Name(), parent.Name())
	}
	name := s.bareName(fn)
	if recv := receiver(fn); recv != nil {
		return s.receiverName(recv) + "." + name
	}
	return name
}

// receiverName is a receiver's type, without the package's name but in type arguments.
func (s *session) receiverName(recv types.Type) string {
	if p, ok := recv.(*types.Pointer); ok {
		return "(*" + s.receiverName(p.Elem()) + ")"
	}
	named, ok := types.Unalias(recv).(*types.Named)
	if !ok {
		return types.TypeString(recv, s.qualifier)
	}
	var args []string
	for t := range named.TypeArgs().Types() {
		args = append(args, types.TypeString(t, s.qualifier))
	}
	if args == nil {
		return named.Obj().Name()
	}
	return named.Obj().Name() + "[" + strings.Join(args, ", ") + "]"
}

// receiver is the type that a method, thunk or bound method belongs to; nil for a function.
func receiver(fn *ssa.Function) types.Type {
	switch name := fn.Name(); {
	case fn.Signature.Recv() != nil:
		return fn.Signature.Recv().Type()
	case strings.HasSuffix(name, "$bound") && len(fn.FreeVars) == 1:
		return fn.FreeVars[0].Type()
	case strings.HasSuffix(name, "$thunk") && fn.Signature.Params().Len() > 0:
		return fn.Signature.Params().At(0).Type()
	}
	return nil
}

// bareName is go/ssa's name without the receiver; type arguments relative to the package.
func (s *session) bareName(fn *ssa.Function) string {
	name := fn.Name()
	open, end := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']')
	if open < 0 || end < open {
		return name
	}
	args := fn.TypeArgs()
	if recv := receiver(fn); recv != nil {
		args = args[min(len(args), receiverArgs(recv)):]
	}
	if len(args) == 0 {
		return name
	}
	var list []string
	for _, t := range args {
		list = append(list, types.TypeString(t, s.qualifier))
	}
	return name[:open] + "[" + strings.Join(list, ", ") + "]" + name[end+1:]
}

func receiverArgs(recv types.Type) int {
	if p, ok := recv.(*types.Pointer); ok {
		recv = p.Elem()
	}
	if named, ok := types.Unalias(recv).(*types.Named); ok {
		return named.TypeArgs().Len()
	}
	return 0
}

// within tells whether a function's source spans a position.
func within(fn *ssa.Function, at token.Pos) bool {
	syntax := fn.Syntax()
	return syntax != nil && syntax.Pos() <= at && at < syntax.End()
}
