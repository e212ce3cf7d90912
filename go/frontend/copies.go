package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A project keeps a copy of the package that the compiler provides, for Go's own tools. The compiler
// uses its own; where the two differ, what go test says is not what runs in the kernel.

// A comparison runs while the packages are checked.
type comparison struct {
	at      Pos // where the package is imported
	path    string
	display string // where the copy is shown to be
	differs chan string
}

// startComparison looks for a copy of a provided package, which a package of the user's imports.
func (s *session) startComparison(u *unit, at Pos) {
	if s.copies != nil {
		return
	}
	dir := s.copyOf(u.path)
	if dir == "" || sameFile(dir, u.dir) {
		return
	}
	texts := map[string][]byte{}
	for _, src := range u.sources {
		texts[src.name] = src.text
	}
	s.copies = &comparison{at: at, path: u.path, display: s.shown(dir), differs: make(chan string, 1)}
	go func() { s.copies.differs <- firstDifference(u.dir, dir, texts) }()
}

// copyOf is the user's copy of a provided package, where Go's tools would look for it.
func (s *session) copyOf(path string) string {
	m := &s.modules
	var dirs []string
	if m.vendor != "" {
		dirs = append(dirs, filepath.Join(m.vendor, filepath.FromSlash(path)))
	}
	for _, r := range m.replaced {
		if dir, ok := r.holds(path); ok {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if isDir(dir) {
			return dir
		}
	}
	return ""
}

func sameFile(a, b string) bool {
	one, err1 := os.Stat(a)
	two, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

// compareCopies reports what the comparison found.
func (s *session) compareCopies() {
	if s.copies == nil {
		return
	}
	if name := <-s.copies.differs; name != "" {
		s.reports = append(s.reports, report{s.copies.at, fmt.Sprintf(
			"the copy of %s in %s differs from the compiler's, which is used (%s): run tinybpf init --update",
			s.copies.path, s.copies.display, name), "warning"})
	}
}

// firstDifference is a Go file, with what is wrong with it, in which a copy of a directory differs;
// tests do not count. What the compiler reads must be the same text; of other files, which are many
// and only for Go's own tools, the size must be.
func firstDifference(ours, copied string, texts map[string][]byte) (what string) {
	found := map[string]bool{}
	filepath.WalkDir(ours, func(path string, entry fs.DirEntry, err error) error {
		if skip, err := skipped(entry, err); skip {
			return err
		}
		name, _ := filepath.Rel(ours, path)
		found[name] = true
		if what = difference(name, entry, filepath.Join(copied, name), texts[name]); what != "" {
			return filepath.SkipAll
		}
		return nil
	})
	if what != "" {
		return what
	}
	filepath.WalkDir(copied, func(path string, entry fs.DirEntry, err error) error {
		if skip, err := skipped(entry, err); skip {
			return err
		}
		if name, _ := filepath.Rel(copied, path); !found[name] {
			what = name + " is not in the compiler's"
			return filepath.SkipAll
		}
		return nil
	})
	return what
}

// difference says what is wrong with the copy of a file, whose text is given where it counts.
func difference(name string, ours fs.DirEntry, copied string, text []byte) string {
	if text != nil {
		found, err := os.ReadFile(copied)
		switch {
		case err != nil:
			return name + " is missing"
		case !bytes.Equal(text, found):
			return name
		}
		return ""
	}
	one, err1 := ours.Info()
	two, err2 := os.Stat(copied)
	switch {
	case err2 != nil:
		return name + " is missing"
	case err1 == nil && one.Size() != two.Size():
		return name
	}
	return ""
}

// skipped tells whether something found in a directory is nothing to compare: only what go mod
// vendor would copy is.
func skipped(entry fs.DirEntry, err error) (bool, error) {
	switch {
	case err != nil:
		return true, nil
	case entry.IsDir() && entry.Name() == "testdata":
		return true, fs.SkipDir
	case entry.IsDir():
		return true, nil
	}
	return !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go"), nil
}
