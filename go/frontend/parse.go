package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// parse makes syntax trees of the package and of all that it imports; where any file has syntax
// errors, these are all that is reported.
func (s *session) parse() bool {
	s.fset = token.NewFileSet()
	s.byPath = map[string]*unit{}
	s.parseUnit(s.root)
	if s.failed() {
		return false
	}
	s.load(s.root, nil)
	s.loadProvided()
	s.units = initialisationOrder(s.units)
	return !s.failed()
}

// initialisationOrder is Go's: of the packages whose imports have all had their turn, that of the
// least import path is next.
func initialisationOrder(units []*unit) (list []*unit) {
	rest := slices.Clone(units[:len(units)-1])
	slices.SortFunc(rest, func(a, b *unit) int { return strings.Compare(a.path, b.path) })
	done := map[*unit]bool{}
	for len(rest) > 0 {
		next := slices.IndexFunc(rest, func(u *unit) bool {
			for _, imported := range u.imports {
				if !done[imported] {
					return false
				}
			}
			return true
		})
		done[rest[next]] = true
		list = append(list, rest[next])
		rest = slices.Delete(rest, next, next+1)
	}
	return append(list, units[len(units)-1])
}

// parseUnit makes the syntax trees of a package and checks that it is one.
func (s *session) parseUnit(u *unit) {
	s.parsed = append(s.parsed, u)
	for _, src := range u.sources {
		s.parseFile(src)
		s.refuseEmbedding(src)
	}
	if s.failed() {
		return
	}
	// Go ignores files of package documentation.
	if len(u.sources) > 1 {
		u.sources = slices.DeleteFunc(u.sources, func(src *source) bool { return src.ast.Name.Name == "documentation" })
	}
	for _, src := range u.sources {
		u.files = append(u.files, src.ast)
	}
	s.onePackage(u)
}

// parseFile makes the syntax tree of a file.
func (s *session) parseFile(src *source) {
	base := s.fset.Base()
	file, err := parser.ParseFile(s.fset, src.unit.show(src.name), src.text,
		parser.ParseComments|parser.AllErrors|parser.SkipObjectResolution)
	src.file, src.ast = s.fset.File(token.Pos(base)), file
	var list scanner.ErrorList
	if errors.As(err, &list) {
		s.reportSyntax(src, list)
	} else if err != nil {
		s.reportAt(Pos{}, err.Error())
	}
}

// onePackage reports files whose package clauses differ, and a package that has no name.
func (s *session) onePackage(u *unit) {
	first := u.sources[0]
	if first.ast.Name.Name == "_" { // go/types says so only of a package that it names itself
		at := first.file.PositionFor(first.ast.Name.Pos(), false)
		s.reportAt(Pos{s.fileIndex(first), at.Line, at.Column}, "invalid package name _")
		return
	}
	for _, src := range u.sources[1:] {
		if src.ast.Name.Name != first.ast.Name.Name {
			at := src.file.PositionFor(src.ast.Name.Pos(), false)
			s.reportAt(Pos{s.fileIndex(src), at.Line, at.Column}, fmt.Sprintf("found packages %s (%s) and %s (%s) in %s",
				first.ast.Name.Name, first.name, src.ast.Name.Name, src.name, u.place()))
			return
		}
	}
}

// load finds what a parsed package imports and parses it, and that what it imports; a package
// enters the list after all that it needs. Why a path cannot be imported is noted, for the type
// checker to say at the import. The path is that from the root to the package.
func (s *session) load(u *unit, path []*unit) {
	u.imports, u.broken = map[string]*unit{}, map[string]string{}
	path = append(path, u)
	for _, file := range u.files {
		for _, spec := range file.Imports {
			p := importPath(spec)
			s.loadImport(u, p, path)
			if imported := u.imports[p]; imported != nil && imported.provided {
				s.startComparison(imported, s.pos(spec.Path.Pos()))
			}
		}
	}
	s.units = append(s.units, u)
}

func importPath(spec *ast.ImportSpec) string {
	path, _ := strconv.Unquote(spec.Path.Value)
	return path
}

func (s *session) loadImport(u *unit, path string, from []*unit) {
	if path == "unsafe" || path == "" || u.imports[path] != nil || u.broken[path] != "" {
		return
	}
	if path == "C" {
		u.broken[path] = "cgo is not available in BPF programs: declare in Go what C's headers would bring; package ebpf has the kernel's helpers"
		return
	}
	for i, above := range from {
		if above.path == path && !above.chosen {
			u.broken[path] = cycle(from[i:])
			return
		}
	}
	if known := s.byPath[path]; known != nil {
		if !known.provided && !allowsInternal(u.path, path) {
			u.broken[path] = fmt.Sprintf("use of internal package %s not allowed", path)
			return
		}
		u.imports[path] = known
		return
	}
	found, why := s.find(u, path)
	if found != nil {
		why = s.readUnit(found)
	}
	if why != "" {
		u.broken[path] = why
		return
	}
	s.byPath[path], u.imports[path] = found, found
	if found.provided {
		return // parsed when it is known what of it is used
	}
	s.parseUnit(found)
	switch {
	case s.failed():
	case found.files[0].Name.Name == "main":
		u.broken[path] = fmt.Sprintf("import %q is a program, not an importable package", path)
	default:
		s.load(found, from)
	}
}

// cycle is the message for packages of which each imports the next, and the last the first.
func cycle(list []*unit) string {
	var paths []string
	for _, u := range list {
		paths = append(paths, u.path)
	}
	return "import cycle not allowed: " + strings.Join(append(paths, list[0].path), " imports ")
}

// readUnit reads the files of a package that is imported; it tells why there are none.
func (s *session) readUnit(u *unit) (why string) {
	names, err := goFiles(u.dir)
	if err != nil {
		return inWords(u.place(), err).Error()
	}
	if u.provided {
		names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_native.go") })
	}
	left := s.readFiles(u, names)
	if len(u.sources) == 0 {
		return nothing(u, left)
	}
	return ""
}
