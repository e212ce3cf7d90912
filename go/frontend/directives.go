package main

import (
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

// collectDirectives finds the directives of each variable, and gives each file those that stand
// in no function's or variable's doc comment. The comment above a group var ( … ) belongs to
// none of its variables.
func (s *session) collectDirectives() map[token.Pos][]Directive {
	ofVar := map[token.Pos][]Directive{}
	for _, src := range s.sources {
		attached := map[*ast.CommentGroup]bool{}
		for _, d := range src.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				attached[d.Doc] = true
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					s.varDirectives(d, ofVar, attached)
				}
			}
		}
		file := &s.doc.Files[src.index]
		for _, group := range src.ast.Comments {
			if !attached[group] {
				file.Directives = append(file.Directives, s.directivesIn(group)...)
			}
		}
	}
	return ofVar
}

func (s *session) varDirectives(d *ast.GenDecl, ofVar map[token.Pos][]Directive, attached map[*ast.CommentGroup]bool) {
	for _, spec := range d.Specs {
		doc := spec.(*ast.ValueSpec).Doc
		if !d.Lparen.IsValid() {
			doc = d.Doc
		}
		attached[doc] = true
		for _, name := range spec.(*ast.ValueSpec).Names {
			ofVar[name.Pos()] = s.directivesIn(doc)
		}
	}
}
