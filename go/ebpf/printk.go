package ebpf

// Printk writes a line to the kernel's trace, which tinybpf run and
// /sys/kernel/tracing/trace_pipe show. The format is a constant, in Go's verbs: %d %x %c of
// integers, %s of an array of bytes (up to 64) or of a pointer to text that ends with 0, %p, %t and
// %v; the compiler checks it against the arguments. The kernel prints them: %x of a negative number
// has no sign but all its bits, %c is ASCII. More than three arguments need Linux 5.16. It is for
// finding faults: the kernel takes a lock for each line.
//
//bpf:builtin printk
func Printk(format string, args ...any) {
	printk(format, args...)
}
