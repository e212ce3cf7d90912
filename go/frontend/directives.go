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
	if rest, ok := strings.CutPrefix(text, "//go:"); ok {
		return rest != "" && rest[0] >= 'a' && rest[0] <= 'z'
	}
	return strings.HasPrefix(text, "//bpf:") // misspelt ones, too, which Python tells of
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

// checkGeneric reports functions with type parameters that are marked as programs: there is no one
// function that the kernel could call, and go/ssa would leave out what nobody instantiates.
func (s *session) checkGeneric(src *source) {
	for _, d := range src.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Type.TypeParams == nil {
			continue
		}
		for _, d := range s.directivesIn(fn.Doc) {
			if word, _, _ := strings.Cut(d.Text, " "); word == "//export" || strings.HasPrefix(word, "//bpf:") {
				s.report(fn.Name.Pos(), "program "+fn.Name.Name+" has type parameters: the kernel calls one function; "+
					"write one without them that calls "+fn.Name.Name)
				break
			}
		}
	}
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
