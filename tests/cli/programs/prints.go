// Prints a line for each call of getpgid with the argument -42.
package main

import "unsafe"

var format = [16]byte{'c', 'a', 'l', 'l', ' ', '%', 'd', '!'}

type enterGetpgid struct {
	_   [16]byte
	PID int64
}

//go:extern bpf_trace_printk
func bpfTracePrintk(format unsafe.Pointer, size uint32, arg uint64) int64

//bpf:section tracepoint/syscalls/sys_enter_getpgid
//export on_call
func on_call(ctx unsafe.Pointer) int32 {
	arg := int32((*enterGetpgid)(ctx).PID)
	if arg == -42 {
		text := format
		bpfTracePrintk(unsafe.Pointer(&text), 16, uint64(arg))
	}
	return 0
}

func main() {}
