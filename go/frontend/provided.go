package main

import (
	"go/parser"
	"go/token"
	"maps"
	"slices"
)

// The packages that come with the compiler are large, and a program uses little of them: only what
// it uses is parsed and checked.

// loadProvided parses the provided packages that are imported, and those that they import.
func (s *session) loadProvided() {
	var list []*unit
	for _, u := range s.units {
		for _, path := range slices.Sorted(maps.Keys(u.imports)) {
			list = s.needed(list, u.imports[path])
		}
	}
	if len(list) == 0 || s.failed() {
		return
	}
	var texts [][]byte
	if !s.whole {
		texts, s.pruned = s.prune(list), true
	}
	i := 0
	for _, u := range list {
		s.parsed = append(s.parsed, u)
		kept := u.sources[:0]
		for _, src := range u.sources {
			text := src.text
			if texts != nil {
				text = texts[i]
			}
			i++
			if text == nil {
				continue
			}
			src.text = text
			s.parseFile(src)
			kept = append(kept, src)
			u.files = append(u.files, src.ast)
		}
		u.sources = kept
	}
	s.units = append(list, s.units...)
}

// needed adds a provided package to the list, after those that it imports.
func (s *session) needed(list []*unit, u *unit) []*unit {
	if !u.provided || u.imports != nil {
		return list
	}
	u.imports, u.broken = map[string]*unit{}, map[string]string{}
	for _, src := range u.sources {
		file, err := parser.ParseFile(token.NewFileSet(), src.name, src.text, parser.ImportsOnly)
		if err != nil {
			continue // said when the file is parsed
		}
		for _, spec := range file.Imports {
			path := importPath(spec)
			s.loadImport(u, path, []*unit{u})
			if imported := u.imports[path]; imported != nil {
				list = s.needed(list, imported)
			}
		}
	}
	return append(list, u)
}
