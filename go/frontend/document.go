package main

// The document as Go structures. src/tinybpf/compiler/ssa.py describes what each part means;
// TestSchema holds these structures to the schema that is generated from it. A field that has
// its default is left out of the JSON text.

const protocol = 1

// A Pos is a place in the source: file index, line and column, the last two from 1.
type Pos [3]int

type Request struct {
	Dir      string            `json:"dir"`
	Display  string            `json:"display,omitempty"`
	Files    []string          `json:"files,omitempty"`
	Sources  map[string]string `json:"sources,omitempty"`
	Tags     []string          `json:"tags,omitempty"`
	Packages map[string]string `json:"packages,omitempty"`
	Protocol int               `json:"protocol,omitempty"`
}

type Document struct {
	Protocol    int          `json:"protocol"`
	Package     string       `json:"package,omitempty"`
	Go          string       `json:"go,omitempty"`
	Files       []File       `json:"files,omitempty"`
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
	Types       []any        `json:"types,omitempty"`
	Globals     []Global     `json:"globals,omitempty"`
	Functions   []*Function  `json:"functions,omitempty"`
	Dynamic     []Dynamic    `json:"dynamic,omitempty"`
}

type Dynamic struct {
	Type       int      `json:"type"`
	Methods    []Method `json:"methods,omitempty"`
	Implements []int    `json:"implements,omitempty"`
	Comparable bool     `json:"comparable,omitempty"`
}

type Method struct {
	Name     string `json:"name"`
	Function int    `json:"function"`
}

type File struct {
	Path       string      `json:"path"`
	Text       string      `json:"text"`
	Directives []Directive `json:"directives,omitempty"`
}

type Directive struct {
	Text string `json:"text"`
	Pos  Pos    `json:"pos"`
}

type Diagnostic struct {
	Pos     Pos    `json:"pos"`
	Message string `json:"message"`
	Kind    string `json:"kind,omitempty"` // empty for "error"
}

type Global struct {
	Name       string      `json:"name"`
	Package    string      `json:"package"`
	Type       int         `json:"type"`
	Pos        Pos         `json:"pos"`
	Directives []Directive `json:"directives,omitempty"`
	Path       string      `json:"path,omitempty"`
}

type Function struct {
	Name        string      `json:"name"`
	Package     string      `json:"package"`
	Type        int         `json:"type"`
	Pos         Pos         `json:"pos"`
	End         Pos         `json:"end,omitzero"`
	Values      []any       `json:"values,omitempty"`
	Params      int         `json:"params,omitempty"`
	Captures    int         `json:"captures,omitempty"`
	Blocks      []Block     `json:"blocks,omitempty"`
	Directives  []Directive `json:"directives,omitempty"`
	Synthetic   string      `json:"synthetic,omitempty"`
	Parent      *int        `json:"parent,omitempty"`
	Initialises []int       `json:"initialises,omitempty"`
	Recover     *int        `json:"recover,omitempty"`
	Path        string      `json:"path,omitempty"`
}

type Block struct {
	Instrs  []any  `json:"instrs"`
	Preds   []int  `json:"preds,omitempty"`
	Succs   []int  `json:"succs,omitempty"`
	Comment string `json:"comment,omitempty"`
}
