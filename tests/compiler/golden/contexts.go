package main

import "tinybpf/ebpf"

var kept *ebpf.XDP

//bpf:section xdp
func write(ctx *ebpf.XDP) ebpf.XDPAction {
	kept = ctx
	*ctx = ebpf.XDP{}
	c := *ctx
	_ = c
	return ebpf.XDPPass
}

//bpf:section tc
func value(ctx ebpf.SKB) ebpf.TCAction { return ebpf.TCOK }

//bpf:section perf_event
func pair(a, b uint64) int32 { return 0 }

//bpf:section xdp
func method(ctx *ebpf.XDP) (action ebpf.XDPAction, ok bool) { return ebpf.XDPPass, true }

//bpf:section xdp
func text(ctx *ebpf.XDP) string { return "pass" }

//bpf:section xdp
func nocontext() ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section lsm/file_open
func generic(ctx *ebpf.Sysctl) int32 { return 0 }
