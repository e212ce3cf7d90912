package main

import "tinybpf/ebpf"

type shape interface{ area() int32 }

type square struct{ a int32 }

type circle struct{ r int32 }

func (s square) area() int32  { return s.a * s.a }
func (c *circle) area() int32 { return 3 * c.r }

func pick(n uint32) shape {
	if n > 3 {
		return square{2}
	}
	return &circle{1}
}

func describe(v any) int32 {
	switch v := v.(type) {
	case int32:
		return v
	case shape:
		return v.area()
	}
	return 0
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	s := pick(ctx.IngressIfindex)
	var err error
	if ctx.IngressIfindex > 2 {
		err = failed(1)
	}
	if err != nil {
		return ebpf.XDPDrop
	}
	return ebpf.XDPAction(s.area() + describe(s) + describe(int32(1)))
}

type failed int

func (f failed) Error() string { return "failed" }
