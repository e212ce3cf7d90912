package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
)

// parse makes syntax trees; where any file has syntax errors, these are all that is reported.
func (s *session) parse() bool {
	s.fset = token.NewFileSet()
	for _, src := range s.sources {
		base := s.fset.Base()
		file, err := parser.ParseFile(s.fset, s.path(src.name), src.text,
			parser.ParseComments|parser.AllErrors|parser.SkipObjectResolution)
		src.file, src.ast = s.fset.File(token.Pos(base)), file
		var list scanner.ErrorList
		if errors.As(err, &list) {
			s.reportSyntax(src, list)
		} else if err != nil {
			s.reportAt(Pos{}, err.Error())
		}
	}
	if len(s.reports) > 0 {
		return false
	}
	// Go ignores files of package documentation.
	if len(s.sources) > 1 {
		s.sources = slices.DeleteFunc(s.sources, func(src *source) bool { return src.ast.Name.Name == "documentation" })
	}
	for _, src := range s.sources {
		s.files = append(s.files, src.ast)
	}
	return s.onePackage()
}

// onePackage reports files whose package clauses differ.
func (s *session) onePackage() bool {
	first := s.sources[0]
	for _, src := range s.sources[1:] {
		if src.ast.Name.Name != first.ast.Name.Name {
			s.report(src.ast.Name.Pos(), fmt.Sprintf("found packages %s (%s) and %s (%s) in %s",
				first.ast.Name.Name, first.name, src.ast.Name.Name, src.name, s.place()))
			return false
		}
	}
	return true
}
