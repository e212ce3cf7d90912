package main

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"path"
)

// An importer gives a package the packages that it imports.
type importer struct{ *unit }

func (u importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if why := u.broken[path]; why != "" {
		return nil, errors.New(why)
	}
	return u.imports[path].pkg, nil
}

// check runs the type checker over all packages and reports all that it finds.
func (s *session) check() bool {
	s.failedImports = map[Pos]bool{}
	for _, u := range s.units {
		s.checkUnit(u)
	}
	s.doc.Package, s.doc.Go = s.root.pkg.Name(), s.root.version
	s.compareCopies()
	return !s.failed()
}

func (s *session) checkUnit(u *unit) {
	u.info = &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Instances:    map[*ast.Ident]types.Instance{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		FileVersions: map[*ast.File]string{},
	}
	before, ignored := len(s.reports), false
	conf := types.Config{
		GoVersion: u.version,
		Importer:  importer{u},
		Sizes:     sizes,
		Error: func(err error) {
			e := err.(types.Error)
			if u.provided && e.Soft { // imports that nothing needs any more
				ignored = true
				return
			}
			s.reportType(u, e)
		},
	}
	if len(u.files) == 0 { // of a provided package nothing is used
		u.pkg = types.NewPackage(u.path, path.Base(u.path))
		u.pkg.MarkComplete()
		return
	}
	name := u.files[0].Name.Name
	s.at = u.files[0].Name.Pos()
	u.pkg = types.NewPackage(s.packagePath(u, name), name)
	s.checker = types.NewChecker(&conf, s.fset, u.pkg, u.info)
	err := s.checker.Files(u.files)
	s.checker = nil
	if err != nil && !ignored && len(s.reports) == before {
		s.report(token.NoPos, err.Error())
	}
}

// packagePath is what go/types knows a package by: the root, where nothing could import it, by its
// name.
func (s *session) packagePath(u *unit, name string) string {
	switch {
	case u != s.root || u.path != "" && !u.chosen:
		return u.path
	case s.byPath[name] != nil:
		return "./" + name
	}
	return name
}
