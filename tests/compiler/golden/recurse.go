package main

import "tinybpf/ebpf"

type tree struct{ left, right *tree }

func (t *tree) depth() int32 {
	if t == nil {
		return 0
	}
	return 1 + max(t.left.depth(), t.right.depth())
}

func a(n uint32) uint32 { return b(n) }
func b(n uint32) uint32 { return c(n) + 1 }
func c(n uint32) uint32 {
	if n == 0 {
		return 0
	}
	return a(n - 1)
}

func gcd[T uint32 | uint64](x, y T) T {
	if y == 0 {
		return x
	}
	return gcd(y, x%y)
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var t tree
	return ebpf.XDPAction(uint32(t.depth()) + a(3) + gcd(ctx.IngressIfindex, 4))
}
