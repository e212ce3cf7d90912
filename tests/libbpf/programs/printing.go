// Prints when it is run, and at each getppid() of one process.
package main

import "unsafe"

// target is the process whose calls print.
var target uint32

var number uint32

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_trace_printk
func bpfTracePrintk(format unsafe.Pointer, size uint32, a uint64, b uint64, c uint64) int64

//bpf:section syscall
//export several_lines
func several_lines(ctx unsafe.Pointer) int32 {
	text := [12]byte{'o', 'n', 'e', '\n', '\n', 't', 'w', 'o', ':', ' ', '\n', 0}
	return int32(bpfTracePrintk(unsafe.Pointer(&text), 12, 0, 0, 0))
}

//bpf:section tracepoint/syscalls/sys_enter_getppid
//export on_getppid
func on_getppid(ctx unsafe.Pointer) int32 {
	if uint32(bpfGetCurrentPidTgid()>>32) != target {
		return 0
	}
	number++
	text := [9]byte{'c', 'a', 'l', 'l', ' ', '%', 'd', '\n', 0}
	bpfTracePrintk(unsafe.Pointer(&text), 9, uint64(number), 0, 0)
	return 0
}
