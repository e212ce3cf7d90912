package main

import (
	"fmt"
	"go/version"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// find is the package of an import path, its files not yet read, or the reason why there is none.
// Packages that come with the compiler are found before all others.
func (s *session) find(from *unit, importPath string) (u *unit, why string) {
	if dir, ok := s.req.Packages[importPath]; ok {
		return &unit{
			path: importPath, dir: dir, display: importPath, provided: true, version: version.Lang(toolchain()),
		}, ""
	}
	if _, ok := s.req.Packages[typedPackage]; ok && strings.HasPrefix(importPath, typedPackage+"/") {
		return nil, fmt.Sprintf("package %q does not exist in the kernel: it belongs in Go tests (_test.go)", importPath)
	}
	if importPath == "." || importPath == ".." || strings.HasPrefix(importPath, "./") || strings.HasPrefix(importPath, "../") {
		return nil, fmt.Sprintf("%q is relative, but relative import paths are not supported in module mode", importPath)
	}
	if path.IsAbs(importPath) || path.Clean(importPath) != importPath {
		return nil, fmt.Sprintf("malformed import path %q", importPath)
	}
	u, why = s.findInModules(importPath)
	if u != nil && !allowsInternal(from.path, importPath) {
		return nil, fmt.Sprintf("use of internal package %s not allowed", importPath)
	}
	return u, why
}

// findInModules looks in the user's module, in its vendor directory and in the directories that it
// replaces modules by.
func (s *session) findInModules(importPath string) (u *unit, why string) {
	made := func(dir, version string) *unit {
		return &unit{path: importPath, dir: dir, display: s.shown(dir), version: version}
	}
	m := &s.modules
	replaced := &module{}
	for _, r := range m.replaced {
		if _, ok := r.holds(importPath); ok {
			replaced = r
			break
		}
	}
	if own := m.owner(importPath); own != nil && len(own.path) >= len(replaced.path) {
		dir, _ := own.holds(importPath)
		if !isDir(dir) {
			return nil, fmt.Sprintf("package %s is not in module %s (%s)", importPath, own.path, s.shown(dir))
		}
		return made(dir, own.version), ""
	}
	if m.vendor != "" {
		if dir := filepath.Join(m.vendor, filepath.FromSlash(importPath)); isDir(dir) {
			return made(dir, m.vendorVersion(importPath)), ""
		}
	}
	if dir, ok := replaced.holds(importPath); ok {
		if !isDir(dir) {
			return nil, fmt.Sprintf("package %s is not in module %s, which go.mod replaces by a directory (%s)",
				importPath, replaced.path, s.shown(dir))
		}
		return made(dir, s.replacedVersion(replaced)), ""
	}
	return nil, s.unavailable(importPath)
}

// replacedVersion is the language version of a module that is replaced by a directory.
func (s *session) replacedVersion(m *module) string {
	if m.version != "" {
		return m.version
	}
	m.version = withoutDirective
	file := filepath.Join(m.dir, "go.mod")
	if text, err := os.ReadFile(file); err == nil {
		read := &module{version: withoutDirective}
		s.readModule(read, s.shown(file), text)
		m.version = read.version
	}
	return m.version
}

func isDir(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

// allowsInternal is Go's rule: what is below a directory internal can be imported from below the
// directory that holds it.
func allowsInternal(from, importPath string) bool {
	i := strings.LastIndex("/"+importPath+"/", "/internal/")
	if i < 0 {
		return true
	}
	parent := strings.TrimSuffix(importPath[:max(i-1, 0)], "/")
	return i > 0 && below(from, parent)
}

// typedPackage is the package that programs are written with.
const typedPackage = "tinybpf/ebpf"

// instead says what to use in place of a standard package, or of all below a path.
var instead = map[string]string{
	"archive":        aFile,
	"bufio":          "ebpf.RingBuf carries data to user space",
	"compress":       "data is compressed in user space",
	"container":      "an array with indexes in place of pointers is a list or a heap",
	"container/ring": "an array with an index that wraps is a ring",
	"context":        "a program has no context but the one that the kernel gives it",
	"crypto":         "there are no cryptographic functions for programs; pass data to user space",
	"database":       "ebpf.Hash and its kin are the kernel's tables",
	"embed":          "give the data as a variable's initial value",
	"encoding":       "send structs through ebpf.RingBuf: user space has their types; encoding/binary has byte orders",
	"errors":         "return a bool, or a negative error number such as -ebpf.EPERM",
	"expvar":         "package variables are visible to user space",
	"flag":           "user space can set package variables before the program is loaded",
	"fmt":            "ebpf.Printk writes to the kernel's trace",
	"hash":           "the hash.Hash interface needs a heap: FNV-1a is a loop of h ^= uint32(b); h *= 16777619",
	"io":             "ebpf.RingBuf carries data to user space",
	"log":            "ebpf.Printk writes to the kernel's trace",
	"maps":           "ebpf.Hash and its kin are the kernel's maps, and have methods",
	"math/big":       "math/bits has sums, products and quotients of more than 64 bits",
	"math/rand":      "ebpf.GetPrandomU32 gives a random number",
	"net":            "package ebpf has addresses and packet headers",
	"net/netip":      "ebpf.IPv4Addr and ebpf.IPv6Addr are addresses",
	"os":             "a program in the kernel has no files and no environment",
	"path":           "strings and bytes cut paths apart: strings.LastIndexByte(p, '/')",
	"reflect":        "types are known when the program is compiled: write a generic function",
	"regexp":         "bytes and strings compare and search",
	"runtime":        "a program in the kernel has no runtime",
	"sort":           "slices.Sort and slices.BinarySearch are available",
	"strconv":        "ebpf.Printk formats numbers; user space reads them from variables and maps",
	"sync":           "sync/atomic is available, and ebpf.SpinLock guards a map's value",
	"syscall":        "a program in the kernel makes no system calls",
	"testing":        "tests belong in _test.go files",
	"text":           "text is made in user space",
	"unicode":        "unicode/utf8 takes runes apart; classes of ASCII characters are comparisons",
	"unique":         "compare the values themselves",
	"weak":           "there is no heap",
}

const aFile = "a program in the kernel has no files"

// insteadOf is what to use in place of a standard package.
func insteadOf(importPath string) string {
	for above := importPath; above != "."; above = path.Dir(above) {
		if hint := instead[above]; hint != "" {
			return hint
		}
	}
	return ""
}

// unavailable says why there is no package of an import path, and which there are.
func (s *session) unavailable(importPath string) string {
	first, _, _ := strings.Cut(importPath, "/")
	main := s.modules.main
	if _, provided := s.req.Packages[typedPackage]; provided && (first == "tinybpf" || path.Base(importPath) == "ebpf") {
		return fmt.Sprintf("package %q is not available in BPF programs; did you mean %q?", importPath, typedPackage)
	}
	if strings.Contains(first, ".") {
		if main.path == "" {
			return fmt.Sprintf("package %s: there is no go.mod above the program that makes it part of a module", importPath)
		}
		return fmt.Sprintf("package %s is neither in module %s, nor in its vendor directory, nor in a directory that "+
			"go.mod replaces a module by, and nothing is downloaded (go mod vendor does it)",
			importPath, main.path)
	}
	text := fmt.Sprintf("package %q is not available in BPF programs", importPath)
	if hint := insteadOf(importPath); hint != "" {
		return text + ": " + hint + " (" + s.available() + ")"
	}
	if near := s.nearestPackage(importPath); near != "" {
		return text + fmt.Sprintf("; did you mean %q?", near)
	}
	return text + " (" + s.available() + ")"
}

// nearestPackage is the package that can be imported whose path is most like another one.
func (s *session) nearestPackage(importPath string) (near string) {
	least := 2 + len(importPath)/5
	for _, known := range slices.Sorted(maps.Keys(s.req.Packages)) {
		for _, name := range []string{known, path.Base(known)} {
			if d := distance(importPath, name); d < least {
				near, least = known, d
			}
		}
	}
	return near
}

// available lists the packages that can be imported.
func (s *session) available() string {
	text := "available: "
	var standard []string
	for _, known := range slices.Sorted(maps.Keys(s.req.Packages)) {
		if known == typedPackage {
			text += known + "; "
		} else {
			standard = append(standard, known)
		}
	}
	text += "of Go's own " + strings.Join(append(standard, "unsafe"), ", ")
	if s.modules.main.path != "" {
		text += "; packages of module " + s.modules.main.path
	}
	return text
}
