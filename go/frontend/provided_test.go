package main

import (
	"go/types"
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
	packages := map[string]string{"tinybpf/ebpf": filepath.Join(root, "ebpf")}
	for path := range absent {
		packages[path] = filepath.Join(root, "std", filepath.FromSlash(path))
	}
	return packages
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
				if strings.HasPrefix(f.Synthetic, "from type information") {
					t.Errorf("%s was not reached", f.Name)
				}
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

// checked runs the steps up to the type checker.
func checked(s *session) *session {
	s.doc = &Document{Protocol: protocol}
	if s.selectFiles() && s.parse() {
		s.check()
	}
	return s
}

// instance is a type with arguments that its parameters allow, if it has any.
func instance(t *testing.T, named *types.Named) types.Type {
	t.Helper()
	if named.TypeParams().Len() == 0 {
		return named
	}
	var args []types.Type
	for param := range named.TypeParams().TypeParams() {
		args = append(args, argument(param))
	}
	made, err := types.Instantiate(nil, named, args, true)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// argument is a type that a type parameter allows: the first of its constraint's, or a number.
func argument(param *types.TypeParam) types.Type {
	constraint := param.Constraint().Underlying().(*types.Interface)
	for embedded := range constraint.EmbeddedTypes() {
		if union, ok := embedded.(*types.Union); ok {
			return union.Term(0).Type()
		}
	}
	return types.Typ[types.Uint32]
}

// usesOf has an expression or a type for each exported name of the package: functions, constants,
// variables, types and their methods, those that come from embedded fields among them.
func usesOf(t *testing.T, pkg *types.Package) map[string]string {
	t.Helper()
	qualifier := func(p *types.Package) string { return p.Name() }
	list := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.TypeName:
			named, ok := obj.Type().(*types.Named)
			if !ok {
				list[name] = "var v " + pkg.Name() + "." + name
				continue
			}
			typ := instance(t, named)
			shown := types.TypeString(typ, qualifier)
			if types.IsInterface(named) {
				list[name] = "func f[T " + shown + "]() {}"
				continue
			}
			list[name] = "var v " + shown
			methods := types.NewMethodSet(types.NewPointer(typ))
			for m := range methods.Methods() {
				if m.Obj().Exported() {
					list[name+"."+m.Obj().Name()] = "var v = (*" + shown + ")." + m.Obj().Name()
				}
			}
		case *types.Func:
			var args []string
			for param := range obj.Signature().TypeParams().TypeParams() {
				args = append(args, types.TypeString(argument(param), qualifier))
			}
			list[name] = "var v = " + pkg.Name() + "." + name
			if args != nil {
				list[name] += "[" + strings.Join(args, ", ") + "]"
			}
		case *types.Const:
			list[name] = "const v = " + pkg.Name() + "." + name
		default:
			list[name] = "var v = " + pkg.Name() + "." + name
		}
	}
	return list
}

// TestPruningKeepsEnough: each exported name of a provided package can be used alone.
func TestPruningKeepsEnough(t *testing.T) {
	for _, path := range []string{"tinybpf/ebpf", "sync/atomic"} {
		base := path[strings.LastIndex(path, "/")+1:]
		s := checked(&session{whole: true, req: request(t, Request{Sources: map[string]string{
			"a.go": "package bpf\n\nimport _ \"" + path + "\"\n",
		}})})
		if len(s.reports) > 0 {
			t.Fatal(lines(s.finish()))
		}
		all := usesOf(t, s.byPath[path].pkg)
		if len(all) < 50 {
			t.Errorf("%s: %d names", path, len(all))
		}
		for name, use := range all {
			text := "package bpf\n\nimport \"" + path + "\"\n\n" + use + "\n"
			got := checked(&session{req: request(t, Request{Sources: map[string]string{"a.go": text}})})
			if len(got.reports) > 0 {
				t.Errorf("%s: %s: %s", base, name, lines(got.finish()))
			}
		}
	}
}

// TestPruningLosesNothing: what pruning leaves out changes nothing else.
func TestPruningLosesNothing(t *testing.T) {
	dirs, err := os.ReadDir("../programs")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		path, _ := filepath.Abs(filepath.Join("../programs", dir.Name()))
		req := request(t, Request{Dir: path, Display: dir.Name()})
		whole := (&session{req: req, whole: true}).run()
		some := pruned(t, req)
		for i := range whole.Files {
			for at, line := range strings.Split(some.Files[i].Text, "\n") {
				if line != "" && !strings.HasPrefix(strings.Split(whole.Files[i].Text, "\n")[at], strings.TrimRight(line, "/")) {
					t.Errorf("%s: %s:%d is %q", dir.Name(), whole.Files[i].Path, at+1, line)
				}
			}
			whole.Files[i].Text, some.Files[i].Text = "", ""
		}
		if string(encode(whole)) != string(encode(some)) {
			t.Errorf("%s: the documents differ", dir.Name())
		}
	}
}

// TestNativeFiles: the compiler skips *_native.go by name.
func TestNativeFiles(t *testing.T) {
	for path, dir := range ours(t) {
		names, err := goFiles(dir)
		if err != nil {
			t.Fatal(err)
		}
		tags := newTagSet([]string{"bpf", "tinygo"})
		for _, name := range names {
			text, _ := os.ReadFile(filepath.Join(dir, name))
			why, _, _ := tags.excludes(name, text)
			if native := strings.HasSuffix(name, "_native.go"); native != (why == "//go:build !bpf") && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s/%s: %q", path, name, why)
			}
		}
	}
}
