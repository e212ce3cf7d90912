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
	for provided := range s.req.Packages {
		if strings.HasPrefix(importPath, provided+"/") {
			return nil, fmt.Sprintf("package %q does not exist in the kernel: it belongs in Go tests (_test.go)", importPath)
		}
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
	if dir, ok := m.main.holds(importPath); ok && len(m.main.path) >= len(replaced.path) {
		if !isDir(dir) {
			return nil, fmt.Sprintf("package %s is not in module %s (%s)", importPath, m.main.path, s.shown(dir))
		}
		return made(dir, m.main.version), ""
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

// planned are the standard packages that a later version brings.
var planned = strings.Fields("bytes cmp encoding/binary errors math math/bits slices strings")

// instead says what to use in place of a standard package.
var instead = map[string]string{
	"context":   "a program has no context but the one that the kernel gives it",
	"fmt":       "ebpf.Printk writes to the kernel's trace",
	"io":        "ebpf.RingBuf carries data to user space",
	"log":       "ebpf.Printk writes to the kernel's trace",
	"log/slog":  "ebpf.Printk writes to the kernel's trace",
	"math/rand": "ebpf.GetPrandomU32 gives a random number",
	"net":       "package ebpf has addresses and packet headers",
	"net/netip": "ebpf.IPv4Addr and ebpf.IPv6Addr are addresses",
	"os":        "a program in the kernel has no files and no environment",
	"runtime":   "a program in the kernel has no runtime",
	"sync":      "sync/atomic is available, and ebpf.SpinLock guards a map's value",
	"syscall":   "a program in the kernel makes no system calls",
	"time":      "ebpf.Now is the time",
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
			return fmt.Sprintf("package %s: there is no go.mod above the program that makes it part of a module; %s", importPath, s.available())
		}
		return fmt.Sprintf("package %s is neither in module %s, nor in its vendor directory, nor in a directory that "+
			"go.mod replaces a module by, and nothing is downloaded (go mod vendor does it); %s",
			importPath, main.path, s.available())
	}
	if slices.Contains(planned, importPath) {
		return fmt.Sprintf("package %q is not available yet in BPF programs; %s", importPath, s.available())
	}
	text := fmt.Sprintf("package %q is not available in BPF programs; %s", importPath, s.available())
	if hint := instead[importPath]; hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// available lists the packages that can be imported.
func (s *session) available() string {
	list := append(slices.Collect(maps.Keys(s.req.Packages)), "unsafe")
	slices.Sort(list)
	text := "available: " + strings.Join(list, ", ")
	if s.modules.main.path != "" {
		text += ", packages of module " + s.modules.main.path
	}
	return text
}
