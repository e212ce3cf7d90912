package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"unicode/utf8"

	"golang.org/x/tools/go/ssa"
)

// encode fills the document's tables.
func (s *session) encode() bool {
	for _, src := range s.root.sources {
		s.doc.Files[src.index].Directives = s.looseDirectives(src)
		s.checkGeneric(src)
	}
	s.globals = map[*ssa.Global]int{}
	used := s.usedGlobals()
	for _, u := range s.units {
		for _, f := range u.files {
			s.places.index(f)
		}
	}
	for _, u := range slices.Backward(s.units) { // the root's first
		for _, f := range u.files {
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
					s.addGlobals(u, g, used)
				}
			}
		}
	}
	for _, fn := range s.functions {
		s.encodeFunction(fn)
	}
	for _, u := range s.units {
		s.markInitialisers(u)
	}
	s.encodeDynamic()
	s.doc.Types = s.types.list
	return !s.failed()
}

// usedGlobals are the variables that the functions of the document refer to.
func (s *session) usedGlobals() map[*ssa.Global]bool {
	used := map[*ssa.Global]bool{}
	for _, fn := range s.functions {
		references(fn, func(v ssa.Value) {
			if g, ok := v.(*ssa.Global); ok {
				used[g] = true
			}
		})
	}
	return used
}

// addGlobals enters the variables of a declaration, in the order of the source: the root's all,
// those of imported packages that are used.
func (s *session) addGlobals(u *unit, d *ast.GenDecl, used map[*ssa.Global]bool) {
	for _, spec := range d.Specs {
		spec := spec.(*ast.ValueSpec)
		for _, id := range spec.Names {
			g, ok := u.ssa.Members[id.Name].(*ssa.Global)
			if !ok || id.Name == "_" || u != s.root && !used[g] {
				continue
			}
			s.at = id.Pos()
			s.globals[g] = len(s.doc.Globals)
			s.doc.Globals = append(s.doc.Globals, Global{
				Name: id.Name, Package: u.pkg.Name(), Type: s.typeIndex(g.Object().Type()),
				Pos: s.pos(id.Pos()), Directives: s.directivesIn(varDoc(d, spec)), Path: s.importPath(u.pkg),
			})
		}
	}
}

// markInitialisers tells which functions are initialisers, and of what.
func (s *session) markInitialisers(u *unit) {
	for _, init := range u.initialisers {
		i, ok := s.funcIndex[s.program.FuncValue(init.fn)]
		if !ok {
			continue
		}
		fn := s.doc.Functions[i]
		fn.Synthetic = "initialiser"
		for _, v := range init.vars {
			if g, ok := u.ssa.Members[v.Name()].(*ssa.Global); ok && v.Name() != "_" {
				fn.Initialises = append(fn.Initialises, s.globals[g])
			}
		}
	}
}

// A body is a function on its way into the document.
type body struct {
	*session
	out     *Function
	numbers map[ssa.Value]int
	consts  map[constKey]int
	dropped map[ssa.Instruction]bool
	at      map[ssa.Instruction]token.Pos
}

type constKey struct {
	typ   int
	value string
}

func (s *session) encodeFunction(fn *ssa.Function) {
	s.at, s.encoding = fn.Pos(), root(fn)
	s.hook("function")
	out := &Function{
		Name: s.functionName(fn), Package: s.packageOf(fn).Name(), Type: s.typeIndex(fn.Signature),
		Pos: s.pos(fn.Pos()), End: s.pos(closing(fn)), Synthetic: fn.Synthetic,
		Params: len(fn.Params), Captures: len(fn.FreeVars), Path: s.importPath(s.packageOf(fn)),
	}
	if decl, ok := fn.Syntax().(*ast.FuncDecl); ok {
		out.Directives = s.directivesIn(decl.Doc)
		if decl.Body == nil {
			out.End = Pos{}
		}
	}
	if fn.Parent() != nil {
		parent := s.funcIndex[fn.Parent()]
		out.Parent = &parent
	}
	if fn.Recover != nil {
		out.Recover = &fn.Recover.Index
	}
	s.doc.Functions = append(s.doc.Functions, out)
	b := &body{
		session: s, out: out, numbers: map[ssa.Value]int{}, consts: map[constKey]int{},
		dropped: superfluous(fn), at: s.places.function(fn),
	}
	b.number(fn)
	b.blocks(fn)
}

// packageOf is the package that a function, or what it was made of, is declared in.
func (s *session) packageOf(fn *ssa.Function) *types.Package {
	if obj := root(fn).Object(); obj != nil && obj.Pkg() != nil {
		return obj.Pkg()
	}
	return s.root.pkg
}

// superfluous are instructions that go/ssa leaves for its later passes to remove: the defer stack
// and the running of deferred calls in a function that defers nothing, variables that nobody uses.
func superfluous(fn *ssa.Function) map[ssa.Instruction]bool {
	drop := map[ssa.Instruction]bool{}
	defers := false
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Call:
				if value, operand := layoutCall(instr); value != nil {
					drop[instr] = true
					for _, made := range operand {
						drop[made] = true
					}
				}
			case *ssa.Defer:
				defers = true
			case *ssa.Alloc:
				switch users := *instr.Referrers(); {
				case len(users) == 0:
					drop[instr] = true
				case instr.Comment != "defer$stack":
				case len(users) > 1:
					defers = true
				default:
					store := users[0].(*ssa.Store)
					drop[instr], drop[store], drop[store.Val.(*ssa.Call)] = true, true, true
				}
			}
		}
	}
	if defers {
		return drop
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if _, ok := instr.(*ssa.RunDefers); ok {
				drop[instr] = true
			}
		}
	}
	return drop
}

// number gives each value its number: parameters, captured variables, what else instructions
// refer to, and then the instructions themselves.
func (b *body) number(fn *ssa.Function) {
	add := func(v ssa.Value, node any) {
		b.numbers[v] = len(b.out.Values)
		b.out.Values = append(b.out.Values, node)
	}
	for _, p := range fn.Params {
		add(p, &Param{b.leaf("Param", p), p.Name(), b.pos(p.Pos())})
	}
	for _, v := range fn.FreeVars {
		add(v, &FreeVar{b.leaf("FreeVar", v), v.Name(), b.pos(v.Pos())})
	}
	var buf [16]*ssa.Value
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			if b.dropped[instr] {
				continue
			}
			b.session.at = b.at[instr]
			for _, op := range instr.Operands(buf[:0]) {
				b.operand(*op)
			}
		}
	}
	next := len(b.out.Values)
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			if v, ok := instr.(ssa.Value); ok && !b.dropped[instr] {
				b.numbers[v] = next
				next++
			}
		}
	}
}

func (b *body) leaf(kind string, v ssa.Value) Leaf { return Leaf{kind, b.typeIndex(v.Type())} }

// operand enters a value that no instruction makes, unless it is there.
func (b *body) operand(v ssa.Value) {
	if v == nil {
		return
	}
	if _, known := b.numbers[v]; known {
		return
	}
	var node any
	switch v := v.(type) {
	case *ssa.Call:
		if value, _ := layoutCall(v); value != nil {
			b.constant(value)
			b.numbers[v] = b.numbers[value]
		}
		return
	case *ssa.Const:
		b.constant(v)
		return
	case *ssa.Global:
		node = &GlobalRef{b.leaf("GlobalRef", v), b.globals[v]}
	case *ssa.Function:
		node = &FuncRef{b.leaf("FuncRef", v), b.funcIndex[v]}
	case *ssa.Builtin:
		node = &Builtin{b.leaf("Builtin", v), v.Name()}
	default:
		return
	}
	b.numbers[v] = len(b.out.Values)
	b.out.Values = append(b.out.Values, node)
}

// constant enters a constant, or finds its like.
func (b *body) constant(c *ssa.Const) {
	leaf := b.leaf("", c)
	key := constKey{leaf.Type, "nil"}
	if c.Value != nil {
		key.value = c.Value.ExactString()
	}
	i, known := b.consts[key]
	if !known {
		i = len(b.out.Values)
		b.consts[key] = i
		b.out.Values = append(b.out.Values, constantNode(c, leaf))
	}
	b.numbers[c] = i
}

func constantNode(c *ssa.Const, leaf Leaf) any {
	if c.Value == nil {
		leaf.Kind = "ConstNil"
		return &ConstNil{leaf}
	}
	basic, ok := c.Type().Underlying().(*types.Basic)
	if !ok {
		panic("constant " + c.String() + " of no basic type")
	}
	switch info := basic.Info(); {
	case info&types.IsBoolean != 0:
		leaf.Kind = "ConstBool"
		return &ConstBool{leaf, constant.BoolVal(c.Value)}
	case info&types.IsString != 0:
		leaf.Kind = "ConstString"
		return &ConstString{leaf, []byte(text(c.Value))}
	case info&(types.IsFloat|types.IsComplex) != 0:
		leaf.Kind = "ConstFloat"
		return &ConstFloat{leaf, c.Value.String()}
	}
	leaf.Kind = "ConstInt"
	return &ConstInt{leaf, integer(c)}
}

// text is the value of a string constant. In an instance of a generic function, string(65)
// reaches us as the number.
func text(v constant.Value) string {
	if v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	char, exact := constant.Int64Val(constant.ToInt(v))
	if !exact || char != int64(rune(char)) {
		return string(utf8.RuneError)
	}
	return string(rune(char))
}

// integer writes an integer constant, or the address that unsafe.Pointer makes of one.
func integer(c *ssa.Const) Number { return number(c.Value) }

// number writes a constant that is an integer.
func number(value constant.Value) Number {
	value = constant.ToInt(value)
	if i, exact := constant.Int64Val(value); exact {
		return Number(strconv.FormatInt(i, 10))
	}
	if u, exact := constant.Uint64Val(value); exact {
		return Number(strconv.FormatUint(u, 10))
	}
	panic("constant " + value.String() + " does not fit 64 bits")
}
