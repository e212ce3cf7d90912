package ebpftest

import (
	"reflect"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/internal/mem"
)

// Run runs a program as the kernel does, and gives its result:
//
//	got := ebpftest.Run(t, dropPort, ebpftest.XDP(packet))
//
// Tail calls go on with the program that SetProgram put there. The test fails where the program
// panics, and where it ends with a record reserved or a lock held. A program may also be called as
// the function that it is, if it makes no tail call.
func Run[C, R any](t testing.TB, program func(ctx C) R, ctx C) R {
	t.Helper()
	out := mem.Run(program, ctx)
	if out.Panic != nil {
		t.Fatalf("the program panicked: %v\n%s", out.Panic, out.Stack)
	}
	for _, what := range out.Held {
		t.Errorf("at the end of the program %s: the verifier refuses it", what)
	}
	result, ok := out.Result.Interface().(R)
	if !ok {
		t.Fatalf("the program that was tail-called returns %v, not %v", out.Result.Type(), reflect.TypeFor[R]())
	}
	return result
}

// Panics runs a program that shall panic, and gives what it panicked with. What it held is given
// back, as in the kernel. The test fails where it does not panic.
func Panics[C, R any](t testing.TB, program func(ctx C) R, ctx C) any {
	t.Helper()
	out := mem.Run(program, ctx)
	if out.Panic == nil {
		t.Fatalf("the program did not panic, and returned %v", out.Result)
	}
	return out.Panic
}

// SetProgram puts a program into a ProgArray, as user space does, until the next Start.
func SetProgram[C, R any](array *ebpf.ProgArray, index uint32, program func(ctx C) R) {
	mem.StateOf(array).SetProgram(index, program)
}
