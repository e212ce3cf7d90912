package main

import (
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"strings"
)

// withoutDirective is the language version of a go.mod that has no go line.
const withoutDirective = "go1.16"

// languageVersion is that of the nearest go.mod above the package; without one, our own.
func (s *session) languageVersion() string {
	own := version.Lang(toolchain())
	if s.req.Dir == "" {
		return own
	}
	path, text := s.findModule()
	if path == "" {
		return own
	}
	for i, line := range strings.Split(text, "\n") {
		code, _, _ := strings.Cut(line, "//")
		words := strings.Fields(code)
		if len(words) != 2 || words[0] != "go" {
			continue
		}
		at := func() Pos { return Pos{s.addFile(path, text), i + 1, strings.Index(line, words[1]) + 1} }
		switch lang := version.Lang("go" + words[1]); {
		case lang == "":
			s.reportAt(at(), fmt.Sprintf("invalid go version '%s': must match format 1.23", words[1]))
		case version.Compare(lang, own) > 0:
			running := strings.TrimPrefix(toolchain(), "go")
			s.reportAt(at(), fmt.Sprintf("go.mod requires go >= %s (running go %s)", words[1], running))
		default:
			return lang
		}
		return own
	}
	return withoutDirective
}

// findModule is the nearest go.mod, as shown to the user, and its text.
func (s *session) findModule() (path, text string) {
	dir, err := filepath.Abs(s.req.Dir)
	if err != nil {
		return "", ""
	}
	for up := ""; ; up += "../" {
		if data, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Clean(s.path(up + "go.mod")), string(data)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ""
		}
		dir = parent
	}
}
