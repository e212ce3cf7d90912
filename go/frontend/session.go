package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A session is one run: what is known so far, each step adding to it.
type session struct {
	req *Request
	doc *Document

	// selectFiles
	sources   []*source
	goVersion string // language version of the package, such as "go1.21"

	// parse
	fset    *token.FileSet
	files   []*ast.File
	reports []report

	// check
	checker       *types.Checker // while it runs
	pkg           *types.Package
	info          *types.Info
	failedImports map[Pos]bool
	initialisers  []*initialiser

	// build
	program   *ssa.Program
	main      *ssa.Package
	functions []*ssa.Function
	funcIndex map[*ssa.Function]int
	globals   map[*ssa.Global]int

	// encode
	types  typeTable
	places places

	encoding *ssa.Function // the outermost function that is being encoded
	at       token.Pos     // what is being worked on, for internal errors
}

// A source is one file of the package.
type source struct {
	name  string
	text  []byte
	index int // in Document.Files
	file  *token.File
	ast   *ast.File
}

// path is how a file of the package is shown to the user.
func (s *session) path(name string) string {
	switch display := s.req.Display; {
	case display == "":
		return name
	case display[len(display)-1] == '/':
		return display + name
	default:
		return display + "/" + name
	}
}

// place is where the package directory is shown to be.
func (s *session) place() string {
	if s.req.Display != "" {
		return s.req.Display
	}
	return s.req.Dir
}

// addFile enters a text into the document's table of files.
func (s *session) addFile(path, text string) int {
	s.doc.Files = append(s.doc.Files, File{Path: path, Text: text})
	return len(s.doc.Files) - 1
}

// pos converts a position; //line directives are not followed.
func (s *session) pos(p token.Pos) Pos {
	if !p.IsValid() {
		return Pos{}
	}
	for _, src := range s.sources {
		if f := src.file; f != nil && f.Base() <= int(p) && int(p) <= f.Base()+f.Size() {
			at := f.PositionFor(p, false)
			return Pos{src.index, at.Line, at.Column}
		}
	}
	return Pos{}
}
