package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// selectFiles finds the module and reads the files of the package, without those that build
// constraints leave out.
func (s *session) selectFiles() bool {
	s.root = &unit{dir: s.req.Dir, display: s.req.Display, chosen: s.req.Files != nil || len(s.req.Sources) > 0}
	names, err := s.candidates()
	if err != nil {
		s.reportFile(s.root.place(), err)
		return false
	}
	s.findModules()
	left := s.readFiles(s.root, names)
	for _, src := range s.root.sources {
		s.fileIndex(src)
	}
	if len(s.root.sources) == 0 && !s.failed() {
		s.reportAt(Pos{}, nothing(s.root, left))
	}
	return !s.failed()
}

// readFiles makes sources of files in a package's directory; it tells why each that is left out is.
func (s *session) readFiles(u *unit, names []string) (left []string) {
	tags := newTagSet(s.req.Tags)
	for _, name := range names {
		text, err := s.read(u, name)
		if err != nil {
			s.reportFile(u.show(name), err)
			continue
		}
		why, line, err := tags.excludes(name, text)
		if why != "" {
			left = append(left, fmt.Sprintf("\n\t%s: %s", u.show(name), why))
			continue
		}
		src := &source{unit: u, name: name, text: text, index: -1}
		u.sources = append(u.sources, src)
		if err != nil {
			s.reportAt(Pos{s.fileIndex(src), line, 1}, err.Error())
		}
	}
	return left
}

// reportFile notes that a file or directory could not be read, by its name as shown.
func (s *session) reportFile(path string, err error) {
	s.reportAt(Pos{}, inWords(path, err).Error())
}

// inWords is an error of the file system with the name as shown.
func inWords(path string, err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return fmt.Errorf("%s %s: %w", failed.Op, path, failed.Err)
	}
	return err
}

func nothing(u *unit, left []string) string {
	if len(left) == 0 {
		return "no Go files in " + u.place()
	}
	return "build constraints exclude all Go files in " + u.place() + strings.Join(left, "")
}

// candidates are the names of the files asked for, sorted.
func (s *session) candidates() ([]string, error) {
	if s.req.Files == nil && len(s.req.Sources) == 0 {
		return goFiles(s.req.Dir)
	}
	names := slices.Concat(s.req.Files, slices.Collect(maps.Keys(s.req.Sources)))
	slices.Sort(names)
	return slices.Compact(names), nil
}

// goFiles are the names of the Go files in a directory, sorted.
func goFiles(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		regular := e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 // reading a pipe would not end
		if strings.HasSuffix(e.Name(), ".go") && regular {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (s *session) read(u *unit, name string) ([]byte, error) {
	if u == s.root {
		if text, ok := s.req.Sources[name]; ok {
			return []byte(text), nil
		}
	}
	return os.ReadFile(filepath.Join(u.dir, name))
}
