package main

import (
	"fmt"
	"go/build/constraint"
	"go/version"
	"runtime"
	"strings"
	"unsafe"
)

// Operating systems and architectures that mean a constraint at the end of a file's name, as
// in Go's own list.
var (
	knownOS   = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
	knownArch = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// A tagSet knows the build tags that are true: those asked for, linux, unix and the releases of
// Go up to our own.
type tagSet map[string]bool

func newTagSet(tags []string) tagSet {
	t := tagSet{"linux": true, "unix": true}
	for _, tag := range tags {
		t[tag] = true
	}
	return t
}

func (t tagSet) has(tag string) bool {
	return t[tag] || strings.HasPrefix(tag, "go1.") && version.Compare(tag, version.Lang(toolchain())) <= 0
}

// toolchain is the release of Go that this program is built with, such as "go1.27.3".
func toolchain() string {
	name, _, _ := strings.Cut(runtime.Version(), " ")
	if !version.IsValid(name) { // a development build
		return "go1.27"
	}
	return name
}

// A buildLine is a constraint in a file's header.
type buildLine struct {
	text string
	line int
}

// excludes says why a file is no part of the package; the empty string where it is one. The
// error is that of the constraint at line.
func (t tagSet) excludes(name string, text []byte) (why string, line int, err error) {
	switch {
	case name[0] == '_' || name[0] == '.':
		return "its name begins with " + name[:1], 0, nil
	case strings.HasSuffix(name, "_test.go"):
		return "a test", 0, nil
	}
	if suffix := t.wrongSuffix(name); suffix != "" {
		return "its name ends in _" + suffix, 0, nil
	}
	for _, c := range constraintLines(text) {
		expr, err := constraint.Parse(c.text)
		if err != nil {
			return "", c.line, fmt.Errorf("parsing //go:build line: %w", err)
		}
		if !expr.Eval(t.has) {
			return c.text, 0, nil
		}
	}
	return "", 0, nil
}

// wrongSuffix is the part of a name such as x_windows.go or x_linux_arm64.go that is not true.
func (t tagSet) wrongSuffix(name string) string {
	stem, _, _ := strings.Cut(name, ".")
	parts := strings.Split(stem, "_")[1:]
	n := len(parts)
	if n == 0 || !knownOS[parts[n-1]] && !knownArch[parts[n-1]] {
		return ""
	}
	if n > 1 && knownOS[parts[n-2]] && knownArch[parts[n-1]] && !t.has(parts[n-2]) {
		return parts[n-2]
	}
	if !t.has(parts[n-1]) {
		return parts[n-1]
	}
	return ""
}

// constraintLines are the //go:build line above the package clause or, where there is none, the
// // +build lines, which a blank line must follow.
func constraintLines(text []byte) []buildLine {
	var old, pending []buildLine
	inComment, number := false, 0
	for line := range strings.Lines(strings.TrimPrefix(asString(text), "\ufeff")) {
		line = strings.TrimSpace(line)
		number++
		switch {
		case inComment:
		case line == "":
			old, pending = append(old, pending...), nil
		case constraint.IsGoBuild(line):
			return []buildLine{{line, number}}
		case constraint.IsPlusBuild(line):
			pending = append(pending, buildLine{line, number})
		}
		var code bool
		if code, inComment = skipComments(line, inComment); code {
			break
		}
	}
	return old
}

// asString is a text that nobody changes any more, without a copy.
func asString(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// skipComments tells whether a line has anything but comments, and whether it ends inside one.
func skipComments(line string, inComment bool) (code, open bool) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		switch {
		case inComment:
			_, rest, closed := strings.Cut(line, "*/")
			if !closed {
				return false, true
			}
			line, inComment = rest, false
		case strings.HasPrefix(line, "//"):
			return false, false
		case strings.HasPrefix(line, "/*"):
			line, inComment = line[2:], true
		default:
			return true, false
		}
	}
	return false, inComment
}
