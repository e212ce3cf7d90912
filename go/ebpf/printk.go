package ebpf

// Printk writes a line to the kernel's trace, which tinybpf run and
// /sys/kernel/tracing/trace_pipe show. The format is a constant, in Go's verbs: %d %x %c of
// integers, %s of a pointer to text that ends with 0, %p, %t and %v; the compiler checks it
// against the arguments. More than three arguments need Linux 5.16. It is for finding faults: the
// kernel takes a lock for each line.
//
//bpf:builtin printk
func Printk(format string, args ...any) {
	printk(format, args...)
}
