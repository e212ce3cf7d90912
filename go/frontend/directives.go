package main

import (
	"bytes"
	"go/ast"
	"go/token"
	"strings"
)

// isDirective tells whether a comment speaks to the compiler: //export f, //go:x, //bpf:x.
func isDirective(text string) bool {
	if rest, ok := strings.CutPrefix(text, "//export"); ok {
		return rest == "" || rest[0] == ' ' || rest[0] == '\t'
	}
	for _, prefix := range []string{"//go:", "//bpf:"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return rest != "" && rest[0] >= 'a' && rest[0] <= 'z'
		}
	}
	return false
}

func (s *session) directivesIn(group *ast.CommentGroup) []Directive {
	if group == nil {
		return nil
	}
	var list []Directive
	for _, c := range group.List {
		if isDirective(c.Text) {
			list = append(list, Directive{c.Text, s.pos(c.Pos())})
		}
	}
	return list
}

// looseDirectives are those of a file that stand in no function's or variable's doc comment. The
// comment above a group var ( … ) belongs to none of its variables.
func (s *session) looseDirectives(src *source) (list []Directive) {
	attached := map[*ast.CommentGroup]bool{}
	for _, d := range src.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			attached[d.Doc] = true
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				attached[varDoc(d, spec.(*ast.ValueSpec))] = true
			}
		}
	}
	for _, group := range src.ast.Comments {
		if !attached[group] {
			list = append(list, s.directivesIn(group)...)
		}
	}
	return list
}

// varDoc is the comment that belongs to a variable.
func varDoc(d *ast.GenDecl, spec *ast.ValueSpec) *ast.CommentGroup {
	if d.Lparen.IsValid() {
		return spec.Doc
	}
	return d.Doc
}

// refuseEmbedding reports files that the source wants in its variables.
func (s *session) refuseEmbedding(src *source) {
	if !bytes.Contains(src.text, []byte("//go:embed")) {
		return
	}
	for _, group := range src.ast.Comments {
		for _, c := range group.List {
			if word, _, _ := strings.Cut(c.Text, " "); word == "//go:embed" {
				s.report(c.Pos(), "go:embed is not available in BPF programs: give the data as the variable's initial value, "+
					"or set it from user space before the program is loaded")
			}
		}
	}
}
