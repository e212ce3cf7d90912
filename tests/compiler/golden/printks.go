package main

import "tinybpf/ebpf"

type point struct{ x, y int32 }

var format = "%d\n"

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	p := point{1, 2}
	ebpf.Printk("%+v\n", p)
	ebpf.Printk("%v %d\n", p, &p)
	ebpf.Printk("%z\n", 1)
	ebpf.Printk("%f\n", 1)
	ebpf.Printk("%*d\n", 3, 1)
	ebpf.Printk("%[2]d\n", 1, 2)
	ebpf.Printk("%t\n", 1)
	ebpf.Printk("%s\n", ctx)
	ebpf.Printk("%d\n", nil)
	ebpf.Printk("%d\n", []int32{1})
	ebpf.Printk("%d\n", func() {})
	return ebpf.XDPPass
}
