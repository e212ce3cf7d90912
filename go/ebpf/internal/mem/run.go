package mem

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
)

// programs are what a ProgArray has: Go functions, by index.
type programs struct {
	at map[uint32]any
}

const maxTailCalls = 33

// running are the programs that Run runs, by goroutine: how many tail calls each has made.
var running struct {
	sync.Mutex
	calls map[int64]int
}

// A tailCall is what ends a program natively for the next to begin: a panic that Run catches.
type tailCall struct {
	program any
	ctx     any
}

func (c tailCall) String() string { return "a tail call outside of ebpftest.Run" }

// SetProgram puts a function into a ProgArray, or nil.
func (m *Map) SetProgram(index uint32, program any) {
	in, ok := m.in.(*programs)
	if !ok {
		panic(fmt.Sprintf("%v has no programs", m.Spec))
	}
	if index >= m.MaxEntries {
		panic(fmt.Sprintf("%v has MaxEntries %d and no index %d", m.Spec, m.MaxEntries, index))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in.at[index] = program
	if program == nil {
		delete(in.at, index)
	}
}

// TailCall goes on with the program at index: it does not return but where there is none, or after
// as many tail calls as the kernel allows.
func (m *Map) TailCall(ctx any, index uint32) int64 {
	in := inside[*programs](m, "tail call")
	m.mu.Lock()
	program := in.at[index]
	m.mu.Unlock()
	if program == nil {
		return noEntry
	}
	me := goroutine()
	running.Lock()
	n, inside := running.calls[me]
	if inside && n < maxTailCalls {
		running.calls[me]++
	}
	running.Unlock()
	switch {
	case !inside:
		panic(fmt.Sprintf("%v: a tail call does not return, so the function that makes it must be run by "+
			"ebpftest.Run(t, program, ctx)", m.Spec))
	case n >= maxTailCalls:
		return tooBig
	}
	panic(tailCall{program, ctx})
}

// An Outcome is how a program ended.
type Outcome struct {
	Result reflect.Value // what it returned, or the one that it tail-called
	Panic  any           // what it panicked with; nil where it did not
	Stack  string        // of the panic
	Held   []string      // what it did not give back, which was done for it
}

// Run runs a program, and those that it tail-calls.
func Run(program, ctx any) Outcome {
	me := goroutine()
	running.Lock()
	if running.calls == nil {
		running.calls = map[int64]int{}
	}
	before, nested := running.calls[me]
	running.calls[me] = 0
	running.Unlock()
	defer func() {
		running.Lock()
		defer running.Unlock()
		if nested {
			running.calls[me] = before
		} else {
			delete(running.calls, me)
		}
	}()
	for {
		next, out := runOne(program, ctx)
		if next == nil {
			out.Held = release(me)
			return out
		}
		if what := release(me); what != nil {
			out.Panic = fmt.Sprintf("tail call: %s: the verifier refuses the program", what[0])
			return out
		}
		program, ctx = next.program, next.ctx
	}
}

func runOne(program, ctx any) (next *tailCall, out Outcome) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case tailCall:
			next = &p
		default:
			out = Outcome{Panic: p, Stack: programStack()}
		}
	}()
	f, arg := reflect.ValueOf(program), reflect.ValueOf(ctx)
	if f.IsNil() {
		panic("there is no program: the function is nil")
	}
	if want := f.Type().In(0); !arg.IsValid() {
		arg = reflect.Zero(want)
	} else if !arg.Type().AssignableTo(want) {
		panic(fmt.Sprintf("a program that takes %v cannot get %v", want, arg.Type()))
	}
	return nil, Outcome{Result: f.Call([]reflect.Value{arg})[0]}
}

// programStack gives the program's functions that led to the panic which is being recovered, each
// with its place, the innermost first.
func programStack() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	var text strings.Builder
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case strings.HasPrefix(frame.Function, "reflect.Value.") || !more:
			return text.String()
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			fmt.Fprintf(&text, "\t%s\n\t\t%s:%d\n", frame.Function, frame.File, frame.Line)
		}
	}
}
