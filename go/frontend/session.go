package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"unicode/utf8"

	"golang.org/x/tools/go/ssa"
)

// A session is one run: what is known so far, each step adding to it.
type session struct {
	req     *Request
	doc     *Document
	whole   bool // do not prune the provided packages
	pruned  bool // they were
	reports []report

	// select
	root    *unit
	modules modules

	// parse
	fset   *token.FileSet
	parsed []*unit          // all packages
	units  []*unit          // all packages, each after those that it imports; the root last
	byPath map[string]*unit // those that are imported, by import path
	copies *comparison      // of the user's copy of a provided package, if there is one

	// check
	checker       *types.Checker // while it runs
	failedImports map[Pos]bool

	// build
	program   *ssa.Program
	building  *unit // while it is built
	functions []*ssa.Function
	funcIndex map[*ssa.Function]int
	globals   map[*ssa.Global]int

	referenced int // functions whose references are in functions
	dynamic    *dynamicSet

	// encode
	types  typeTable
	places places

	encoding *ssa.Function // the outermost function that is being encoded
	at       token.Pos     // what is being worked on, for internal errors
	last     *source       // the file of the last position
}

// A unit is one package: the root, which is compiled, or one that it imports.
type unit struct {
	path     string // import path; of the root what it would be imported by, empty outside of modules
	dir      string
	display  string // where dir is shown to be
	provided bool   // the compiler's own
	chosen   bool   // files or texts that the caller chose: not what its path would import
	version  string // language version, such as "go1.21"

	sources []*source
	files   []*ast.File
	imports map[string]*unit  // by import path
	broken  map[string]string // why an import path cannot be imported

	pkg          *types.Package
	info         *types.Info
	initialisers []*initialiser
	ssa          *ssa.Package
}

// A source is one file of a package.
type source struct {
	unit  *unit
	name  string
	text  []byte
	index int // in Document.Files; -1 while it is not there
	file  *token.File
	ast   *ast.File
}

// show is how a file of the package is shown to the user.
func (u *unit) show(name string) string {
	switch {
	case u.display == "":
		return name
	case u.display[len(u.display)-1] == '/':
		return u.display + name
	default:
		return u.display + "/" + name
	}
}

// place is where the package's directory is shown to be.
func (u *unit) place() string {
	if u.display != "" {
		return u.display
	}
	return u.dir
}

// addFile enters a text into the document's table of files.
func (s *session) addFile(path, text string) int {
	s.doc.Files = append(s.doc.Files, File{Path: path, Text: text})
	return len(s.doc.Files) - 1
}

// readable is a text for messages. JSON could not carry bytes that are no UTF-8, which the parser
// refuses anyway: a question mark for each keeps the columns behind them.
func readable(text []byte) string {
	if utf8.Valid(text) {
		return asString(text)
	}
	out := slices.Clone(text)
	for i := 0; i < len(out); {
		r, size := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError && size == 1 {
			out[i] = '?'
		}
		i += size
	}
	return string(out)
}

// fileIndex is a source's number in the document, which lists files of imported packages only
// where something comes from them.
func (s *session) fileIndex(src *source) int {
	if src.index < 0 {
		src.index = s.addFile(src.unit.show(src.name), readable(src.text))
		if src.ast != nil && !src.unit.provided {
			s.doc.Files[src.index].Directives = s.looseDirectives(src)
		}
	}
	return src.index
}

// source is the file that a position is in.
func (s *session) source(p token.Pos) *source {
	if s.last != nil && s.last.holds(p) {
		return s.last
	}
	for _, u := range s.parsed {
		for _, src := range u.sources {
			if src.holds(p) {
				s.last = src
				return src
			}
		}
	}
	return nil
}

func (src *source) holds(p token.Pos) bool {
	f := src.file
	return f != nil && f.Base() <= int(p) && int(p) <= f.Base()+f.Size()
}

// pos converts a position; //line directives are not followed.
func (s *session) pos(p token.Pos) Pos {
	if !p.IsValid() {
		return Pos{}
	}
	src := s.source(p)
	if src == nil {
		return Pos{}
	}
	at := src.file.PositionFor(p, false)
	return Pos{s.fileIndex(src), at.Line, at.Column}
}
