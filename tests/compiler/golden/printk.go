package bpf

import "tinybpf/ebpf"

var name [16]byte

func words() []any { return nil }

//bpf:section tracepoint/syscalls/sys_enter_write
func p(ctx ebpf.Context) int32 {
	n, wide := int32(1), uint64(2)
	ebpf.Printk("%d %d\n", n)
	ebpf.Printk("%d\n", n, wide)
	ebpf.Printk("%q\n", n)
	ebpf.Printk("%.2d\n", n)
	ebpf.Printk("%#x\n", n)
	ebpf.Printk("%s\n", n)
	ebpf.Printk("%d\n", name)
	ebpf.Printk("grün\n")
	ebpf.Printk("100%")
	ebpf.Printk("%d\n", 1.5)
	ebpf.Printk("%s%s\n", "text", "a\x00b")
	ebpf.Printk("%d\n", words()...)
	ebpf.Printk("%d%d%d%d%d%d%d%d%d%d%d%d%d\n", n, n, n, n, n, n, n, n, n, n, n, n, n)
	return 0
}
