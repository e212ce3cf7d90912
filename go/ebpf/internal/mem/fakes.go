// Package mem is what package ebpf is made of outside the kernel: maps, packets and memory that
// keep to the kernel's rules, and the fakes that tests give for helpers.
package mem

import (
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"
)

// fakes are the functions that stand for helpers, by the helper's code address.
var fakes struct {
	sync.RWMutex
	of map[uintptr]any
}

// Faked gives the function that stands for helper, and whether there is one.
func Faked[F any](helper F) (F, bool) {
	fakes.RLock()
	defer fakes.RUnlock()
	if len(fakes.of) == 0 {
		return helper, false
	}
	fake, ok := fakes.of[codeOf(helper)].(F)
	return fake, ok
}

// Set lets fake stand for helper until restore is called.
func Set[F any](helper F, fake F) (restore func()) {
	code := codeOf(helper)
	mustAsk(code)
	if reflect.ValueOf(fake).IsNil() {
		panic("ebpf: nil cannot stand for a helper")
	}
	fakes.Lock()
	defer fakes.Unlock()
	before, was := fakes.of[code]
	if fakes.of == nil {
		fakes.of = map[uintptr]any{}
	}
	fakes.of[code] = fake
	return func() {
		fakes.Lock()
		defer fakes.Unlock()
		if was {
			fakes.of[code] = before
		} else {
			delete(fakes.of, code)
		}
	}
}

// codeOf is the address of a function's code: the same for all values of one declared function.
func codeOf(function any) uintptr {
	v := reflect.ValueOf(function)
	if v.Kind() != reflect.Func || v.IsNil() {
		panic(fmt.Sprintf("ebpf: %T is not a helper of package ebpf", function))
	}
	return v.Pointer()
}

// mustAsk panics where the function with that code does not ask for a fake: only the kernel's
// helpers do, which are in a file of their own.
func mustAsk(code uintptr) {
	f := runtime.FuncForPC(code)
	file, _ := f.FileLine(code)
	if strings.HasSuffix(strings.ReplaceAll(file, "\\", "/"), "/helpers_native.go") {
		return
	}
	name := path.Base(f.Name())
	panic(fmt.Sprintf("%s is not a helper of the kernel, and a fake would not be asked; set the helper that it "+
		"is made of, such as ebpf.GetCurrentPidTgid for ebpf.PID", strings.TrimSuffix(name, "[...]")))
}
