package main

import (
	"bytes"
	"strings"
)

// Pruning goes by names: a declaration is kept where its name, anything's name, occurs in the
// packages that import it or in another declaration that is kept. It works on the text, as gofmt
// writes it, before parsing: what is left out becomes blanks, so that positions stay. Comments go
// as well, except those that speak to the compiler.

// A chunk is a declaration with the comment above it.
type chunk struct {
	file       int
	start, end int // in the file's text
	code       int // where the comment ends
	names      []string
	receiver   string // the type that a method belongs to
	kept       bool
}

type pruner struct {
	texts   []string
	chunks  []*chunk
	waiting map[string][]*chunk // by a name that would keep them
	words   map[string]bool
	todo    []string
}

// prune is what there is to parse of each source of the packages, in order; nil where nothing is.
func (s *session) prune(list []*unit) [][]byte {
	p := &pruner{waiting: map[string][]*chunk{}, words: map[string]bool{}}
	for _, u := range list {
		for _, src := range u.sources {
			p.split(string(src.text))
		}
	}
	for _, u := range s.units {
		for _, src := range u.sources {
			p.read(string(src.text))
		}
	}
	p.run()
	return p.left()
}

var beginnings = []string{"func ", "type ", "var ", "const ", "import ", "package "}

// split divides a file into chunks: each begins with a comment or a keyword at the beginning of a
// line.
func (p *pruner) split(text string) {
	file := len(p.texts)
	p.texts = append(p.texts, text)
	comment := -1
	var open *chunk
	for at := 0; at < len(text); {
		end := at + strings.IndexByte(text[at:], '\n') + 1
		if end == at {
			end = len(text)
		}
		line := text[at:end]
		switch {
		case strings.HasPrefix(line, "//"):
			if open != nil {
				open.end, open = at, nil
			}
			if comment < 0 {
				comment = at
			}
		case begins(line):
			if open != nil {
				open.end = at
			}
			open = &chunk{file: file, start: at, code: at}
			if comment >= 0 {
				open.start = comment
			}
			comment = -1
			p.chunks = append(p.chunks, open)
		case open == nil: // a blank line below a comment
			comment = -1
		}
		at = end
	}
	if open != nil {
		open.end = len(text)
	}
	for _, c := range p.chunks {
		if c.file == file {
			p.enter(c, text[c.code:c.end])
		}
	}
}

func begins(line string) bool {
	for _, word := range beginnings {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}

// enter notes the names that a chunk waits for.
func (p *pruner) enter(c *chunk, code string) {
	keyword, rest, _ := strings.Cut(code, " ")
	switch keyword {
	case "package", "import":
		p.keep(c)
		return
	case "func":
		if rest[0] == '(' {
			receiver, after, _ := strings.Cut(rest[1:], ")")
			receiver, _, _ = strings.Cut(receiver, "[")
			c.receiver = receiver[strings.LastIndexAny(receiver, " *")+1:]
			rest = strings.TrimLeft(after, " ")
		}
		c.names = []string{firstWord(rest)}
	case "const": // the constants of a type belong to it
		eachWord(code, func(word string) { c.names = append(c.names, word) })
	default:
		for line := range strings.Lines(rest) {
			line = strings.TrimPrefix(strings.TrimPrefix(line, "("), "\t")
			for {
				name := firstWord(line)
				if name == "" {
					break
				}
				c.names = append(c.names, name)
				if line = line[len(name):]; !strings.HasPrefix(line, ", ") {
					break
				}
				line = line[2:]
			}
		}
	}
	for _, name := range c.names {
		if !predeclared[name] {
			p.waiting[name] = append(p.waiting[name], c)
		}
	}
	if c.receiver != "" {
		p.waiting[c.receiver] = append(p.waiting[c.receiver], c)
	}
}

// predeclared are words of constant declarations that say nothing about what they belong to.
var predeclared = set("const iota int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr string bool byte rune")

// keep keeps a chunk, and with it all that it mentions.
func (p *pruner) keep(c *chunk) {
	if !c.kept {
		c.kept = true
		p.read(p.texts[c.file][c.code:c.end])
	}
}

// read enters the words of a text.
func (p *pruner) read(code string) {
	eachWord(code, func(word string) {
		if !p.words[word] {
			p.words[word] = true
			p.todo = append(p.todo, word)
		}
	})
}

func (p *pruner) run() {
	for len(p.todo) > 0 {
		word := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		if word == "error" {
			p.read("Error")
		}
		for _, c := range p.waiting[word] {
			if c.receiver == "" || p.words[c.receiver] && p.words[c.names[0]] {
				p.keep(c)
			}
		}
	}
}

// left makes the texts of what was kept.
func (p *pruner) left() [][]byte {
	texts := make([][]byte, len(p.texts))
	for i, text := range p.texts {
		texts[i] = bytes.Repeat([]byte{' '}, len(text))
		for at := 0; ; at++ {
			next := strings.IndexByte(text[at:], '\n')
			if next < 0 {
				break
			}
			at += next
			texts[i][at] = '\n'
		}
	}
	used := make([]bool, len(p.texts))
	for _, c := range p.chunks {
		if !c.kept {
			continue
		}
		text := p.texts[c.file]
		used[c.file] = used[c.file] || begins(text[c.code:]) && text[c.code] != 'p' && text[c.code] != 'i'
		copy(texts[c.file][c.code:c.end], text[c.code:c.end])
		at := c.start
		for line := range strings.Lines(text[c.start:c.code]) {
			if isDirective(strings.TrimSpace(line)) {
				copy(texts[c.file][at:], line)
			}
			at += len(line)
		}
	}
	for i := range texts {
		if !used[i] {
			texts[i] = nil
		}
	}
	return texts
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

// eachWord finds the names and keywords in code. What it finds in strings and comments does no
// harm; it leaves out comments to the end of a line, of which there are many.
func eachWord(code string, found func(word string)) {
	for i := 0; i < len(code); {
		c := code[i]
		switch {
		case isLetter(c):
			word := firstWord(code[i:])
			found(word)
			i += len(word)
		case c == '/' && strings.HasPrefix(code[i:], "//"):
			next := strings.IndexByte(code[i:], '\n')
			if next < 0 {
				return
			}
			i += next
		case c == '"':
			for i++; i < len(code) && code[i] != '"' && code[i] != '\n'; i++ {
				if code[i] == '\\' {
					i++
				}
			}
			i++
		case c == '\'' && i+2 < len(code) && code[i+2] == '\'':
			i += 3 // '"'
		default:
			i++
		}
	}
}
