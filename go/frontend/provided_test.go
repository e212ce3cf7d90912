package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ours are the packages that the compiler provides, where they are in the repository.
func ours(t *testing.T) map[string]string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"tinybpf/ebpf": filepath.Join(root, "ebpf"), "sync/atomic": filepath.Join(root, "std", "sync", "atomic"),
	}
}

// request is one as the compiler makes it.
func request(t *testing.T, req Request) *Request {
	t.Helper()
	req.Protocol, req.Tags, req.Packages = protocol, []string{"linux", "bpf", "tinygo"}, ours(t)
	return &req
}

// pruned answers a request, and does not forgive what pruning left out.
func pruned(t *testing.T, req *Request) *Document {
	t.Helper()
	s := &session{req: req}
	doc := s.run()
	if got := lines(doc); got != "" {
		t.Fatal(got)
	}
	return doc
}

// TestPrograms: all example programs, nothing missed that pruning left out.
func TestPrograms(t *testing.T) {
	dirs, err := os.ReadDir("../programs")
	if err != nil || len(dirs) < 12 {
		t.Fatal(err, len(dirs))
	}
	for _, dir := range dirs {
		t.Run(dir.Name(), func(t *testing.T) {
			path, _ := filepath.Abs(filepath.Join("../programs", dir.Name()))
			doc := pruned(t, request(t, Request{Dir: path, Display: dir.Name()}))
			for _, f := range doc.Functions {
				for _, b := range f.Blocks {
					for _, instr := range b.Instrs {
						if call, ok := instr.(*Call); ok && call.Method != "" {
							t.Errorf("%s calls %s of an interface", f.Name, call.Method)
						}
					}
				}
				if strings.Contains(f.Synthetic, "wrapper") {
					t.Errorf("%s is a %s", f.Name, f.Synthetic)
				}
			}
		})
	}
}
