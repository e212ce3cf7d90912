package main

import (
	"go/version"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// readWorkspace reads the nearest go.work above the user's module, or the one that GOWORK names, if it
// has that module in use: the modules beside it, and what it replaces by directories.
func (s *session) readWorkspace() {
	dir, text := above(s.modules.main.dir, "go.work")
	name := filepath.Join(dir, "go.work")
	switch chosen := os.Getenv("GOWORK"); chosen {
	case "":
	case "off":
		return
	default:
		text, _ = os.ReadFile(chosen)
		dir, name = filepath.Dir(chosen), chosen
	}
	if text == nil {
		return
	}
	shown := s.shown(name)
	report := s.reporter(shown, text)
	file, err := modfile.ParseWork(shown, text, nil)
	if err != nil {
		reportModfile(err, report)
		return
	}
	beside := file.Use[:0:0]
	for _, use := range file.Use {
		if resolved(dir, use.Path) != s.modules.main.dir {
			beside = append(beside, use)
		}
	}
	if len(beside) == len(file.Use) {
		return // a workspace of others
	}
	if file.Go != nil {
		s.tooNew("go.work", file.Go, report)
	}
	for _, use := range beside {
		s.readUsed(resolved(dir, use.Path), use, report)
	}
	s.readReplaced(file.Replace, dir)
}

// readUsed reads the go.mod of a module that go.work has in use.
func (s *session) readUsed(dir string, use *modfile.Use, report reporter) {
	name := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		report(use.Syntax.Start.Line, use.Syntax.Start.LineRune, inWords(s.shown(name), err).Error())
		return
	}
	m := &module{dir: dir, version: version.Lang(toolchain())}
	s.readModule(m, s.shown(name), text)
	if m.path != "" {
		s.modules.used = append(s.modules.used, m)
	}
}

// owner is the module of the user's own that an import path belongs to: the one above, or one beside
// it in the workspace, whichever's path is longer; nil where there is none.
func (m *modules) owner(importPath string) (owner *module) {
	for _, candidate := range append([]*module{m.main}, m.used...) {
		if _, ok := candidate.holds(importPath); ok && (owner == nil || len(candidate.path) > len(owner.path)) {
			owner = candidate
		}
	}
	return owner
}

// resolved is a path as a file in dir names it.
func resolved(dir, path string) string {
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return filepath.Clean(path)
}

// A reporter notes what is wrong at a line and column of a file that it was made for.
type reporter func(line, col int, message string)

// reporter notes what is wrong with a go.mod or go.work; it is a file of the document only then.
func (s *session) reporter(shown string, text []byte) reporter {
	index := -1
	return func(line, col int, message string) {
		if index < 0 {
			index = s.addFile(shown, string(text))
		}
		s.reportAt(Pos{index, max(line, 1), max(col, 1)}, message)
	}
}

// tooNew reports a go directive that asks for a newer Go than the compiler's, and tells whether it does.
func (s *session) tooNew(file string, directive *modfile.Go, report reporter) bool {
	if version.Compare(version.Lang("go"+directive.Version), version.Lang(toolchain())) <= 0 {
		return false
	}
	at := directive.Syntax.Start
	report(at.Line, at.LineRune+len("go "), file+" requires go >= "+directive.Version+" (running go "+
		strings.TrimPrefix(toolchain(), "go")+")")
	return true
}
