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

// selectFiles reads the files of the package, without those that build constraints leave out.
func (s *session) selectFiles() bool {
	names, err := s.candidates()
	if err != nil {
		s.reportFile(s.place(), err)
		return false
	}
	s.goVersion = s.languageVersion()
	tags := newTagSet(s.req.Tags)
	var left []string // why each file that is left out is
	for _, name := range names {
		text, err := s.read(name)
		if err != nil {
			s.reportFile(s.path(name), err)
			continue
		}
		why, line, err := tags.excludes(name, text)
		if why != "" {
			left = append(left, fmt.Sprintf("\n\t%s: %s", s.path(name), why))
			continue
		}
		if err != nil {
			s.reportAt(Pos{len(s.doc.Files), line, 1}, err.Error())
		}
		s.sources = append(s.sources, &source{
			name: name, text: text, index: s.addFile(s.path(name), string(text)),
		})
	}
	if len(s.sources) == 0 && len(s.reports) == 0 {
		s.reportAt(Pos{}, s.nothing(left))
	}
	return len(s.reports) == 0
}

// reportFile notes that a file or directory could not be read, by its name as shown.
func (s *session) reportFile(path string, err error) {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%s %s: %w", failed.Op, path, failed.Err)
	}
	s.reportAt(Pos{}, err.Error())
}

func (s *session) nothing(left []string) string {
	if len(left) == 0 {
		return "no Go files in " + s.place()
	}
	return "build constraints exclude all Go files in " + s.place() + strings.Join(left, "")
}

// candidates are the names of the files asked for, sorted.
func (s *session) candidates() ([]string, error) {
	names := slices.Concat(s.req.Files, slices.Collect(maps.Keys(s.req.Sources)))
	if s.req.Files == nil && len(s.req.Sources) == 0 {
		entries, err := os.ReadDir(s.req.Dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".go") && !e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (s *session) read(name string) ([]byte, error) {
	if text, ok := s.req.Sources[name]; ok {
		return []byte(text), nil
	}
	return os.ReadFile(filepath.Join(s.req.Dir, name))
}
