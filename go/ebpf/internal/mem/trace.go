package mem

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

var trace struct {
	sync.Mutex
	lines []string
}

const (
	maxPrintArgs = 12   // MAX_BPRINTF_VARARGS
	maxPrintLine = 1023 // BPF_TRACE_PRINTK_SIZE without the 0
)

// Print writes a line to the trace.
func Print(format string, args []any) {
	mayCall("Printk")
	if len(args) > maxPrintArgs {
		panic(fmt.Sprintf("Printk(%q): %d arguments, and the kernel takes %d", format, len(args), maxPrintArgs))
	}
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = printed(arg)
	}
	line := fmt.Sprintf(format, shown...)
	if len(line) > maxPrintLine {
		line = line[:maxPrintLine]
	}
	line, _, _ = strings.Cut(line, "\x00")
	trace.Lock()
	defer trace.Unlock()
	trace.lines = append(trace.lines, strings.TrimSuffix(line, "\n"))
}

// printed gives the text up to the 0 for a pointer to an array of bytes, and the number for an
// integer with a name: the kernel knows no names. All else is the argument itself.
func printed(arg any) any {
	v := reflect.ValueOf(arg)
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	}
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Array ||
		v.Elem().Type().Elem().Kind() != reflect.Uint8 {
		return arg
	}
	text, _, _ := strings.Cut(string(v.Elem().Bytes()), "\x00")
	return text
}

// Trace gives the lines that were written.
func Trace() []string {
	trace.Lock()
	defer trace.Unlock()
	return append([]string(nil), trace.lines...)
}

// ResetTrace forgets them.
func ResetTrace() {
	trace.Lock()
	defer trace.Unlock()
	trace.lines = nil
}
