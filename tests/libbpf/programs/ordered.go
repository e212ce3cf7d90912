// Programs that note the order in which they are called.
package bpf

import "tinybpf/ebpf"

// order has a digit for each call.
var order uint64

func packet(ctx *ebpf.SKB, mark uint64) ebpf.TCAction {
	if ctx.Protocol() == 0x0800 {
		order = order*10 + mark
	}
	return ebpf.TCUnspec
}

//bpf:section tc
func one(ctx *ebpf.SKB) ebpf.TCAction { return packet(ctx, 1) }

//bpf:section tc
func two(ctx *ebpf.SKB) ebpf.TCAction { return packet(ctx, 2) }

//bpf:section tc
func three(ctx *ebpf.SKB) ebpf.TCAction { return packet(ctx, 3) }

func connect(mark uint64) ebpf.Verdict {
	order = order*10 + mark
	return ebpf.Allow
}

//bpf:section cgroup/connect4
func connectOne(ctx *ebpf.SockAddr) ebpf.Verdict { return connect(1) }

//bpf:section cgroup/connect4
func connectTwo(ctx *ebpf.SockAddr) ebpf.Verdict { return connect(2) }

//bpf:section cgroup/connect4
func connectThree(ctx *ebpf.SockAddr) ebpf.Verdict { return connect(3) }

//bpf:section cgroup/skb
func both(ctx *ebpf.SKB) ebpf.Verdict {
	order++
	return ebpf.Allow
}
