package main

import "unsafe"

type in struct{ a, b uint64 }

// The context of all programs here.
type ctx struct {
	in  in
	out [4]uint64
	n   uint32
	c   uint8
}

//export t_branches
//bpf:section syscall
func branches(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	if c.in.a > 5 {
		c.out[1] = 7
	} else {
		c.out[2] = 7
	}
	switch c.n {
	case 1:
		c.out[0] = 1
	case 2:
		c.out[3] = 2
	}
	return 0
}

func put(p *uint64, v uint64) { *p = v }

//go:noinline
func putCalled(p *uint64, v uint64) { *p = v }

//go:noinline
func whole(c *ctx) uint64 { c.out[3]++; return c.in.a + uint64(c.c) }

//go:noinline
func part(i *in) uint64 { return i.a - i.b }

//export t_fieldinline
//bpf:section syscall
func fieldinline(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	put(&c.out[1], c.in.b)
	return 0
}

//export t_fieldcalled
//bpf:section syscall
func fieldcalled(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	putCalled(&c.out[1], c.in.b)
	return 0
}

//export t_whole
//bpf:section syscall
func wholeProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	c.out[2] = whole(c)
	return 0
}

//export t_part
//bpf:section syscall
func partProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	c.out[2] = part(&c.in)
	return 0
}

//export t_copy
//bpf:section syscall
func copyProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	v := c.in
	v.a++
	c.in = v
	o := c.out
	o[c.n&3] = 5
	c.out = o
	return int32(c.n)
}

//export t_narrow
//bpf:section syscall
func narrowProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	c.c = uint8(c.n) + c.c
	c.n = uint32(c.c) | c.n<<8
	*(*uint32)(unsafe.Pointer(uintptr(p) + 4)) = c.n
	*(*uint32)(unsafe.Add(p, 16)) = c.n
	return 0
}

//export t_loop
//bpf:section syscall
func loopProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	for i := 0; i < 4; i++ {
		c.out[3] += c.in.a
		if c.out[3] > 100 {
			break
		}
	}
	return 0
}

type view struct {
	i   *in
	out *uint64
}

func (v view) run() { *v.out = v.i.a + v.i.b }

//export t_view
//bpf:section syscall
func viewProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	v := view{&c.in, &c.out[2]}
	v.run()
	return 0
}

//export t_panic
//bpf:section syscall
//bpf:onpanic -7
func panicProg(p unsafe.Pointer) int32 {
	c := (*ctx)(p)
	c.out[0] = 1
	c.out[1] = c.in.a / c.in.b
	c.out[2] = 1
	return 5
}
