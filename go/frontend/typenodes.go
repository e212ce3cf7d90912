package main

// Kinds of type in the document. Each begins with a Shape, whose Kind names it.

type Shape struct {
	Kind   string `json:"kind"`
	String string `json:"string"`
	Size   int64  `json:"size"`
	Align  int64  `json:"align"`
}

type Basic struct{ Shape }

type Named struct {
	Shape
	Name       string     `json:"name"`
	Package    string     `json:"package"`
	Underlying int        `json:"underlying"`
	Pos        Pos        `json:"pos,omitzero"`
	Args       []int      `json:"args,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	Path       string     `json:"path,omitempty"`
	Constants  []Constant `json:"constants,omitempty"`
}

type Constant struct {
	Name  string `json:"name"`
	Value Number `json:"value"`
}

type Pointer struct {
	Shape
	Elem int `json:"elem"`
}

type Array struct {
	Shape
	Elem int   `json:"elem"`
	Len  int64 `json:"len"`
}

type SliceType struct {
	Shape
	Elem int `json:"elem"`
}

type Struct struct {
	Shape
	Fields []Field `json:"fields,omitempty"`
}

type Field struct {
	Name     string `json:"name"`
	Type     int    `json:"type"`
	Offset   int64  `json:"offset"`
	Embedded bool   `json:"embedded,omitempty"`
	Tag      string `json:"tag,omitempty"`
	Pos      Pos    `json:"pos,omitzero"`
}

type Tuple struct {
	Shape
	Types []int `json:"types,omitempty"`
}

type Signature struct {
	Shape
	Params   []int `json:"params,omitempty"`
	Results  []int `json:"results,omitempty"`
	Variadic bool  `json:"variadic,omitempty"`
}

type Foreign struct {
	Shape
	What string `json:"what"`
}

// Values that no instruction makes. Each begins with a Leaf, whose Kind names it.

type Leaf struct {
	Kind string `json:"kind"`
	Type int    `json:"type"`
}

type Param struct {
	Leaf
	Name string `json:"name"`
	Pos  Pos    `json:"pos,omitzero"`
}

type FreeVar struct {
	Leaf
	Name string `json:"name"`
	Pos  Pos    `json:"pos,omitzero"`
}

type ConstInt struct {
	Leaf
	Value Number `json:"value"`
}

type ConstBool struct {
	Leaf
	Value bool `json:"value"`
}

type ConstString struct {
	Leaf
	Value []byte `json:"value"`
}

type ConstFloat struct {
	Leaf
	Value string `json:"value"`
}

type ConstNil struct{ Leaf }

type GlobalRef struct {
	Leaf
	Index int `json:"index"`
}

type FuncRef struct {
	Leaf
	Index int `json:"index"`
}

type Builtin struct {
	Leaf
	Name string `json:"name"`
}
