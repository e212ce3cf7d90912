package main

// Kinds of instruction in the document, named as in go/ssa. Those that make a value begin with
// a Register, the others with an Effect; Op names the kind.

type Register struct {
	Op   string `json:"op"`
	ID   int    `json:"id"`
	Type int    `json:"type"`
	Pos  Pos    `json:"pos"`
}

type Effect struct {
	Op  string `json:"op"`
	Pos Pos    `json:"pos"`
}

type Alloc struct {
	Register
	Heap    bool   `json:"heap,omitempty"`
	Comment string `json:"comment,omitempty"`
}

type Phi struct {
	Register
	Edges   []int  `json:"edges"`
	Comment string `json:"comment,omitempty"`
}

type BinOp struct {
	Register
	Operator string `json:"operator"`
	X        int    `json:"x"`
	Y        int    `json:"y"`
}

type UnOp struct {
	Register
	Operator string `json:"operator"`
	X        int    `json:"x"`
	CommaOk  bool   `json:"comma_ok,omitempty"`
}

type Call struct {
	Register
	Fn     int    `json:"fn"`
	Args   []int  `json:"args,omitempty"`
	Method string `json:"method,omitempty"`
}

// A Unary is any instruction that has one operand and nothing else: ChangeType, Convert,
// MultiConvert, SliceToArrayPointer, ChangeInterface, MakeInterface, Range.
type Unary struct {
	Register
	X int `json:"x"`
}

type MakeClosure struct {
	Register
	Fn       int   `json:"fn"`
	Bindings []int `json:"bindings,omitempty"`
}

// A Plain makes a value and tells no more: MakeMap, MakeChan, Select.
type Plain struct{ Register }

type MakeSlice struct {
	Register
	Len int `json:"len"`
	Cap int `json:"cap"`
}

type SliceOp struct {
	Register
	X    int  `json:"x"`
	Low  *int `json:"low,omitempty"`
	High *int `json:"high,omitempty"`
	Max  *int `json:"max,omitempty"`
}

// A FieldOp is a FieldAddr or a Field.
type FieldOp struct {
	Register
	X     int `json:"x"`
	Field int `json:"field"`
}

// An IndexOp is an IndexAddr or an Index.
type IndexOp struct {
	Register
	X     int `json:"x"`
	Index int `json:"index"`
}

type Lookup struct {
	Register
	X       int  `json:"x"`
	Index   int  `json:"index"`
	CommaOk bool `json:"comma_ok,omitempty"`
}

type Next struct {
	Register
	Iter     int  `json:"iter"`
	IsString bool `json:"is_string,omitempty"`
}

type TypeAssert struct {
	Register
	X        int  `json:"x"`
	Asserted int  `json:"asserted"`
	CommaOk  bool `json:"comma_ok,omitempty"`
}

type Extract struct {
	Register
	Tuple int `json:"tuple"`
	Index int `json:"index"`
}

type If struct {
	Effect
	Cond int `json:"cond"`
}

type Return struct {
	Effect
	Results []int `json:"results,omitempty"`
}

type Panic struct {
	Effect
	X int `json:"x"`
}

type Defer struct {
	Effect
	Fn     int    `json:"fn"`
	Args   []int  `json:"args,omitempty"`
	Method string `json:"method,omitempty"`
}

type Store struct {
	Effect
	Addr  int `json:"addr"`
	Value int `json:"value"`
}

// A Bare has an effect and tells no more: Jump, RunDefers, Go, Send, MapUpdate.
type Bare struct{ Effect }
