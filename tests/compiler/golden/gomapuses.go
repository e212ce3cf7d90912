package main

import "tinybpf/ebpf"

type state struct {
	seen map[uint32]bool
}

var table = map[string]int32{"a": 1}

func count(m map[uint32]int32) int { return len(m) }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var s state
	s.seen[1] = true
	clear(s.seen)
	var m map[uint32]int32
	if m == nil {
		m = map[uint32]int32{}
	}
	m[2]++
	for k, v := range m {
		_, _ = k, v
	}
	return ebpf.XDPAction(count(m) + int(table["a"]))
}
