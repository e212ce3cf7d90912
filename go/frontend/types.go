package main

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"
)

// A typeTable numbers types; identical types have one number.
type typeTable struct {
	list    []any
	known   map[types.Type]int // by pointer
	classes typeutil.Map       // by identity

	constants map[*types.Package]map[types.Type][]*types.Const
}

// typeIndex is the number of a type in the document.
func (s *session) typeIndex(t types.Type) int {
	t = types.Unalias(t)
	if sig, ok := t.(*types.Signature); ok && sig.Recv() != nil {
		return s.typeIndex(withReceiver(sig))
	}
	table := &s.types
	if i, ok := table.known[t]; ok {
		return i
	}
	if basic, ok := t.(*types.Basic); ok && types.Typ[basic.Kind()] != t && basic.Kind() != types.Invalid {
		return s.typeIndex(types.Typ[basic.Kind()]) // byte and rune
	}
	if table.known == nil {
		table.known = map[types.Type]int{}
		table.classes.SetHasher(typeutil.MakeHasher())
	}
	plain := !opaque(t)
	if plain {
		if i, ok := table.classes.At(t).(int); ok {
			table.known[t] = i
			return i
		}
	}
	i := len(table.list)
	table.list = append(table.list, nil)
	table.known[t] = i
	if plain {
		table.classes.Set(t, i)
	}
	table.list[i] = s.typeNode(t)
	return i
}

// withReceiver is a method's signature as that of a function: the receiver first.
func withReceiver(sig *types.Signature) *types.Signature {
	params := []*types.Var{sig.Recv()}
	for v := range sig.Params().Variables() {
		params = append(params, v)
	}
	return types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), sig.Results(), sig.Variadic())
}

// opaque tells whether a type is, or holds, one of go/ssa's own, which typeutil refuses.
func opaque(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic, *types.Named, *types.Array, *types.Slice, *types.Struct, *types.Map, *types.Chan,
		*types.Interface, *types.Alias, *types.TypeParam:
		return false
	case *types.Pointer:
		return opaque(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			if opaque(v.Type()) {
				return true
			}
		}
		return false
	case *types.Signature:
		return opaque(t.Params()) || opaque(t.Results())
	}
	return true
}

func (s *session) typeNode(t types.Type) any {
	shape := func(kind string) Shape {
		sh := Shape{Kind: kind, String: types.TypeString(t, s.qualifier)}
		if kind != "Tuple" {
			sh.Size, sh.Align = sizes.Sizeof(t), sizes.Alignof(t)
			if sh.Size < 0 {
				s.report(s.at, fmt.Sprintf("type %s larger than address space", sh.String))
			}
		}
		return sh
	}
	switch t := t.(type) {
	case *types.Basic:
		if t.Info()&types.IsUntyped != 0 || t.Kind() == types.Invalid {
			return &Basic{Shape{Kind: "Basic", String: t.String(), Align: 1}}
		}
		return &Basic{shape("Basic")}
	case *types.Named:
		return s.namedNode(t, shape("Named"))
	case *types.Pointer:
		if opaque(t) {
			return &Pointer{Shape{"Pointer", t.String(), 8, 8}, s.typeIndex(t.Elem())}
		}
		return &Pointer{shape("Pointer"), s.typeIndex(t.Elem())}
	case *types.Array:
		return &Array{shape("Array"), s.typeIndex(t.Elem()), t.Len()}
	case *types.Slice:
		return &SliceType{shape("Slice"), s.typeIndex(t.Elem())}
	case *types.Struct:
		return s.structNode(t, shape("Struct"))
	case *types.Tuple:
		return s.tupleNode(t, shape("Tuple"))
	case *types.Signature:
		return &Signature{shape("Signature"), s.typeList(t.Params()), s.typeList(t.Results()), t.Variadic()}
	case *types.Map:
		return &Foreign{shape("Foreign"), "map"}
	case *types.Chan:
		return &Foreign{shape("Foreign"), "chan"}
	case *types.Interface:
		return &Foreign{shape("Foreign"), "interface"}
	}
	return &Foreign{Shape{"Foreign", t.String(), 8, 8}, "other"}
}

// qualifier writes the types of the package without its name, others with the package's name.
func (s *session) qualifier(p *types.Package) string {
	if p == s.root.pkg {
		return ""
	}
	return p.Name()
}

// importPath is that of an imported package, empty for the root.
func (s *session) importPath(p *types.Package) string {
	if p == nil || p == s.root.pkg {
		return ""
	}
	return p.Path()
}

// constantsOf are the package-level constants of a defined integer type in its own package, in the
// order of the source.
func (s *session) constantsOf(t *types.Named) (list []Constant) {
	basic, ok := t.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return nil
	}
	pkg := t.Obj().Pkg()
	known, ok := s.types.constants[pkg]
	if !ok {
		known = constantsByType(pkg)
		if s.types.constants == nil {
			s.types.constants = map[*types.Package]map[types.Type][]*types.Const{}
		}
		s.types.constants[pkg] = known
	}
	for _, c := range known[t] {
		list = append(list, Constant{c.Name(), number(c.Val())})
	}
	return list
}

// constantsByType are a package's constants of defined types.
func constantsByType(pkg *types.Package) map[types.Type][]*types.Const {
	byType := map[types.Type][]*types.Const{}
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok {
			if named, ok := types.Unalias(c.Type()).(*types.Named); ok {
				byType[named] = append(byType[named], c)
			}
		}
	}
	for _, list := range byType {
		slices.SortFunc(list, func(a, b *types.Const) int { return int(a.Pos() - b.Pos()) })
	}
	return byType
}

func (s *session) typeList(t *types.Tuple) []int {
	var list []int
	for v := range t.Variables() {
		list = append(list, s.typeIndex(v.Type()))
	}
	return list
}

func (s *session) namedNode(t *types.Named, shape Shape) *Named {
	obj := t.Obj()
	n := &Named{Shape: shape, Name: obj.Name(), Pos: s.pos(obj.Pos()), Scope: s.scope(obj)}
	if pkg := obj.Pkg(); pkg != nil {
		n.Package, n.Path = pkg.Name(), s.importPath(pkg)
		n.Constants = s.constantsOf(t)
	}
	for arg := range t.TypeArgs().Types() {
		n.Args = append(n.Args, s.typeIndex(arg))
	}
	n.Underlying = s.typeIndex(t.Underlying())
	return n
}

// scope is the name of the outermost function around a type's declaration. In an instance of a
// generic function that is the instance: it has a type of its own.
func (s *session) scope(obj *types.TypeName) string {
	if obj.Pkg() == nil || obj.Parent() == obj.Pkg().Scope() || obj.Parent() == types.Universe {
		return ""
	}
	at := obj.Pos()
	if s.encoding != nil && within(s.encoding, at) {
		return s.functionName(s.encoding)
	}
	for _, fn := range s.functions {
		if fn.Parent() == nil && within(fn, at) {
			return s.functionName(fn)
		}
	}
	return ""
}

func (s *session) structNode(t *types.Struct, shape Shape) *Struct {
	n := &Struct{Shape: shape}
	var fields []*types.Var
	for f := range t.Fields() {
		fields = append(fields, f)
	}
	offsets := sizes.Offsetsof(fields)
	for i, f := range fields {
		n.Fields = append(n.Fields, Field{
			Name: f.Name(), Type: s.typeIndex(f.Type()), Offset: offsets[i],
			Embedded: f.Embedded(), Tag: t.Tag(i), Pos: s.pos(f.Pos()),
		})
	}
	return n
}

// tupleNode lays a tuple out as a struct of its components.
func (s *session) tupleNode(t *types.Tuple, shape Shape) *Tuple {
	n := &Tuple{Shape: shape, Types: s.typeList(t)}
	n.Align = 1
	if opaque(t) {
		return n
	}
	var fields []*types.Var
	for v := range t.Variables() {
		if basic, ok := v.Type().(*types.Basic); ok && (basic.Kind() == types.Invalid || basic.Info()&types.IsUntyped != 0) {
			continue // a result of Next that nobody asked for
		}
		fields = append(fields, types.NewField(token.NoPos, nil, "_", v.Type(), false))
	}
	whole := types.NewStruct(fields, nil)
	n.Size, n.Align = sizes.Sizeof(whole), sizes.Alignof(whole)
	return n
}
