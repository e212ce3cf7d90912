package main

import "tinybpf/ebpf"

func done(n int) {}

func risky(n int) (err int) {
	defer func() {
		if r := recover(); r != nil {
			err = 1
		}
	}()
	return 10 / n
}

func loop(n int) {
	for i := range n {
		defer done(i)
	}
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	n := int(ctx.IngressIfindex)
	loop(n)
	go done(n)
	defer recover()
	return ebpf.XDPAction(risky(n))
}
