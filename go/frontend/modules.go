package main

import (
	"errors"
	"go/version"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// withoutDirective is the language version of a module that does not state one.
const withoutDirective = "go1.16"

// modules is what is known of the user's module and those that it takes packages from.
type modules struct {
	main     *module
	used     []*module         // beside it in the workspace of a go.work
	replaced []*module         // by replace directives, to directories; the longest path first
	vendor   string            // the vendor directory; empty where there is none
	vendored map[string]string // language versions by module path, from vendor/modules.txt
}

// A module is a directory with a go.mod.
type module struct {
	path    string // empty where there is no go.mod
	dir     string
	version string // language version
}

// holds tells whether an import path is below the module's, and the directory that it means.
func (m *module) holds(path string) (dir string, ok bool) {
	if m.path == "" || !below(path, m.path) {
		return "", false
	}
	return filepath.Join(m.dir, filepath.FromSlash(path[len(m.path):])), true
}

// below tells whether an import path is another one or below it.
func below(path, above string) bool {
	return path == above || strings.HasPrefix(path, above) && path[len(above)] == '/'
}

// findModules reads the nearest go.mod above the package, if there is one, and gives the root its
// language version and import path.
func (s *session) findModules() {
	own := version.Lang(toolchain())
	s.modules.main = &module{version: own}
	s.root.version = own
	if s.req.Dir == "" {
		return
	}
	dir, err := filepath.Abs(s.req.Dir)
	if err != nil {
		return
	}
	at, text := above(dir, "go.mod")
	if at == "" {
		if found, _ := above(dir, "vendor/modules.txt"); found != "" {
			s.readVendor(filepath.Join(found, "vendor"))
		}
		return
	}
	main := &module{dir: at, version: own}
	s.modules.main = main
	shown := s.shown(filepath.Join(at, "go.mod"))
	file := s.readModule(main, shown, text)
	s.root.version = main.version
	if rel, err := filepath.Rel(at, dir); err == nil && main.path != "" {
		s.root.path = strings.TrimSuffix(main.path+"/"+filepath.ToSlash(rel), "/.")
	}
	s.readWorkspace()
	if file != nil {
		s.readReplaced(file.Replace, at)
	}
	s.readVendor(filepath.Join(at, "vendor"))
}

// above is the nearest directory, from dir upwards, that has a file, and the file's text.
func above(dir, name string) (found string, text []byte) {
	for {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return dir, text
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// shown is how a path is shown to the user: as the root's directory is.
func (s *session) shown(path string) string {
	dir, err := filepath.Abs(s.req.Dir)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return path
	}
	return filepath.Clean(s.root.show(rel))
}

// readModule takes path and language version from the text of a go.mod and reports what is wrong
// with it.
func (s *session) readModule(m *module, shown string, text []byte) *modfile.File {
	report := s.reporter(shown, text)
	file, err := modfile.Parse(shown, text, nil)
	if err != nil {
		reportModfile(err, report)
		return nil
	}
	if file.Module != nil {
		m.path = file.Module.Mod.Path
	}
	m.version = withoutDirective
	if file.Go == nil {
		return file
	}
	m.version = version.Lang("go" + file.Go.Version)
	if s.tooNew("go.mod", file.Go, report) {
		m.version = version.Lang(toolchain())
	}
	return file
}

// reportModfile reports what the parser of go.mod and go.work found.
func reportModfile(err error, report reporter) {
	var list modfile.ErrorList
	if !errors.As(err, &list) {
		report(1, 1, err.Error())
	}
	for _, e := range list {
		report(e.Pos.Line, e.Pos.LineRune, e.Err.Error())
	}
}

// readReplaced notes the modules that a go.mod or go.work in dir replaces by directories.
func (s *session) readReplaced(replace []*modfile.Replace, dir string) {
	for _, r := range replace {
		if r.New.Version != "" {
			continue // another module, which would have to be downloaded
		}
		s.modules.replaced = append(s.modules.replaced, &module{path: r.Old.Path, dir: resolved(dir, r.New.Path)})
	}
	slices.SortStableFunc(s.modules.replaced, func(a, b *module) int { return len(b.path) - len(a.path) })
}

// readVendor notes the vendor directory, and the modules whose packages it has.
func (s *session) readVendor(dir string) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return
	}
	s.modules.vendor = dir
	text, err := os.ReadFile(filepath.Join(dir, "modules.txt"))
	if err != nil {
		return
	}
	s.modules.vendored = map[string]string{}
	var path string
	for line := range strings.Lines(string(text)) {
		switch words := strings.Fields(line); {
		case len(words) >= 2 && words[0] == "#":
			path = words[1]
			s.modules.vendored[path] = withoutDirective
		case len(words) >= 2 && words[0] == "##":
			if _, go_, ok := strings.Cut(line, "go "); ok && path != "" {
				if lang := version.Lang("go" + strings.TrimSpace(go_)); lang != "" {
					s.modules.vendored[path] = lang
				}
			}
		}
	}
}

// vendorVersion is the language version of a vendored package.
func (m *modules) vendorVersion(path string) string {
	for above := path; above != "."; above = filepath.Dir(above) {
		if lang, ok := m.vendored[above]; ok {
			return lang
		}
	}
	return m.main.version
}
