package main

import (
	"bytes"
	"strings"
)

// Pruning goes by names. A declaration is kept where its name stands in another one of its package
// that is kept, or behind a dot in another package; a method where its name stands behind a dot or
// in an interface, and its type is kept; constants also where they are of a type that is. So more
// is kept than is used, and never less.
//
// It works on the text, as gofmt writes it, before parsing. What is left out becomes empty lines,
// so that lines and columns stay. Comments go as well, except those that speak to the compiler.

// A chunk is a declaration with the comment above it.
type chunk struct {
	file       int
	start, end int      // in the file's text
	code       int      // where the comment ends
	names      []string // that it declares
	types      []string // of the constants that it declares
	receiver   string   // the type that a method belongs to
	kept       bool
}

// A digest is what pruning knows of a package.
type digest struct {
	chunks []chunk
	names  map[string]bool // that keep its declarations
}

type pruner struct {
	texts   []string
	digests []*digest
	methods map[string]bool // names that keep methods
	more    bool            // than there was when the round began
}

// prune is what there is to parse of each source of the packages, in order; nil where nothing is.
func (s *session) prune(list []*unit) [][]byte {
	p := &pruner{methods: map[string]bool{}}
	for _, u := range list {
		d := &digest{names: map[string]bool{}, chunks: make([]chunk, 0, 512)}
		p.digests = append(p.digests, d)
		for _, src := range u.sources {
			p.split(d, asString(src.text))
		}
	}
	for _, u := range s.units {
		for _, src := range u.sources {
			p.read(nil, asString(src.text))
			if dotImports(src) {
				p.everyWord(asString(src.text))
			}
		}
	}
	for p.more = true; p.more; {
		p.more = false
		for _, d := range p.digests {
			for i := range d.chunks {
				if c := &d.chunks[i]; !c.kept && p.keeps(d, c) {
					c.kept = true
					p.read(d, c.mentions(p.texts[c.file]))
				}
			}
		}
	}
	return p.left()
}

// dotImports tells whether a file has names of other packages without these packages' names.
func dotImports(src *source) bool {
	for _, spec := range src.ast.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			return true
		}
	}
	return false
}

// everyWord keeps what any word of a text names.
func (p *pruner) everyWord(text string) {
	eachWord(text, func(word string, _ bool) {
		for _, d := range p.digests {
			p.add(d.names, word)
		}
	})
}

// keeps tells whether what was read so far keeps a chunk.
func (p *pruner) keeps(d *digest, c *chunk) bool {
	if c.receiver != "" {
		return p.methods[c.names[0]] && d.names[c.receiver]
	}
	for _, name := range c.names {
		if d.names[name] {
			return true
		}
	}
	for _, name := range c.types {
		if d.names[name] {
			return true
		}
	}
	return false
}

// read enters the words of code of a provided package, or of the user's where there is no digest.
func (p *pruner) read(own *digest, code string) {
	methods := strings.Contains(code, "interface")
	eachWord(code, func(word string, selected bool) {
		if selected || methods {
			p.add(p.methods, word)
		}
		if word == "error" {
			p.add(p.methods, "Error")
		}
		if !selected && own != nil {
			p.add(own.names, word)
		}
		if !selected {
			return
		}
		for _, d := range p.digests {
			if d != own {
				p.add(d.names, word)
			}
		}
	})
}

func (p *pruner) add(set map[string]bool, word string) {
	if !set[word] {
		set[word] = true
		p.more = true
	}
}

var beginnings = []string{"func ", "type ", "var ", "const ", "import ", "package "}

func begins(line string) bool {
	if line[0] < 'a' || line[0] > 'z' {
		return false
	}
	for _, word := range beginnings {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}

// split divides a file into chunks: each begins with a comment or a keyword at the beginning of a
// line.
func (p *pruner) split(d *digest, text string) {
	file, first := len(p.texts), len(d.chunks)
	p.texts = append(p.texts, text)
	comment, open := -1, false
	finish := func(at int) {
		if open {
			d.chunks[len(d.chunks)-1].end = at
			open = false
		}
	}
	for at := 0; at < len(text); {
		end := at + strings.IndexByte(text[at:], '\n') + 1
		if end == at {
			end = len(text)
		}
		line := text[at:end]
		switch {
		case strings.HasPrefix(line, "//"):
			finish(at)
			if comment < 0 {
				comment = at
			}
		case begins(line):
			finish(at)
			start := at
			if comment >= 0 {
				start, comment = comment, -1
			}
			d.chunks = append(d.chunks, chunk{file: file, start: start, code: at})
			open = true
		case !open: // a blank line below a comment
			comment = -1
		}
		at = end
	}
	finish(len(text))
	for i := first; i < len(d.chunks); i++ {
		d.chunks[i].declare(text)
	}
}

// declare finds the names that a chunk declares. Package clause and imports are kept at once.
func (c *chunk) declare(text string) {
	keyword, rest, _ := strings.Cut(text[c.code:c.end], " ")
	switch keyword {
	case "package", "import":
		c.kept = true
	case "func":
		if rest[0] == '(' {
			receiver, after, _ := strings.Cut(rest[1:], ")")
			receiver, _, _ = strings.Cut(receiver, "[")
			c.receiver = receiver[strings.LastIndexAny(receiver, " *")+1:]
			rest = strings.TrimLeft(after, " ")
		}
		c.names = []string{firstWord(rest)}
	default:
		if rest[0] != '(' {
			c.declareSpec(rest, keyword == "const")
			return
		}
		for line := range strings.Lines(rest) {
			if spec, ok := strings.CutPrefix(line, "\t"); ok {
				c.declareSpec(spec, keyword == "const")
			}
		}
	}
}

// mentions is the code of a chunk, as far as it names other things.
func (c *chunk) mentions(text string) string {
	code := text[c.code:c.end]
	if strings.HasPrefix(code, "type ") && strings.Contains(code, "struct {\n") {
		return withoutFields(code)
	}
	return code
}

// declareSpec finds the names at the beginning of a line, and the type behind those of constants.
func (c *chunk) declareSpec(line string, constant bool) {
	names, line := leadingNames(line)
	c.names = append(c.names, names...)
	if name := firstWord(strings.TrimLeft(line, " ")); constant && name != "" {
		c.types = append(c.types, name)
	}
}

// leadingNames divides a line into the names that it begins with and the rest.
func leadingNames(line string) (names []string, rest string) {
	for {
		name := firstWord(line)
		if name == "" {
			return names, line
		}
		names, line = append(names, name), line[len(name):]
		next, more := strings.CutPrefix(line, ", ")
		if !more {
			return names, line
		}
		line = next
	}
}

// withoutFields is the code of a struct type without the names of its fields, which stand for
// nothing else.
func withoutFields(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		if field, ok := strings.CutPrefix(line, "\t"); ok {
			if _, rest := leadingNames(field); strings.HasPrefix(rest, " ") {
				line = rest
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// left makes the texts of what was kept.
func (p *pruner) left() [][]byte {
	texts := make([][]byte, len(p.texts))
	done := make([]int, len(p.texts))  // how far each is copied
	used := make([]bool, len(p.texts)) // for more than imports
	for _, d := range p.digests {
		for i := range d.chunks {
			c := &d.chunks[i]
			if !c.kept {
				continue
			}
			text := p.texts[c.file]
			out := emptyLines(texts[c.file], text[done[c.file]:c.start])
			out = directives(out, text[c.start:c.code])
			texts[c.file] = append(out, text[c.code:c.end]...)
			done[c.file] = c.end
			used[c.file] = used[c.file] || len(c.names) > 0
		}
	}
	for i := range texts {
		if !used[i] {
			texts[i] = nil
		}
	}
	return texts
}

// emptyLines adds as many as a text has.
func emptyLines(out []byte, text string) []byte {
	return append(out, bytes.Repeat([]byte{'\n'}, strings.Count(text, "\n"))...)
}

// directives adds a comment of which only the lines that speak to the compiler are left.
func directives(out []byte, comment string) []byte {
	if !strings.Contains(comment, "\n//go:") && !strings.Contains(comment, "\n//bpf:") && !isDirective(comment) {
		return emptyLines(out, comment)
	}
	within := false
	for line := range strings.Lines(comment) {
		switch {
		case isDirective(line):
			within = true
			out = append(out, line...)
		case within: // an empty line would end it
			out = append(out, "//\n"...)
		default:
			out = append(out, '\n')
		}
	}
	return out
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func firstWord(text string) string {
	i := 0
	for i < len(text) && (isLetter(text[i]) || i > 0 && '0' <= text[i] && text[i] <= '9') {
		i++
	}
	return text[:i]
}

// eachWord finds the names and keywords in code, and whether each stands behind a dot. It leaves out
// strings, and comments to the end of a line; a word in another comment does no harm.
func eachWord(code string, found func(word string, selected bool)) {
	dot := false
	for i := 0; i < len(code); {
		c := code[i]
		switch {
		case isLetter(c):
			word := firstWord(code[i:])
			found(word, dot)
			i += len(word)
			dot = false
			continue
		case c == '/' && strings.HasPrefix(code[i:], "//"):
			next := strings.IndexByte(code[i:], '\n')
			if next < 0 {
				return
			}
			i += next
			continue
		case c == '"':
			for i++; i < len(code) && code[i] != '"' && code[i] != '\n'; i++ {
				if code[i] == '\\' {
					i++
				}
			}
		case c == '\'' && i+2 < len(code) && code[i+2] == '\'': // '"'
			i += 2
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			dot = c == '.'
		}
		i++
	}
}
