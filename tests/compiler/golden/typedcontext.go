package bpf

import "tinybpf/ebpf"

type Event struct {
	When uint64 `show:"timme"`
}

var events ebpf.PerfEventArray[Event]

var next = ebpf.ProgArray{MaxEntries: 4}

//bpf:section xdp
func number(ctx *ebpf.XDP) ebpf.XDPAction {
	next.TailCall(ctx.IngressIfindex, 0)
	return ebpf.XDPPass
}

//bpf:section xdp
func loop(ctx *ebpf.XDP) ebpf.XDPAction {
	body := func(i uint32) bool { return true }
	if ctx.RxQueueIndex > 0 {
		body = func(i uint32) bool { return false }
	}
	ebpf.Loop(4, body)
	return ebpf.XDPPass
}

//bpf:section xdp
func two(ctx *ebpf.XDP, other uint32) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section xdp
func nothing(ctx *ebpf.XDP) {}

//bpf:section xpd
func unknown(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section xdp

// A comment between.
func apart(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:builtin zeros
func mine(size uintptr) uintptr

//bpf:section tc
func wrong(ctx *ebpf.XDP) ebpf.TCAction { return ebpf.TCOK }

//bpf:section tracepoint/syscalls/sys_exit_read
func exit(ctx *ebpf.SysEnter) int32 { return 0 }
