package main

import "tinybpf/ebpf"

type Event struct {
	When uint64 `show:"tim"`
	Name [16]byte `show:"txt"`
	Addr uint32 `show:"ipv4"`
}

type task struct {
	_   ebpf.KernelStruct `bpf:"task struct"`
	Pid int32 `bpf:""`
	Ok  int32 `bpf:"tgid"`
}

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	if e := events.Reserve(); e != nil {
		events.Submit(e)
	}
	var t task
	ebpf.ReadKernel(&t, ebpf.CurrentTask())
	return ebpf.XDPAction(t.Ok)
}
