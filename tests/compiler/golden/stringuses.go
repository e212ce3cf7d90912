package main

import "tinybpf/ebpf"

type event struct{ Name string }

var events = ebpf.RingBuf[event]{MaxEntries: 4096}

var last string

func join(a, b string) string { return a + b }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	n := int(ctx.IngressIfindex)
	var name [16]byte
	s := string(name[:])
	last = s
	b := []byte(s)
	r := []rune(s)
	t := s + "x"
	t += "y"
	if n > 3 {
		t = join(s, t)
	}
	list := make([]int, n)
	var grow []int
	for i := range n {
		grow = append(grow, i)
	}
	return ebpf.XDPAction(len(b) + len(r) + len(t) + list[0] + len(string(rune(n))) + len(grow))
}
