package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// available are the packages that a program can import.
var available = []string{"unsafe"}

type importer struct{}

func (importer) Import(path string) (*types.Package, error) {
	switch path {
	case "unsafe":
		return types.Unsafe, nil
	case "C":
		return nil, errors.New("cgo is not available in BPF programs")
	}
	return nil, fmt.Errorf("package %q is not available in BPF programs; available: %s", path, strings.Join(available, ", "))
}

// check runs the type checker and reports all that it finds.
func (s *session) check() bool {
	s.failedImports = map[Pos]bool{}
	s.info = &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Instances:    map[*ast.Ident]types.Instance{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		FileVersions: map[*ast.File]string{},
	}
	conf := types.Config{
		GoVersion: s.goVersion,
		Importer:  importer{},
		Sizes:     sizes,
		Error:     func(err error) { s.reportType(err.(types.Error)) },
	}
	name := s.files[0].Name.Name
	s.at = s.files[0].Name.Pos()
	s.pkg = types.NewPackage(name, name)
	s.doc.Package, s.doc.Go = name, s.goVersion
	s.checker = types.NewChecker(&conf, s.fset, s.pkg, s.info)
	err := s.checker.Files(s.files)
	s.checker = nil
	if err != nil && len(s.reports) == 0 {
		s.report(token.NoPos, err.Error())
	}
	return len(s.reports) == 0
}
