package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A report is a diagnostic before sorting; follow-ups of go/types ("\tother declaration of x")
// are joined to the message they belong to, as gc prints them.
type report struct {
	pos     Pos
	message string
	kind    string
}

// report notes an error in the source.
func (s *session) report(at token.Pos, message string) { s.reportAt(s.pos(at), message) }

func (s *session) reportAt(at Pos, message string) {
	s.reports = append(s.reports, report{pos: at, message: message})
}

// failed tells whether there is more to report than warnings.
func (s *session) failed() bool {
	return slices.ContainsFunc(s.reports, func(r report) bool { return r.kind != "warning" })
}

// reportSyntax notes what go/parser found, the first on each line: found without AllErrors, for the
// parser sorts by message what it finds at one place, and stops after ten only then.
func (s *session) reportSyntax(src *source, all scanner.ErrorList) {
	var few scanner.ErrorList
	_, err := parser.ParseFile(token.NewFileSet(), src.unit.show(src.name), src.text, parser.SkipObjectResolution)
	errors.As(err, &few)
	first := map[int]*scanner.Error{}
	for _, e := range few {
		first[e.Pos.Line] = e
	}
	all.RemoveMultiples()
	for _, e := range all {
		if met := first[e.Pos.Line]; met != nil {
			e = met
		}
		at := src.file.PositionFor(src.file.Pos(min(e.Pos.Offset, src.file.Size())), false)
		s.reportAt(Pos{s.fileIndex(src), at.Line, at.Column}, e.Msg)
	}
}

var (
	brokenImport = regexp.MustCompile(`(?s)^could not import .*? \((.*)\)$`)
	needsVersion = regexp.MustCompile(`requires go[0-9]+\.[0-9]+ or later`)
)

// reportType notes what go/types found in a package.
func (s *session) reportType(u *unit, e types.Error) {
	at := s.pos(e.Pos)
	if follow, ok := strings.CutPrefix(e.Msg, "\t"); ok && len(s.reports) > 0 {
		last := &s.reports[len(s.reports)-1]
		last.message += fmt.Sprintf("\n\t%s: %s", s.show(at), follow)
		return
	}
	message := e.Msg
	if m := brokenImport.FindStringSubmatch(message); m != nil {
		message = m[1]
		s.failedImports[at] = true
	}
	if needsVersion.MatchString(message) {
		message += u.versionHint(e.Pos)
	}
	if words := u.absentWords(message); words != "" {
		message = words
	}
	s.reportAt(at, message+u.nameHint(message))
}

// versionHint says what set the language version at a place.
func (u *unit) versionHint(at token.Pos) string {
	for _, f := range u.files {
		if f.FileStart <= at && at <= f.FileEnd && f.GoVersion != "" && f.GoVersion == u.info.FileVersions[f] {
			return fmt.Sprintf(" (file declares //go:build %s)", f.GoVersion)
		}
	}
	return fmt.Sprintf(" (language version is %s; check go.mod)", u.version)
}

func (s *session) show(p Pos) string {
	if p[1] == 0 {
		return s.root.place()
	}
	return fmt.Sprintf("%s:%d:%d", s.doc.Files[p[0]].Path, p[1], p[2])
}

// finish ends the run: the reports become diagnostics in order of place, each once, and a
// document that has some has no code.
func (s *session) finish() *Document {
	if s.failed() {
		s.doc.Types, s.doc.Globals, s.doc.Functions = nil, nil, nil
	}
	list := slices.DeleteFunc(s.reports, func(r report) bool {
		return s.failedImports[r.pos] && strings.HasSuffix(r.message, "imported and not used")
	})
	slices.SortStableFunc(list, func(a, b report) int {
		return cmp.Or(
			cmp.Compare(s.pathOf(a.pos), s.pathOf(b.pos)),
			cmp.Compare(a.pos[1], b.pos[1]), cmp.Compare(a.pos[2], b.pos[2]))
	})
	type line struct {
		file, line int
		message    string
	}
	seen := map[line]bool{}
	for _, r := range list {
		if key := (line{r.pos[0], r.pos[1], r.message}); !seen[key] {
			seen[key] = true
			s.doc.Diagnostics = append(s.doc.Diagnostics, Diagnostic{r.pos, r.message, r.kind})
		}
	}
	return s.doc
}

func (s *session) pathOf(p Pos) string {
	if p[1] == 0 || p[0] >= len(s.doc.Files) {
		return ""
	}
	return s.doc.Files[p[0]].Path
}

// internal is the document of a run that panicked.
func (s *session) internal(fault any) *Document {
	at := s.at
	for _, near := range []func() token.Pos{s.checkingAt, s.buildingAt} {
		if p := near(); p.IsValid() {
			at = p
		}
	}
	s.reports = append(s.reports, report{s.pos(at), fmt.Sprint(fault), "internal"})
	return s.finish()
}

// checkingAt is where go/types was when it panicked: the last of the objects that it was busy
// with, which it keeps to itself.
func (s *session) checkingAt() token.Pos {
	if s.checker == nil {
		return token.NoPos
	}
	stack := reflect.ValueOf(s.checker).Elem().FieldByName("posStack")
	if !stack.IsValid() || stack.Kind() != reflect.Slice || stack.Len() == 0 {
		return token.NoPos
	}
	top := stack.Index(stack.Len() - 1)
	node, _ := reflect.NewAt(top.Type(), top.Addr().UnsafePointer()).Elem().Interface().(interface{ Pos() token.Pos })
	if node == nil {
		return token.NoPos
	}
	return node.Pos()
}

// buildingAt is where go/ssa was when it panicked while building: the last position in the last
// function that it had begun.
func (s *session) buildingAt() (at token.Pos) {
	if s.building == nil || s.functions != nil {
		return token.NoPos
	}
	for _, fn := range s.declared(s.building) {
		if fn.Blocks != nil {
			at = lastPos(fn)
		}
	}
	return at
}

func lastPos(fn *ssa.Function) token.Pos {
	at := fn.Pos()
	for _, b := range fn.Blocks {
		if b == nil {
			continue
		}
		for _, instr := range b.Instrs {
			if instr != nil && instr.Pos() > at {
				at = instr.Pos()
			}
		}
	}
	return at
}
