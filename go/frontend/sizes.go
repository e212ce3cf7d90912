package main

import "go/types"

// finiteSizes asks gc's sizes only about types that have one: gc's own recursion does not end
// where a struct contains itself, which the type checker asks about before it says that the type
// is invalid.
type finiteSizes struct{ types.Sizes }

// sizes are those of gc on amd64, which are BPF's too.
var sizes types.Sizes = finiteSizes{types.SizesFor("gc", "amd64")}

func (s finiteSizes) Alignof(t types.Type) int64 {
	if containsItself(t, nil) {
		return 1
	}
	return s.Sizes.Alignof(t)
}

func (s finiteSizes) Sizeof(t types.Type) int64 {
	if containsItself(t, nil) {
		return 0
	}
	return s.Sizes.Sizeof(t)
}

func (s finiteSizes) Offsetsof(fields []*types.Var) []int64 {
	for _, f := range fields {
		if containsItself(f.Type(), nil) {
			return make([]int64, len(fields))
		}
	}
	return s.Sizes.Offsetsof(fields)
}

// containsItself tells whether a value of the type would hold a value of one of the defined types
// that it lies in, outside the list.
func containsItself(t types.Type, outside []*types.Named) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		for _, n := range outside {
			if n == t {
				return true
			}
		}
		return containsItself(t.Underlying(), append(outside, t))
	case *types.Array:
		return containsItself(t.Elem(), outside)
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			if containsItself(t.Field(i).Type(), outside) {
				return true
			}
		}
	}
	return false
}
